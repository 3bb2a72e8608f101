package e2e

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// doorstep is the HTTP server's listener. Its connections are in memory, so
// that WebSockets live in virtual time too.
type doorstep struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newDoorstep() *doorstep {
	return &doorstep{arriving: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (d *doorstep) Accept() (net.Conn, error) {
	select {
	case c := <-d.arriving:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *doorstep) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr implements net.Listener.
func (d *doorstep) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 8080} }

// dial connects to the HTTP server as the client from.
func (d *doorstep) dial(ctx context.Context, from net.Addr) (*wireline, error) {
	client, server := net.Pipe()
	select {
	case d.arriving <- remote{server, from}:
		return &wireline{Conn: client}, nil
	case <-d.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// remote is a pipe that knows who is at its other end.
type remote struct {
	net.Conn
	addr net.Addr
}

// RemoteAddr implements net.Conn.
func (r remote) RemoteAddr() net.Addr { return r.addr }

// wireline is the client's end of a TCP connection. Once dead it behaves as if
// the cable was pulled: nothing arrives, writes go nowhere, and nobody is told.
type wireline struct {
	net.Conn
	dead atomic.Bool
}

// Read implements net.Conn.
func (w *wireline) Read(b []byte) (int, error) {
	for {
		n, err := w.Conn.Read(b)
		if err != nil || !w.dead.Load() {
			return n, err
		}
	}
}

// Write implements net.Conn.
func (w *wireline) Write(b []byte) (int, error) {
	if w.dead.Load() {
		return len(b), nil
	}
	return w.Conn.Write(b)
}
