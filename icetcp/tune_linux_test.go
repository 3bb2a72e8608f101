package icetcp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The bound of what waits in the kernel reaches a connection that is wrapped.
func TestTuneReachesTheSocket(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	c := d.dial()
	tune(wrapped{wrapped{c}})
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
		if err != nil || n != maxUnsent {
			t.Errorf("%d, %v", n, err)
		}
	})
}
