//go:build !unix

package icetcp

import "net"

// drain takes one datagram at a time, where there is no cheap way to many.
type drain struct {
	batch
	udp *net.UDPConn
}

func newDrain(udp *net.UDPConn) (*drain, error) { return &drain{udp: udp}, nil }

func (d *drain) fill() error {
	d.clear()
	for d.frames == 0 {
		n, err := d.udp.Read(d.room())
		if err != nil {
			return err
		}
		d.add(n)
	}
	return nil
}
