package udp

import (
	"net"
	"time"
)

// single makes a Conn over a kernel's socket that does without its means.
func single(conn *net.UDPConn, cfg Config) *Conn {
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	return Over(conn, cfg)
}

// plain sends and receives packet by packet, anywhere.
type plain struct{ conn net.PacketConn }

func (p plain) receive(in *inbox) error {
	s := in.at(0)
	n, from, err := readFrom(p.conn, s.room[:])
	if err != nil {
		return err
	}
	s.length, s.segment, s.from, s.at = n, 0, from, time.Now()
	in.fill(1)
	return nil
}

func (p plain) send(a *arena, r *Result) {
	for i := range a.trains {
		t := &a.trains[i]
		for n := range t.packets {
			_, err := writeTo(p.conn, a.packet(t, n), t.to)
			if err != nil {
				r.Lost++
				continue
			}
			r.sent(1)
		}
	}
}

// dropped knows nothing.
func (plain) dropped() uint64 { return 0 }
