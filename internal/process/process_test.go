package process

import (
	"syscall"
	"testing"
	"time"
)

// Not parallel: the signal is the whole process's.
func TestHangups(t *testing.T) {
	hangups := Hangups()
	for range 2 {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		select {
		case <-hangups:
		case <-time.After(10 * time.Second):
			t.Fatal("not heard")
		}
	}
}
