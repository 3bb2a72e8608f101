//go:build unix

package icetcp

import (
	"errors"
	"net"
	"syscall"
)

// drain takes all that waits in a socket at once.
type drain struct {
	batch
	raw  syscall.RawConn
	take func(fd uintptr) bool // made once: it would be allocated each time
	err  error
}

func newDrain(udp *net.UDPConn) (*drain, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	d := &drain{raw: raw}
	d.take = d.read
	return d, nil
}

// fill waits for a datagram, and takes those that are there by then.
func (d *drain) fill() error {
	d.clear()
	d.err = nil
	if err := d.raw.Read(d.take); err != nil {
		return err
	}
	return d.err
}

// read is called when there is something to read; it is called again when it
// returns false.
func (d *drain) read(fd uintptr) bool {
	for room := d.room(); room != nil; room = d.room() {
		n, err := syscall.Read(int(fd), room)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return d.frames > 0
		case err != nil:
			d.err = err
			return true
		default:
			d.add(n)
		}
	}
	return true
}
