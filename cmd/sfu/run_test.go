package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// instance is a running server.
type instance struct {
	url string // of the page
	ops string // of the operations listener

	media     []netip.AddrPort
	connected chan logged // what the log says when media is

	log     *journal
	hangups chan os.Signal
	cancel  context.CancelFunc
	ended   chan error
}

// logged is a line of the log.
type logged struct {
	Msg, URL, Path string
	Addresses      []netip.AddrPort
	Remote         netip.AddrPort
}

// loopback is the media address there.
func (in *instance) loopback() string {
	i := slices.IndexFunc(in.media, func(a netip.AddrPort) bool { return a.Addr() == netip.MustParseAddr("127.0.0.1") })
	return in.media[i].String()
}

// launch runs the server on free ports until the test ends.
func launch(t *testing.T, args ...string) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in := &instance{
		log: newJournal(), connected: make(chan logged, 100),
		hangups: make(chan os.Signal), cancel: cancel, ended: make(chan error, 1),
	}
	logs, stderr := io.Pipe()
	args = append([]string{"--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0", "--udp-port=0", "--log-format=json", "--config="}, args...)
	go func() {
		in.ended <- run(ctx, in.hangups, args, io.Discard, stderr)
		_ = stderr.Close()
	}()
	lines := bufio.NewScanner(logs)
	for in.ops == "" {
		if !lines.Scan() {
			t.Fatalf("ended before it served: %v", <-in.ended)
		}
		line := in.read(lines.Bytes())
		switch {
		case strings.HasPrefix(line.Msg, "open the page"):
			in.url = line.URL
		case line.Addresses != nil:
			in.media = line.Addresses
		case line.Msg == "operations":
			in.ops = strings.TrimSuffix(line.URL, "/metrics")
		}
	}
	go in.follow(lines)
	t.Cleanup(func() {
		if err := in.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return in
}

// read takes a line of the log.
func (in *instance) read(text []byte) (line logged) {
	in.log.add(text)
	_ = json.Unmarshal(text, &line) // other lines have other fields of these names
	return line
}

// follow reads the log to its end.
func (in *instance) follow(lines *bufio.Scanner) {
	for lines.Scan() {
		if line := in.read(lines.Bytes()); line.Msg == "media connected" {
			in.connected <- line
		}
	}
}

// stop is what the first signal does. It may be called again.
func (in *instance) stop() error {
	in.cancel()
	err := <-in.ended
	in.ended <- nil
	return err
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestServesThePageAndItsHealth(t *testing.T) {
	t.Parallel()
	in := launch(t)
	for _, tc := range []struct{ url, contains string }{
		{in.url + "/", "<!doctype html>"},
		{in.url + "/livez", "alive"},
		{in.url + "/readyz", "ready"},
		{in.ops + "/livez", "alive"},
		{in.ops + "/readyz", "ready"},
		{in.ops + "/metrics", "\nsfu_rooms 0\n"},
	} {
		status, body := get(t, tc.url)
		if status != http.StatusOK || !strings.Contains(strings.ToLower(body), tc.contains) {
			t.Errorf("%s: %d, %.100q", tc.url, status, body)
		}
	}
}

func TestMetricsAreNotPublic(t *testing.T) {
	t.Parallel()
	in := launch(t)
	if _, body := get(t, in.url+"/metrics"); strings.Contains(body, "sfu_rooms") {
		t.Error("the public listener serves metrics")
	}
	if status, _ := get(t, in.ops+"/"); status != http.StatusNotFound {
		t.Errorf("the operations listener serves a page: %d", status)
	}
}

func TestOnlyOurOwnPageAndAllowedOnesMayConnect(t *testing.T) {
	t.Parallel()
	in := launch(t, "--allow-origin=https://example.org")
	for origin, want := range map[string]int{
		in.url:                http.StatusSwitchingProtocols,
		"https://example.org": http.StatusSwitchingProtocols,
		"https://example.com": http.StatusForbidden,
	} {
		ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", http.Header{"Origin": {origin}})
		if res == nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", origin, res.StatusCode, want)
		}
		if ws != nil {
			_ = ws.Close()
		}
	}
}

// A proxy of ours tells whom it heard from; anybody else may make that up.
func TestTheLogNamesWhoIsBehindOurProxy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ network, want string }{{"127.0.0.0/8", "203.0.113.9"}, {"10.0.0.0/8", "127.0.0.1:"}} {
		in := launch(t, "--behind-proxy="+tc.network, "--log-level=debug")
		_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws",
			http.Header{"Origin": {"https://evil.example"}, "X-Forwarded-For": {"1.2.3.4, 203.0.113.9"}})
		if res == nil {
			t.Fatal(err)
		}
		said := in.log.await(t, 0, func(e entry) bool { return e["msg"] == "socket refused" })
		if got := said[len(said)-1]["remote"]; !strings.HasPrefix(got, tc.want) {
			t.Errorf("with proxies in %s the log says %s, want %s", tc.network, got, tc.want)
		}
	}
}

