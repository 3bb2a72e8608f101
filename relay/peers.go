package relay

import (
	"net"
	"net/netip"

	"sfu/metrics"
)

// permitted reports whether a relay may have anything to do with an address. It
// is the address of a media socket, letter for letter: one of IPv4 in the clothes of
// IPv6 is none.
func permitted(ip netip.Addr, peers []netip.AddrPort, loopback bool) bool {
	if ip.IsLoopback() && !loopback || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range peers {
		if p.Addr().Unmap() == ip {
			return true
		}
	}
	return false
}

// reachable reports the same of an address and port.
func reachable(to netip.AddrPort, peers []netip.AddrPort, loopback bool) bool {
	for _, p := range peers {
		if p.Port() == to.Port() && p.Addr().Unmap() == to.Addr() {
			return permitted(to.Addr(), peers, loopback)
		}
	}
	return false
}

// permit is pion's question whether a client may have a permission, or a channel,
// for an address.
func (s *Server) permit(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	if !ok || !permitted(ip, s.cfg.Peers(), s.cfg.AllowLoopback) {
		s.refuse(metrics.TURNPeer)
		return false
	}
	return true
}

func (s *Server) reachable(addr netip.AddrPort) bool {
	return reachable(addr, s.cfg.Peers(), s.cfg.AllowLoopback)
}
