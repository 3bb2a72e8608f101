package udp

import (
	"net"
	"testing"
	"time"
)

// What the kernel dropped and what can be read is together what was sent.
func TestDropsAreCounted(t *testing.T) {
	t.Parallel()
	c := open(t, "127.0.0.1", Config{})
	if n := c.Drops(); n != 0 {
		t.Fatalf("%d were dropped before any came", n)
	}
	_ = c.PacketConn.(*net.UDPConn).SetReadBuffer(1) // the least that there is
	const sent = 500
	packet := make([]byte, 1000)
	for range sent {
		if _, err := c.WriteToAddrPort(packet, addrOf(c)); err != nil {
			t.Fatal(err)
		}
	}
	dropped := int(c.Drops())
	if dropped == 0 || dropped == sent {
		t.Fatalf("%d of %d were dropped", dropped, sent)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	for i := range sent - dropped {
		if _, _, err := c.ReadFromAddrPort(packet); err != nil {
			t.Fatalf("%d were dropped, but after %d there are no more: %v", dropped, i, err)
		}
	}
	_ = c.Close()
	if n := int(c.Drops()); n != dropped {
		t.Errorf("%d after the socket was closed, %d before", n, dropped)
	}
}

func TestTheKernelsCountComesRound(t *testing.T) {
	t.Parallel()
	var d drops
	for _, step := range []struct {
		count uint32
		known bool
		want  uint64
	}{{5, true, 5}, {0, false, 5}, {1<<32 - 1, true, 1<<32 - 1}, {3, true, 1<<32 + 3}} {
		if got := d.note(step.count, step.known); got != step.want {
			t.Errorf("%+v: %d", step, got)
		}
	}
}
