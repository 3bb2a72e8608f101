package main

import (
	"net"
	"sync"

	"sfu/metrics"
)

// maxConnections bounds what one public listener holds open; the next ones wait in
// the kernel's backlog.
const maxConnections = 16384

// limited are listeners of which each holds so many connections open at most.
func limited(listeners []net.Listener, most int, set *metrics.Set) []net.Listener {
	for i, l := range listeners {
		listeners[i] = limit(l, most, set.Door.Limited[metrics.LimitListener].Inc)
	}
	return listeners
}

// limitListener is what netutil.LimitListener is, but its connections tell of the ones
// below them: ICE over TCP tunes those.
type limitListener struct {
	net.Listener
	places chan struct{}
	full   func()        // called when the next one has to wait
	done   chan struct{} // closed by Close
	once   sync.Once
}

func limit(l net.Listener, most int, full func()) net.Listener {
	return &limitListener{Listener: l, full: full, places: make(chan struct{}, most), done: make(chan struct{})}
}

// Accept waits for a place, and then for a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	default:
		l.full()
		select {
		case l.places <- struct{}{}:
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		l.leave()
		return nil, err
	}
	return &limitedConn{Conn: conn, leave: sync.OnceFunc(l.leave)}, nil
}

func (l *limitListener) leave() { <-l.places }

// Close ends Accept, also where it waits for a place.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// limitedConn has a place.
type limitedConn struct {
	net.Conn
	leave func()
}

// Close gives the place to the next one.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// NetConn returns the connection below, as tls.Conn's does.
func (c *limitedConn) NetConn() net.Conn { return c.Conn }
