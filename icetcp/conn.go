package icetcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"sfu/metrics"
)

const (
	openWithin  = 10 * time.Second // for the first frame, and for the engine's answer to it
	idleAfter   = 30 * time.Second // without a frame: ICE says something every few seconds
	writeWithin = 10 * time.Second // for one batch; who reads slower than that sees nothing anyway

	// maxWaiting is what waits for TCP to take more; what comes beyond is lost, as in
	// a router. The kernel counts what a packet occupies there, twice its length, and
	// doubles what it is asked for: it is about as much of media. A link of 1 Mbit/s
	// that is offered twice that is 0.65 s behind at most; with 128 KiB 1.1 s, and
	// without maxUnsent 2 s.
	maxWaiting = 64 << 10
	// maxUnsent is what the kernel takes of TCP before the network does: what it has
	// cannot be dropped any more, and is late.
	maxUnsent = 16 << 10
)

// limits are the times above; tests have less of them.
type limits struct{ open, idle, write time.Duration }

// conn carries one TCP connection. Its two goroutines, up and down, each own one
// direction.
type conn struct {
	server *Server
	tcp    net.Conn
	from   netip.Prefix
	local  netip.AddrPort // of udp, once it is there; run's

	mu     sync.Mutex // guards the fields below
	closed bool
	udp    *net.UDPConn // nil until the first frame is there
}

// run carries until either end closes, or breaks the rules; it says which.
func (c *conn) run() error {
	defer c.close()
	tune(c.tcp)
	_ = c.tcp.SetReadDeadline(time.Now().Add(c.server.limits.open))
	in := newFrames(c.tcp)
	first, err := in.next()
	if err == nil && !opens(first) {
		err = errNotICE
	}
	if err != nil {
		c.server.count.ICETCPAsked[metrics.Refused].Inc()
		return err
	}
	if err := c.dial(); err != nil {
		return err
	}
	c.server.count.ICETCPAsked[metrics.Accepted].Inc()
	if _, err := c.udp.Write(first); err != nil {
		return fmt.Errorf("to the engine: %w", err)
	}
	c.server.passed(metrics.In, 1, len(first))
	_ = c.udp.SetReadDeadline(time.Now().Add(c.server.limits.open))
	down := make(chan error)
	go func() {
		err := c.down()
		c.close()
		down <- err
	}()
	err = c.up(in)
	c.close()
	if other := <-down; errors.Is(err, net.ErrClosed) {
		err = other // which was first
	}
	return err
}

// dial opens the socket that stands for this connection on loopback.
func (c *conn) dial() error {
	udp, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.server.cfg.Media))
	if err != nil {
		return fmt.Errorf("socket on loopback: %w", err)
	}
	_ = udp.SetReadBuffer(maxWaiting)
	if !c.hold(udp) {
		_ = udp.Close()
		return net.ErrClosed
	}
	c.local = unmapped(udp.LocalAddr().(*net.UDPAddr).AddrPort())
	c.server.name(c.local, c.tcp.RemoteAddr())
	return nil
}

// hold makes close close udp too, unless it is too late for that.
func (c *conn) hold(udp *net.UDPConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.udp = udp
	}
	return !c.closed
}

// up carries what the peer sends to the engine.
func (c *conn) up(in *frames) error {
	for {
		_ = c.tcp.SetReadDeadline(time.Now().Add(c.server.limits.idle))
		frame, err := in.next()
		if err != nil {
			return err
		}
		if !carries(frame) {
			c.server.count.ICETCPDropped[metrics.FrameStrange].Inc()
			continue
		}
		if _, err := c.udp.Write(frame); err != nil {
			return fmt.Errorf("to the engine: %w", err)
		}
		c.server.passed(metrics.In, 1, len(frame))
	}
}

// down carries what the engine sends to the peer: all that waits, in one write.
func (c *conn) down() error {
	d, err := newDrain(c.udp)
	if err != nil {
		return err
	}
	for {
		if err := d.fill(); err != nil {
			return fmt.Errorf("from the engine: %w", err)
		}
		now := time.Now()
		_ = c.tcp.SetWriteDeadline(now.Add(c.server.limits.write))
		_ = c.udp.SetReadDeadline(now.Add(c.server.limits.idle))
		if _, err := c.tcp.Write(d.bytes()); err != nil {
			return err
		}
		c.server.passed(metrics.Out, d.frames, len(d.bytes())-d.frames*lengthBytes)
	}
}

// close ends both directions.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	_ = c.tcp.Close()
	if c.udp != nil {
		_ = c.udp.Close()
	}
}