func TestDrainsAndTellsWhoIsConnected(t *testing.T) {
	t.Parallel()
	in := launch(t)
	member, lurker := dial(t, in), dial(t, in)
	if err := member.WriteJSON(map[string]string{"type": "join_room", "room": "kitchen", "name": "Ana"}); err != nil {
		t.Fatal(err)
	}
	if msg := hear(t, member); msg.Type != "welcome" {
		t.Fatalf("join_room was answered by %+v", msg)
	}

	start := time.Now()
	ended := make(chan error)
	go func() { ended <- in.stop() }()
	for name, ws := range map[string]*websocket.Conn{"member": member, "lurker": lurker} {
		if msg := hear(t, ws); msg.Code != "draining" {
			t.Errorf("the %s was told %+v", name, msg)
		}
		_, _, err := ws.ReadMessage() // answers the close frame
		if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("the %s's socket ended with %v", name, err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > drainTime/2 {
		t.Errorf("stopped after %v", d)
	}
	for _, url := range []string{in.url, in.ops} {
		if c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
			_ = c.Close()
			t.Errorf("%s still listens", url)
		}
	}
}

func TestADrainWaitsForItsRooms(t *testing.T) {
	t.Parallel()
	in := launch(t, "--drain-timeout=1m", "--moved-to=https://b.example.org")
	member := dial(t, in)
	if err := member.WriteJSON(map[string]string{"type": "join_room", "room": "kitchen", "name": "Ana"}); err != nil {
		t.Fatal(err)
	}
	hear(t, member)

	metric(t, in, "sfu_draining 0")
	in.cancel()
	if msg := hear(t, member); msg.Type != "moved" || msg.URL != "https://b.example.org" {
		t.Errorf("the member was told %+v", msg)
	}
	if status, _ := get(t, in.ops+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d", status)
	}
	metric(t, in, "sfu_draining 1", `sfu_ops_requests_total{outcome="ok",route="health"} 1`)
	late := dial(t, in)
	if err := late.WriteJSON(map[string]string{"type": "join_room", "room": "kitchen", "name": "Ben"}); err != nil {
		t.Fatal(err)
	}
	if msg := hear(t, late); msg.Code != "draining" {
		t.Errorf("a newcomer was told %+v", msg)
	}
	if err := member.WriteJSON(map[string]string{"type": "leave"}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := in.stop(); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > drainTime {
		t.Errorf("stopped %v after the last one left", d)
	}
}

func dial(t *testing.T, in *instance) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

type heard struct{ Type, Code, URL string }

func hear(t *testing.T, ws *websocket.Conn) (msg heard) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := ws.ReadJSON(&msg); err != nil {
		t.Error(err)
	}
	return msg
}

func TestSaysWhichFlagCuresATakenPort(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	_, udpPort, _ := net.SplitHostPort(udp.LocalAddr().String())
	for flag, value := range map[string]string{
		"--listen":     tcp.Addr().String(),
		"--ops-listen": tcp.Addr().String(),
		"--udp-port":   udpPort,
	} {
		args := []string{"--config=", "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0", "--udp-port=0", flag + "=" + value}
		err := run(t.Context(), nil, args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), flag) || !strings.Contains(err.Error(), "taken") {
			t.Errorf("%s %s: %v", flag, value, err)
		}
	}
}
