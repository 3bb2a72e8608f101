package load

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	socketBuffer = 4 << 20
	datagramSize = 1600 // more than any packet of a browser's
	// toPion bounds what waits for pion: a bot that verifies has all its media
	// in there.
	toPion = 4096
)

// datagram is what came from the network.
type datagram struct {
	b    [datagramSize]byte
	n    int
	from netip.AddrPort
}

var datagrams = sync.Pool{New: func() any { return new(datagram) }}

// socket is a bot's UDP socket under pion's ICE mux. Media is counted right
// here and goes no further, unless the bot verifies it: decrypting everything
// would measure pion. It implements ice.AddrPortReaderWriter.
type socket struct {
	*net.UDPConn
	media   func(b []byte, at int64) (verify bool) // sees each RTP packet
	loss    float64                                // of both directions, on purpose
	send    func([]byte, netip.AddrPort) (int, error)
	fd      int // where the poller took the socket over
	up      chan *datagram
	closing chan struct{}
	once    sync.Once

	lost    atomic.Uint64 // on purpose
	overrun atomic.Uint64 // that pion was too slow for
}

func newSocket(local netip.Addr, loss float64, media func([]byte, int64) bool) (*socket, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	return &socket{
		UDPConn: conn, media: media, loss: loss, send: conn.WriteToUDPAddrPort,
		up: make(chan *datagram, toPion), closing: make(chan struct{}),
	}, nil
}

// receive takes a datagram that came at a Unix time in nanoseconds. It never
// blocks, and does not keep b.
func (s *socket) receive(b []byte, from netip.AddrPort, at int64) {
	if isRTP(b) {
		if s.unlucky() || !s.media(b, at) {
			return
		}
	}
	d := datagrams.Get().(*datagram)
	d.n, d.from = copy(d.b[:], b), from
	select {
	case s.up <- d:
	default:
		datagrams.Put(d)
		s.overrun.Add(1)
	}
}

// isRTP tells media from STUN, DTLS (RFC 7983) and RTCP (RFC 5761, 4).
func isRTP(b []byte) bool {
	return len(b) >= 12 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223)
}

func (s *socket) unlucky() bool {
	if s.loss == 0 || rand.Float64() >= s.loss {
		return false
	}
	s.lost.Add(1)
	return true
}

// ReadFromAddrPort gives pion the next datagram that is not only counted.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-s.up:
		n, from := copy(b, d.b[:d.n]), d.from
		datagrams.Put(d)
		return n, from, nil
	case <-s.closing:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// ReadFrom implements net.PacketConn.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteToAddrPort sends b, unless it is lost on purpose.
func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if isRTP(b) && s.unlucky() {
		return len(b), nil
	}
	return s.send(b, to)
}

// WriteTo implements net.PacketConn.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	return s.WriteToAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

// Close implements net.PacketConn.
func (s *socket) Close() error {
	s.once.Do(func() { close(s.closing) })
	return s.UDPConn.Close()
}

// localAddr is the address of this machine that packets to host leave from.
func localAddr(host string) (netip.Addr, error) {
	conn, err := net.Dial("udp", net.JoinHostPort(host, "9")) // sends nothing
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// pollEvery is how often the sockets are emptied: what has come meanwhile is
// cheap to take together, and the kernel's time stamps say when it came.
const pollEvery = time.Millisecond
