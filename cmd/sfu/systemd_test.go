package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"sfu/metrics"
)

func TestSystemdIsToldHowWeAre(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	told := func() string {
		b := make([]byte, 100)
		_ = socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := socket.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}

	notifyReady()
	if got := told(); got != "READY=1" {
		t.Errorf("%q", got)
	}
	// It is told that a reload has ended even if it came to nothing.
	r := &reloader{
		load:    func() (*options, error) { return nil, errors.New("no settings") },
		program: &program{count: metrics.New()}, log: slog.New(slog.DiscardHandler),
	}
	r.reload()
	if got := told(); !regexp.MustCompile(`^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\n$`).MatchString(got) {
		t.Errorf("%q", got)
	}
	if got := told(); got != "READY=1" {
		t.Errorf("%q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch(ctx, func() bool { return asked.Add(1) > 2 })
	}()
	if got := told(); got != "WATCHDOG=1" || asked.Load() < 3 {
		t.Errorf("%q after %d questions: who hangs must not be fed", got, asked.Load())
	}
	cancel()
	<-done
	notifyStopping()
	for got := told(); got != "STOPPING=1"; got = told() {
		if got != "WATCHDOG=1" {
			t.Fatalf("%q", got)
		}
	}
}
