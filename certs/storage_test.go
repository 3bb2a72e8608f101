package certs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
)

func TestStorageLocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		for _, name := range []string{"a", "b"} {
			if err := s.Lock(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		second := make(chan error, 1)
		go func() { second <- s.Lock(ctx, "a") }()
		synctest.Wait()
		if len(second) > 0 {
			t.Fatal("a lock was had twice")
		}
		if err := s.Unlock(ctx, "a"); err != nil {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Errorf("the lock was given back, and then: %v", err)
		}
		given := make(chan error, 1)
		go func() { given <- s.Lock(ctx, "b") }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v", err)
		}

		s.refuse()
		if err := s.Lock(context.Background(), "c"); err == nil {
			t.Error("a lock was had after the end")
		}
		waited := make(chan struct{})
		go func() {
			s.wait()
			close(waited)
		}()
		_ = s.Unlock(ctx, "a")
		synctest.Wait()
		select {
		case <-waited:
			t.Error("wait did not wait for the last lock")
		default:
		}
		_ = s.Unlock(ctx, "b")
		<-waited
		if err := s.Unlock(ctx, "b"); err == nil {
			t.Error("what is not held was given back")
		}
	})
}

func TestComplaintsReachTheLog(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := complaints(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))).With(zap.String("name", "a.example"))
	log.Info("step")
	for range 100 {
		log.Error("failed", zap.Error(errors.New("no route")))
	}
	log.Warn("odd")
	if got := strings.Count(out.String(), "\n"); got != complaintsPerMinute+1 || strings.Contains(out.String(), "step") {
		t.Errorf("%d lines:\n%s", got, out.String())
	}
	for _, want := range []string{`level=ERROR msg="certificate: failed" error="no route" name=a.example`, `level=WARN msg="certificate: odd"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.String())
		}
	}
}
