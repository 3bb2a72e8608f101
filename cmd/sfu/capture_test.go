package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling/wire"
)

// A capture takes longer than other requests may, and its end is told.
func TestACaptureOutlivesTheServersDeadlines(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	count := metrics.New()
	engine, err := sfu.New(sfu.Config{Captures: true}, count, log)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	id := make(chan string, 1)
	if _, err := engine.Join(&wire.JoinRoom{Room: "r", Name: "ana"}, func(m wire.Server) {
		if w, ok := m.(*wire.Welcome); ok {
			id <- w.Participant.ID
		}
	}); err != nil {
		t.Fatal(err)
	}
	server := httpServer(opsRoutes(newOpsDoor(&count.Door, log), http.NotFoundHandler(), engine, &health{}), log)
	server.ReadTimeout, server.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()

	began := time.Now()
	res, err := http.Post("http://"+listener.Addr().String()+"/api/v1/rooms/r/participants/"+<-id+"/capture", "", strings.NewReader(`{"seconds": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if took := time.Since(began); err != nil || took < time.Second || len(body) != 24 {
		t.Errorf("after %v of a second: %d bytes, %v", took, len(body), err)
	}
	if res.Header.Get("Content-Type") != "application/vnd.tcpdump.pcap" || res.Trailer.Get("Sfu-Capture-Missed") != "0" {
		t.Errorf("%v, %v", res.Header, res.Trailer)
	}
}
