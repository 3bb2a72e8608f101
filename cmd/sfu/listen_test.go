package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLocalhostIsBothLoopbackAddresses(t *testing.T) {
	t.Parallel()
	want := []string{"127.0.0.1"}
	if probe, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = probe.Close()
		want = append(want, "::1")
	}
	listeners, err := listen("--listen", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(listeners)
	if len(listeners) != len(want) {
		t.Fatalf("%d listeners, want %v", len(listeners), want)
	}
	port := listeners[0].Addr().(*net.TCPAddr).Port
	for i, l := range listeners {
		addr := l.Addr().(*net.TCPAddr)
		if addr.IP.String() != want[i] || addr.Port != port {
			t.Errorf("listener %d on %v, want %s port %d", i, addr, want[i], port)
		}
	}
}

func TestAnAddressThatIsNone(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"", "8080", "localhost", "localhost:no such port"} {
		if l, err := listen("--listen", addr); err == nil {
			closeAll(l)
			t.Errorf("%q was accepted", addr)
		}
	}
}

func TestReadinessEndsWithTheDrainAndLivenessDoesNot(t *testing.T) {
	t.Parallel()
	var h health
	mux := http.NewServeMux()
	h.routes(mux)
	status := func(path string) int {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		return rec.Code
	}
	if live, ready := status("/livez"), status("/readyz"); live != 200 || ready != 200 {
		t.Errorf("serving: livez %d, readyz %d", live, ready)
	}
	h.draining.Store(true)
	if live, ready := status("/livez"), status("/readyz"); live != 200 || ready != 503 {
		t.Errorf("draining: livez %d, readyz %d", live, ready)
	}
}
