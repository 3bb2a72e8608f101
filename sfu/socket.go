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
)

// socketBuffer is asked of the kernel for each direction: a keyframe to fifty
// subscribers leaves at once.
const socketBuffer = 4 << 20

// openMux opens the media port on loopback and on every interface address.
// One socket an address, so that an answer leaves from where the question
// came to, which ICE insists on (RFC 8445, 7.2.5.2.1).
func openMux(cfg Config, log *slog.Logger) (ice.UDPMux, []netip.AddrPort, error) {
	network := cfg.Net
	if network == nil {
		var err error
		if network, err = stdnet.NewNet(); err != nil {
			return nil, nil, fmt.Errorf("network interfaces: %w", err)
		}
	}
	addrs, err := interfaceAddrs(network)
	if err != nil {
		return nil, nil, fmt.Errorf("network interfaces: %w", err)
	}
	var muxes []ice.UDPMux
	var bound []netip.AddrPort
	closeAll := func() {
		for _, m := range muxes {
			_ = m.Close()
		}
	}
	for _, addr := range addrs {
		conn, err := network.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, uint16(cfg.UDPPort))))
		if errors.Is(err, syscall.EADDRINUSE) {
			closeAll()
			return nil, nil, fmt.Errorf("UDP port %d is taken by another program: %w", cfg.UDPPort, err)
		}
		if err != nil { // an address that is not ready yet must not stop the others
			log.Warn("media address left out", "address", addr, "error", err)
			continue
		}
		_ = conn.SetReadBuffer(socketBuffer)
		_ = conn.SetWriteBuffer(socketBuffer)
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{
			UDPConn: conn, Net: network, Logger: pionLogs{log}.NewLogger("mux"),
		}))
		bound = append(bound, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	if len(muxes) == 0 {
		return nil, nil, fmt.Errorf("no address to receive media on (of %v)", addrs)
	}
	return ice.NewMultiUDPMuxDefault(muxes...), bound, nil
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
