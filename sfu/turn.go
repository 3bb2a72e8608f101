package sfu

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"sfu/metrics"
	"sfu/sfu/udp"
)

// maxQueuedTURN is how many messages wait on one media socket for the TURN server.
const maxQueuedTURN = 256

// turnConn is what is TURN's of one media socket. Who shares a socket with media
// may not hold it up, so what comes is queued; what leaves, leaves at once.
type turnConn struct {
	conn   *udp.Conn // set before it is read
	count  *metrics.Set
	queue  chan turnMessage
	closed chan struct{}
	once   sync.Once
}

type turnMessage struct {
	data []byte
	from netip.AddrPort
}

func newTURNConn(count *metrics.Set) *turnConn {
	return &turnConn{count: count, queue: make(chan turnMessage, maxQueuedTURN), closed: make(chan struct{})}
}

// take takes a datagram if it is TURN's. Without a TURN server nothing is.
func (c *turnConn) take(b []byte, from netip.AddrPort) bool {
	if c == nil || !isTURN(b) {
		return false
	}
	select {
	case c.queue <- turnMessage{bytes.Clone(b), from}:
	default:
		c.count.TURNRefused[metrics.TURNOverload].Inc()
		c.count.Door.Limited[metrics.LimitTURN].Inc()
	}
	return true
}

// ReadFrom returns the next message.
func (c *turnConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case m := <-c.queue:
		return copy(b, m.data), net.UDPAddrFromAddrPort(m.from), nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends a message from the address that those of ReadFrom came to.
func (c *turnConn) WriteTo(b []byte, to net.Addr) (int, error) { return c.conn.WriteTo(b, to) }

// Close ends reading. The media socket stays open.
func (c *turnConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// LocalAddr returns the media socket's address.
func (c *turnConn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// SetDeadline is refused, as are the other two: the deadlines are media's.
func (c *turnConn) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is refused.
func (c *turnConn) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is refused.
func (c *turnConn) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// Of STUN messages (RFC 8489, 5) and of TURN's methods (RFC 8656, 17).
const (
	stunHeader   = 20
	stunCookie   = 0x2112A442
	stunUsername = 0x0006

	methodBinding          = 0x001
	methodAllocate         = 0x003
	methodRefresh          = 0x004
	methodSend             = 0x006
	methodData             = 0x007
	methodCreatePermission = 0x008
	methodChannelBind      = 0x009
)

// isTURN tells TURN's datagrams from ICE's: by their method, and ChannelData by
// its first byte (RFC 7983, 7). Channels above 0x4fff are not given any more (RFC 8656,
// 12), but clients of RFC 5766 take them, and nothing else begins so. A Binding request is a check of
// ICE's if it names a user (RFC 8445, 7.2.2), and else a plain question for one's own
// address, which the TURN server answers. Binding indications and responses are ICE's.
func isTURN(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>6 == 1 {
		return 4+length <= len(b)
	}
	if b[0]>>6 != 0 || len(b) < stunHeader || binary.BigEndian.Uint32(b[4:]) != stunCookie || stunHeader+length != len(b) {
		return false
	}
	kind := binary.BigEndian.Uint16(b)
	switch kind&0x000f | kind>>1&0x0070 | kind>>2&0x0f80 { // the class lies between
	case methodAllocate, methodRefresh, methodSend, methodData, methodCreatePermission, methodChannelBind:
		return true
	case methodBinding:
		return kind&0x0110 == 0 && !hasAttribute(b[stunHeader:], stunUsername)
	}
	return false
}

// hasAttribute reports whether there is an attribute of a type among them.
func hasAttribute(attributes []byte, want uint16) bool {
	for len(attributes) >= 4 {
		if binary.BigEndian.Uint16(attributes) == want {
			return true
		}
		padded := (int(binary.BigEndian.Uint16(attributes[2:])) + 3) &^ 3
		attributes = attributes[min(len(attributes), 4+padded):]
	}
	return false
}
