package front

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

var (
	allocate, _ = hex.DecodeString("000300082112a442aabbccddeeff001122334455")
	framed, _   = hex.DecodeString("0014000100002112a442aabbccddeeff001122334455")
)

func TestOnePortCarriesEverything(t *testing.T) {
	t.Parallel()
	server, client := identity(t)
	d := open(t, listen(t), Config{TLS: server}, everything)
	addr := d.listener.Addr().String()
	dial := func() (net.Conn, error) { return net.Dial("tcp", addr) }

	for _, tt := range []struct {
		name, url string
		config    *tls.Config
		want      string
	}{
		{"HTTP/2", "https://localhost/", with(client, protoHTTP2, protoHTTP1), "HTTP/2.0 true"},
		{"HTTP/1.1", "https://localhost/", with(client, protoHTTP1), "HTTP/1.1 true"},
		{"without ALPN", "https://localhost/", client, "HTTP/1.1 true"},
		{"plain", "http://localhost/", client, "HTTP/1.1 false"},
	} {
		got, err := browse(dial, tt.config, tt.url)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q (%v), want %q", tt.name, got, err, tt.want)
		}
	}

	for _, tt := range []struct {
		name   string
		config *tls.Config // nil: no TLS
		first  []byte
		want   string
	}{
		{"TURN over TCP", nil, allocate, "T"},
		{"TURN over TLS", with(client, protoTURN), allocate, "T"},
		{"TURN over TLS without ALPN", client, allocate, "T"},
		{"ICE over TCP", nil, framed, "I"},
	} {
		conn, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		if tt.config != nil {
			conn = tls.Client(conn, tt.config)
		}
		said(t, tt.name, conn, tt.first, tt.want)
	}
	d.close(3, 1, 3, 1, 0, 0, 0)
}

// said sends first and wants to hear it again, after the letter that names who heard it.
func said(t *testing.T, name string, conn net.Conn, first []byte, want string) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // rather than hang when nobody answers
	wrote := make(chan error, 1)
	go func() { // a pipe holds nothing, and who echoes does not read on before it is read
		_, err := conn.Write(first)
		wrote <- err
	}()
	defer func() {
		if err := <-wrote; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	got := make([]byte, len(want)+len(first))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want+string(first) {
		t.Errorf("%s: heard %q (%v), want %s and the first bytes again", name, got, err, want)
	}
}

func TestWebSocketOverTLS(t *testing.T) {
	t.Parallel()
	server, client := identity(t)
	d := open(t, listen(t), Config{TLS: server}, func(d *door) {
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				t.Errorf("upgrade: %v", err)
				return
			}
			defer conn.Close()
			if kind, text, err := conn.ReadMessage(); err == nil {
				_ = conn.WriteMessage(kind, append(text, '!'))
			}
		})}
		l := d.HTTP()
		go func() { _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close() })
	})
	for _, config := range []*tls.Config{client, with(client, protoHTTP1)} {
		dialer := websocket.Dialer{TLSClientConfig: config}
		url := "wss://" + d.listener.Addr().String()
		conn, _, err := dialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, text, err := conn.ReadMessage(); err != nil || string(text) != "hello!" {
			t.Errorf("heard %q (%v)", text, err)
		}
		_ = conn.Close()
	}
	d.close(2, 0, 0, 0, 0, 0, 0)
}

func TestWhatNobodyAskedForIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, client := identity(t)
		l := newPipes()
		d := open(t, l, Config{TLS: server}, func(d *door) {
			if err := d.Plain().Close(); err != nil { // who closed does not listen either
				t.Error(err)
			}
		})
		start := time.Now()
		for _, first := range [][]byte{allocate, framed, []byte("GET / HTTP/1.1\r\n")} {
			refused(t, l.dial("198.51.100.1"), first)
		}
		secure := tls.Client(l.dial("198.51.100.1"), with(client, protoHTTP2))
		if err := secure.Handshake(); err == nil {
			refused(t, secure, []byte("PRI * HTTP/2.0"))
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("refused after %v", waited)
		}
		d.close(0, 0, 0, 0, 4, 0, 0)
	})
}

func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	l := newPipes()
	d := open(t, l, Config{}, everything)
	refused(t, l.dial("198.51.100.1"), []byte("\x16\x03\x01\x02\x00"))
	got, err := browse(func() (net.Conn, error) { return l.dial("198.51.100.1"), nil }, &tls.Config{}, "http://localhost/")
	if err != nil || got != "HTTP/1.1 false" {
		t.Errorf("plain HTTP: %q (%v)", got, err)
	}
	said(t, "TURN", l.dial("198.51.100.1"), allocate, "T")
	said(t, "ICE", l.dial("198.51.100.1"), framed, "I")
	d.close(0, 1, 1, 1, 1, 0, 0)
}

func TestGarbageIsClosed(t *testing.T) {
	t.Parallel()
	server, client := identity(t)
	l := newPipes()
	d := open(t, l, Config{TLS: server}, everything)
	refused(t, l.dial("198.51.100.1"), bytes.Repeat([]byte{0}, headSize))
	refused(t, l.dial("198.51.100.1"), []byte("\x16 is no TLS"))
	_ = l.dial("198.51.100.1").Close() // left without a word
	secure := tls.Client(l.dial("198.51.100.1"), client)
	refused(t, secure, framed) // RFC 4571 has no place in TLS
	acme := tls.Client(l.dial("198.51.100.1"), with(client, protoACME))
	refused(t, acme, nil)
	d.close(1, 0, 0, 0, 0, 0, 4)
}

// refused sends first, and wants the connection to end without a word of
// anybody's.
func refused(t *testing.T, conn net.Conn, first []byte) {
	t.Helper()
	defer conn.Close()
	if len(first) == 0 {
		if err := conn.(*tls.Conn).Handshake(); err != nil {
			t.Errorf("handshake: %v", err)
		}
	} else {
		_, _ = conn.Write(first)
	}
	got, _ := io.ReadAll(conn)
	if bytes.ContainsAny(got, "TI") {
		t.Errorf("%q was answered with %q", first, got)
	}
}

func TestServeReturnsWhatTheListenerFailsWith(t *testing.T) {
	t.Parallel()
	l := newPipes()
	d := open(t, l, Config{}, everything)
	l.errs <- syscall.EBADF
	if err := <-d.serve; err != syscall.EBADF {
		t.Errorf("Serve: %v", err)
	}
	d.serve <- nil
	d.close(0, 0, 0, 0, 0, 0, 0)
	d.Close() // a second time
	if err := d.Serve(); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{Kind(len(Kinds())).String(): true}
	for i, k := range Kinds() {
		if int(k) != i || seen[k.String()] {
			t.Errorf("kind %d is %q", i, k)
		}
		seen[k.String()] = true
	}
}
