package front

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// peekTimeout is how long a connection may take to say what it is, the TLS
	// handshake included.
	peekTimeout = 10 * time.Second
	// maxPending bounds the connections that have not said what they are, and
	// maxPendingPerSource those of them from one address.
	maxPending          = 4096
	maxPendingPerSource = 128
	// acceptPause is how long a process that has no file descriptor left waits
	// for one.
	acceptPause = 20 * time.Millisecond
)

// The protocols that ALPN tells apart. Chromium sends none for turns:.
const (
	protoHTTP2 = "h2"         // RFC 9113
	protoHTTP1 = "http/1.1"   // RFC 7301
	protoTURN  = "stun.turn"  // RFC 7443
	protoACME  = "acme-tls/1" // RFC 8737
)

// Config says how a Front treats connections. The zero value has no TLS.
type Config struct {
	// TLS is for HTTPS and TURN over TLS; nil refuses both.
	TLS *tls.Config
	// PeekTimeout, MaxPending and MaxPendingPerSource are 10 s, 4096 and 128
	// unless they are set. A source is an IPv4 address, or a /64 of IPv6.
	PeekTimeout         time.Duration
	MaxPending          int
	MaxPendingPerSource int
	// Count, unless nil, is told what became of each connection. Many
	// goroutines call it.
	Count func(Kind)
	// Pending, unless nil, is told by how many the connections that have not said what
	// they are have become more. It must not block.
	Pending func(float64)
	// Crowded, unless nil, is called when one of them gives way to a newer one. It must
	// not block.
	Crowded func()
}

// Front is one TCP port for many protocols.
type Front struct {
	listener net.Listener
	tls      *tls.Config
	timeout  time.Duration
	count    func(Kind)
	pending  *pending

	http, plain, turn, ice *listener

	done    chan struct{} // closed by Close
	mu      sync.Mutex    // guards closed, and that nobody begins after it is set
	closed  bool
	running sync.WaitGroup // Serve, and a goroutine a visitor
}

// New makes a Front that owns l. Nothing is accepted before Serve.
//
// A limit on the connections at once belongs around l: around one of the
// listeners it would hide the *tls.Conn that HTTP/2 needs.
func New(l net.Listener, c Config) *Front {
	f := &Front{
		listener: l,
		tls:      c.TLS,
		timeout:  cmp.Or(c.PeekTimeout, peekTimeout),
		count:    c.Count,
		pending:  newPending(cmp.Or(c.MaxPending, maxPending), cmp.Or(c.MaxPendingPerSource, maxPendingPerSource), c.Pending, c.Crowded),
		done:     make(chan struct{}),
	}
	if f.count == nil {
		f.count = func(Kind) {}
	}
	for _, sub := range []**listener{&f.http, &f.plain, &f.turn, &f.ice} {
		*sub = newListener(l.Addr())
	}
	return f
}

// HTTP returns the listener of HTTPS. Its connections are past the handshake:
// they go to http.Server's Serve, which speaks HTTP/2 on them too.
func (f *Front) HTTP() net.Listener { return f.http.ask() }

// Plain returns the listener of HTTP without TLS.
func (f *Front) Plain() net.Listener { return f.plain.ask() }

// TURN returns the listener of TURN, over TLS and over TCP.
func (f *Front) TURN() net.Listener { return f.turn.ask() }

// ICE returns the listener of ICE over TCP (RFC 6544).
func (f *Front) ICE() net.Listener { return f.ice.ask() }

// Serve accepts connections until Close, and then returns nil. Connections
// that nobody asked for with HTTP, Plain, TURN or ICE are refused.
func (f *Front) Serve() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.running.Add(1)
	f.mu.Unlock()
	defer f.running.Done()
	for {
		conn, err := f.listener.Accept()
		switch {
		case err == nil:
			f.receive(conn)
		case f.isDone():
			return nil
		case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
			// A visitor that sits there holds what a newer one needs.
			f.pending.makeRoom()
			f.pause()
		default:
			return err
		}
	}
}

// Close ends Serve, the listeners, and every connection that was not handed
// on, and waits until all that is over.
func (f *Front) Close() {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.done)
	}
	f.mu.Unlock()
	_ = f.listener.Close()
	for _, sub := range []*listener{f.http, f.plain, f.turn, f.ice} {
		_ = sub.Close()
	}
	f.pending.close()
	f.running.Wait()
}

func (f *Front) isDone() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (f *Front) pause() {
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.done:
	}
}

// receive starts looking at a connection. Serve calls it, so running is not
// zero.
func (f *Front) receive(conn net.Conn) {
	v := &visitor{
		conn:     conn,
		source:   sourceOf(conn.RemoteAddr()),
		deadline: time.Now().Add(f.timeout),
		gone:     make(chan struct{}),
	}
	if !f.pending.admit(v) {
		_ = conn.Close()
		f.count(Refused)
		return
	}
	f.running.Go(func() {
		kind := f.direct(v)
		f.pending.leave(v)
		if !v.handed {
			_ = conn.Close()
		}
		f.count(kind)
	})
}

// direct finds out what v speaks and hands it on.
func (f *Front) direct(v *visitor) Kind {
	if err := v.conn.SetDeadline(v.deadline); err != nil {
		return fault(v, err)
	}
	head, what, err := peek(v.conn)
	if err != nil {
		return fault(v, err)
	}
	again := &rewound{v.conn, head}
	switch what {
	case isTLS:
		if f.tls == nil {
			return Refused
		}
		return f.directTLS(v, tls.Server(again, f.tls))
	case isHTTP:
		return hand(v, f.plain, again, HTTP)
	case isTURN:
		return hand(v, f.turn, again, TURN)
	case isICE:
		return hand(v, f.ice, again, ICE)
	}
	return Malformed
}

// directTLS does the same behind the TLS handshake. RFC 4571 has no place
// there.
func (f *Front) directTLS(v *visitor, conn *tls.Conn) Kind {
	if err := conn.Handshake(); err != nil {
		return fault(v, err)
	}
	switch conn.ConnectionState().NegotiatedProtocol {
	case protoHTTP2, protoHTTP1:
		return hand(v, f.http, conn, HTTPS)
	case protoTURN:
		return hand(v, f.turn, conn, TURN)
	case protoACME: // the handshake was the answer: RFC 8737, 3
		return HTTPS
	}
	head, what, err := peek(conn)
	if err != nil {
		return fault(v, err)
	}
	again := &rewoundTLS{rewound{conn, head}, conn}
	switch what {
	case isHTTP:
		return hand(v, f.http, again, HTTPS)
	case isTURN:
		return hand(v, f.turn, again, TURN)
	}
	return Malformed
}

// hand gives conn, which is v's, to l without its deadline.
func hand(v *visitor, l *listener, conn net.Conn, kind Kind) Kind {
	if err := v.conn.SetDeadline(time.Time{}); err != nil {
		return fault(v, err)
	}
	if !l.hand(v, conn) {
		return Refused
	}
	v.handed = true
	return kind
}

// fault says why v was not understood.
func fault(v *visitor, err error) Kind {
	select {
	case <-v.gone: // what it failed with is that it was closed
		return Refused
	default:
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return Timeout
	}
	return Malformed
}
