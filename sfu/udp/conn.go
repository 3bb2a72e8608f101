package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Config is what a Conn does with what it receives.
type Config struct {
	// Media is offered every datagram before pion, on the reading goroutine,
	// with the time of its arrival; it says whether it took it. It must not
	// block and not keep b. From is not proved to be whose address it is.
	Media func(b []byte, from netip.AddrPort, at time.Time) bool
	// Rest is called when all that was received at once has been handed out.
	Rest func()
	// PacketByPacket leaves out the kernel's means to pass many packets at once.
	PacketByPacket bool
}

// Conn is one UDP socket. It is a net.PacketConn that reads and writes
// netip.AddrPort without allocation, as ice.AddrPortReaderWriter asks for.
type Conn struct {
	net.PacketConn // addresses, deadlines, Close, and what is written packet by packet

	cfg     Config
	socket  socket
	in      inbox // the reader's
	warning string
}

// socket is how datagrams pass in numbers: by the kernel's means, or one by one.
type socket interface {
	// receive blocks until there is something to put into the empty inbox.
	receive(in *inbox) error
	// send sends the trains of a and adds to r what became of them.
	send(a *arena, r *Result)
	// dropped returns how many datagrams were dropped for want of room.
	dropped() uint64
}

// Listen opens a socket on local.
func Listen(local netip.AddrPort, cfg Config) (*Conn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, err
	}
	if cfg.PacketByPacket {
		return single(conn, cfg), nil
	}
	c, err := listen(conn, cfg)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("media socket %s: %w", local, err)
	}
	return c, nil
}

// Over makes a Conn that reads and writes conn packet by packet: what there is
// no kernel under, or no Linux.
func Over(conn net.PacketConn, cfg Config) *Conn {
	return &Conn{PacketConn: conn, cfg: cfg, socket: plain{conn}}
}

// Warning says what the operator should change for a socket that holds less
// than it should; it is empty when nothing is wrong.
func (c *Conn) Warning() string { return c.warning }

// Drops returns how many datagrams the kernel has dropped because nobody took them
// soon enough, as far as can be known: on Linux. Any goroutine may ask, also after Close.
func (c *Conn) Drops() uint64 { return c.socket.dropped() }

// ReadFromAddrPort reads the next datagram that is not taken as media. One
// goroutine may read at a time. A datagram that b is too short for is dropped.
func (c *Conn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		d, ok := c.in.next()
		if !ok {
			if c.cfg.Rest != nil {
				c.cfg.Rest()
			}
			if err := c.socket.receive(&c.in); err != nil {
				return 0, netip.AddrPort{}, err
			}
			continue
		}
		if c.cfg.Media != nil && c.cfg.Media(d.data, d.from, d.at) {
			continue
		}
		if len(d.data) > len(b) {
			continue
		}
		return copy(b, d.data), d.from, nil
	}
}

// ReadFrom is ReadFromAddrPort for callers that know net.Addr alone.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteToAddrPort sends one packet at once.
func (c *Conn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return writeTo(c.PacketConn, b, to)
}

var errNoAddress = errors.New("source is not a UDP address")

// writeTo sends one packet, without allocation where conn allows for it.
func writeTo(conn net.PacketConn, b []byte, to netip.AddrPort) (int, error) {
	if direct, ok := conn.(*net.UDPConn); ok {
		return direct.WriteToUDPAddrPort(b, to)
	}
	return conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

// readFrom receives one packet, likewise.
func readFrom(conn net.PacketConn, b []byte) (int, netip.AddrPort, error) {
	if direct, ok := conn.(*net.UDPConn); ok {
		return direct.ReadFromUDPAddrPort(b)
	}
	n, addr, err := conn.ReadFrom(b)
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	from, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, netip.AddrPort{}, errNoAddress
	}
	return n, from.AddrPort(), nil
}
