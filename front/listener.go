package front

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// listener gives out the connections of one kind. Nothing waits in it: a
// connection is pending until it is accepted.
type listener struct {
	addr  net.Addr
	conns chan net.Conn
	asked atomic.Bool // whether anybody wants these connections
	done  chan struct{}
	once  sync.Once
}

func newListener(addr net.Addr) *listener {
	return &listener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// ask returns the listener to somebody who will accept from it.
func (l *listener) ask() net.Listener {
	l.asked.Store(true)
	return l
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done: // before a connection that waits, too
		return nil, l.closed()
	default:
	}
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, l.closed()
	}
}

func (l *listener) closed() error {
	return &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
}

// Close ends Accept. Later connections of this kind are refused.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr is the address of the port that all kinds share.
func (l *listener) Addr() net.Addr { return l.addr }

// hand gives conn to who accepts, and reports whether somebody took it before
// v's time was over.
func (l *listener) hand(v *visitor, conn net.Conn) bool {
	if !l.asked.Load() {
		return false
	}
	late := time.NewTimer(time.Until(v.deadline))
	defer late.Stop()
	select {
	case l.conns <- conn:
		return true
	case <-l.done:
	case <-v.gone:
	case <-late.C:
	}
	return false
}
