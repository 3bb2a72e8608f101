//go:build netlab

package netlab

import (
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// inside calls f on the machine: a socket that f opens belongs to it for good.
func (h *host) inside(f func() error) error {
	there, err := os.Open(filepath.Join("/run/netns", h.name))
	if err != nil {
		return err
	}
	defer there.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread, which has moved, ends with its goroutine
		if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}
