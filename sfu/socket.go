package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"

	"sfu/metrics"
	"sfu/sfu/part"
	"sfu/sfu/udp"
)

// ports are the media sockets: the same port on every address of the machine.
type ports struct {
	mux     ice.UDPMux
	conns   []*udp.Conn
	addrs   []netip.AddrPort // of each
	turn    []net.PacketConn // of each, what is TURN's of it
	network transport.Net
	inlets  inlets
}

// openPorts opens the media port on loopback and on every interface address.
// One socket an address, so that an answer leaves from where the question
// came to, which ICE insists on (RFC 8445, 7.2.5.2.1).
func openPorts(cfg Config, count *metrics.Set, log *slog.Logger) (*ports, error) {
	p := &ports{network: cfg.Net, inlets: inlets{by: make(map[netip.AddrPort]*inlet)}}
	if p.network == nil {
		var err error
		if p.network, err = stdnet.NewNet(); err != nil {
			return nil, fmt.Errorf("network interfaces: %w", err)
		}
	}
	addrs, err := interfaceAddrs(p.network)
	if err != nil {
		return nil, fmt.Errorf("network interfaces: %w", err)
	}
	var muxes []ice.UDPMux
	for _, addr := range addrs {
		conn, err := p.listen(cfg, count, netip.AddrPortFrom(addr, uint16(cfg.UDPPort)))
		if errors.Is(err, syscall.EADDRINUSE) {
			for _, m := range muxes {
				_ = m.Close()
			}
			return nil, fmt.Errorf("UDP port %d is taken by another program: %w", cfg.UDPPort, err)
		}
		if err != nil { // an address that is not ready yet must not stop the others
			log.Warn("media address left out", "address", addr, "error", err)
			continue
		}
		if warning := conn.Warning(); warning != "" && len(muxes) == 0 { // it is the same for all
			log.Warn(warning)
		}
		part.Media.Within(part.None, func() { // its reader does all that is done to a packet before a loop has it
			muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{
				UDPConn: conn, Net: p.network, Logger: pionLogs{log}.NewLogger("mux"),
			}))
		})
		p.conns = append(p.conns, conn)
		p.addrs = append(p.addrs, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	if len(muxes) == 0 {
		return nil, fmt.Errorf("no address to receive media on (of %v)", addrs)
	}
	p.mux = ice.NewMultiUDPMuxDefault(muxes...)
	return p, nil
}

// listen opens one socket, the kernel's where the network is the machine's own.
func (p *ports) listen(cfg Config, count *metrics.Set, addr netip.AddrPort) (*udp.Conn, error) {
	r := &receiver{inlets: &p.inlets}
	if cfg.TURN {
		r.turn = newTURNConn(count)
	}
	conn, err := p.bind(cfg, addr, udp.Config{Media: r.take, Rest: r.rest, PacketByPacket: cfg.PacketByPacket})
	if err == nil && cfg.TURN {
		r.turn.conn = conn
		p.turn = append(p.turn, r.turn)
	}
	return conn, err
}

func (p *ports) bind(cfg Config, addr netip.AddrPort, how udp.Config) (*udp.Conn, error) {
	if cfg.Net == nil {
		return udp.Listen(addr, how)
	}
	conn, err := p.network.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return udp.Over(conn, how), nil
}

// drops returns how many datagrams the kernel has dropped because a socket was full.
func (p *ports) drops() (n uint64) {
	for _, c := range p.conns {
		n += c.Drops()
	}
	return n
}

func (p *ports) close() error {
	for _, c := range p.turn {
		_ = c.Close()
	}
	return p.mux.Close()
}

// at returns the index of the socket on an address, or -1. ICE has no other addresses of
// ours: those of a NAT in front of us are in our descriptions alone.
func (p *ports) at(local netip.Addr) int {
	for i, addr := range p.addrs {
		if addr.Addr() == local.Unmap() {
			return i
		}
	}
	return -1
}

// interfaceAddrs lists every address media may use. Link-local ones need a
// zone, which a candidate cannot carry.
func interfaceAddrs(network transport.Net) ([]netip.Addr, error) {
	interfaces, err := network.Interfaces()
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, ifc := range interfaces {
		if ifc.Flags&net.FlagUp == 0 {
			continue
		}
		list, err := ifc.Addrs()
		if err != nil {
			continue // transport.ErrNoAddressAssigned: nothing to offer
		}
		for _, a := range list {
			ipnet, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, ok := netip.AddrFromSlice(ipnet.IP)
			if ip = ip.Unmap(); ok && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() {
				addrs = append(addrs, ip)
			}
		}
	}
	return addrs, nil
}
