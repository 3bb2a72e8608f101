package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func secure(t *testing.T, more ...string) *instance {
	t.Helper()
	return launch(t, append([]string{"--tls=self-signed", "--state-dir=" + t.TempDir(), "--http-listen=127.0.0.1:0"}, more...)...)
}

// Pages come by HTTP/2, which WebSockets of browsers do not use.
func TestOnePortSpeaksBothHTTPs(t *testing.T) {
	t.Parallel()
	in := secure(t)
	anyone := &tls.Config{InsecureSkipVerify: true}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: anyone, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	res, err := client.Get(in.url + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.ProtoMajor != 2 || res.TLS.NegotiatedProtocol != "h2" {
		t.Errorf("%s after %q was agreed", res.Proto, res.TLS.NegotiatedProtocol)
	}
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	ws, res, err := dialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.Close()
	if res.TLS != nil && res.TLS.NegotiatedProtocol != "http/1.1" {
		t.Errorf("a WebSocket after %q was agreed", res.TLS.NegotiatedProtocol)
	}
}

// Who asks for a relay where there is none is sent away at once.
func TestWithoutARelayTURNIsRefused(t *testing.T) {
	t.Parallel()
	in := secure(t, "--no-turn")
	conn, err := net.Dial("tcp", strings.TrimPrefix(in.url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	allocate := append([]byte{0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...) // RFC 8656, 6.1
	if _, err := conn.Write(allocate); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil || n > 0 || isTimeout(err) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, body := get(t, in.ops+"/metrics"); !strings.Contains(body, `sfu_front_connections_total{kind="refused"} 1`) {
		t.Error("it is not counted")
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// The server ends in the middle of everything, and leaves nothing behind. It is not
// parallel: it counts the goroutines of the whole process.
func TestNothingRunsAfterTheEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	in := secure(t)
	door := strings.TrimPrefix(in.url, "https://")
	visitors := everyWay(t, in)
	silent, err := net.Dial("tcp", door)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := in.stop(); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > drainTime/2 {
		t.Errorf("stopped after %v", d)
	}
	for end := time.Now().Add(2 * time.Second); running() != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("while clients still hold on:\n%s", running())
		}
	}
	_ = silent.Close()
	for _, v := range visitors {
		v.leave()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, strings.Join(goroutines(), "\n\n"))
		}
	}
}

func goroutines() []string {
	stacks := make([]byte, 4<<20)
	return strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n")
}

// running returns the first goroutine that is the server's: clients have some of pion's.
func running() string {
	for _, g := range goroutines() {
		for _, of := range []string{"sfu/front.", "sfu/icetcp.", "sfu/relay.", "sfu/certs.", "sfu/address.", "sfu/signaling.", "sfu/sfu.", "turn/v5.(*Server)", "turn/v5/internal/allocation."} {
			if strings.Contains(g, "\n"+of) || strings.Contains(g, "/"+of) {
				return g
			}
		}
	}
	return ""
}
