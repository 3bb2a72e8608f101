package relay

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sfu/metrics"
)

const (
	// greetTimeout is how long a connection may be without a relay.
	greetTimeout = 30 * time.Second
	// idleTimeout is how long one with a relay may send nothing: by then it
	// should have refreshed it (RFC 8656, 3.2).
	idleTimeout = 11 * time.Minute
	// writeTimeout is how long a packet waits for a client that reads none. Media
	// that is older is of no use.
	writeTimeout = 5 * time.Second
	// maxMessage bounds one message of a client: a packet of media and its header.
	maxMessage = 1600
)

// path is where a stream goes from and to, as pion names it in events.
type path struct{ client, server netip.AddrPort }

func pathOf(client, server net.Addr) (path, bool) {
	c, ok := client.(*net.TCPAddr)
	s, too := server.(*net.TCPAddr)
	if !ok || !too {
		return path{}, false
	}
	return path{c.AddrPort(), s.AddrPort()}, true
}

// stream is a TCP or TLS connection that pion reads messages from, each whole.
// pion's own reading grows with every piece that a message comes in.
type stream struct {
	net.Conn
	server    *Server
	path      path
	kind      metrics.Path
	in        *bufio.Reader // the reader's
	allocated atomic.Bool
	closed    sync.Once
}

// Read returns one message.
func (st *stream) Read(b []byte) (int, error) {
	if st.allocated.Load() {
		st.expect(idleTimeout)
	}
	head, err := st.in.Peek(messageHead)
	if err != nil {
		return 0, err
	}
	n, err := messageLength(head)
	if err == nil && n > len(b) {
		err = errMessage
	}
	if err != nil {
		return 0, err
	}
	return io.ReadFull(st.in, b[:n])
}

// Write sends one message. A client that does not read loses its connection: what
// was sent of a message cannot be taken back.
func (st *stream) Write(b []byte) (int, error) {
	_ = st.SetWriteDeadline(time.Now().Add(writeTimeout))
	n, err := st.Conn.Write(b)
	if err != nil {
		_ = st.Conn.Close()
	}
	return n, err
}

// expect gives the client some time to send the next message.
func (st *stream) expect(within time.Duration) { _ = st.SetReadDeadline(time.Now().Add(within)) }

// Close is called by pion when it has read for the last time.
func (st *stream) Close() error {
	err := st.Conn.Close()
	st.closed.Do(func() {
		st.server.mu.Lock()
		delete(st.server.streams, st.path)
		st.server.mu.Unlock()
		st.server.running.Done()
	})
	return err
}

const messageHead = 4

var errMessage = errors.New("neither a STUN message nor ChannelData, or longer than allowed")

// messageLength returns the length of a message on a stream, with the padding
// that ChannelData has there, by its first bytes (RFC 8656, 12.5).
func messageLength(head []byte) (int, error) {
	length := int(head[2])<<8 | int(head[3])
	switch head[0] >> 6 {
	case 0:
		length += 20 // STUN's header (RFC 8489, 5)
	case 1:
		length = messageHead + (length+3)&^3
	default:
		return 0, errMessage
	}
	if length > maxMessage {
		return 0, errMessage
	}
	return length, nil
}

// accepting is a listener whose connections are streams.
type accepting struct {
	net.Listener
	server *Server
	ended  func()
}

func (s *Server) accepting(l net.Listener) net.Listener {
	s.running.Add(1)
	return &accepting{Listener: l, server: s, ended: sync.OnceFunc(s.running.Done)}
}

// Accept returns the next connection that there is room for.
func (a *accepting) Accept() (net.Conn, error) {
	for {
		conn, err := a.Listener.Accept()
		if err != nil {
			a.ended()
			return nil, err
		}
		st, ok := a.server.admit(conn)
		if ok {
			return st, nil
		}
		_ = conn.Close()
	}
}

// admit makes a stream of a connection if there is room for one.
func (s *Server) admit(conn net.Conn) (*stream, bool) {
	p, ok := pathOf(conn.RemoteAddr(), conn.LocalAddr())
	st := &stream{Conn: conn, server: s, path: p, kind: metrics.PathTURNTCP, in: bufio.NewReaderSize(conn, maxMessage)}
	if _, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok { // of a *tls.Conn, or of one around it
		st.kind = metrics.PathTURNTLS
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok || s.closing || s.streams[p] != nil || len(s.streams) >= maxConnections {
		s.refuse(metrics.TURNConnections)
		return nil, false
	}
	st.expect(greetTimeout)
	s.streams[p] = st
	s.running.Add(1)
	return st, true
}

// reading is a socket of clients whose reader is waited for.
type reading struct {
	net.PacketConn
	ended func()
}

func (s *Server) reading(c net.PacketConn) net.PacketConn {
	s.running.Add(1)
	return &reading{PacketConn: c, ended: sync.OnceFunc(s.running.Done)}
}

// ReadFrom returns the next message.
func (r *reading) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := r.PacketConn.ReadFrom(b)
	if err != nil {
		r.ended()
	}
	return n, from, err
}
