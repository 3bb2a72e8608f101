package sfu

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxPublicIPs bounds the addresses that are advertised besides those of the
// interfaces: a client checks each of them.
const maxPublicIPs = 16

// Priorities of candidates (RFC 8445, 5.1.2.1). Those of the interfaces are pion's,
// with the highest local preference.
const (
	preferUDP = 126
	// preferTCP is less than that of any kind of UDP candidate but relayed ones, as
	// browsers have it: TCP is for who has nothing better (RFC 6544, 4.2).
	preferTCP = 90
	// passive is the direction's part of the local preference (RFC 6544, 4.2).
	passive = 4
)

// offered is where clients find us besides pion's own candidates, which are those of
// the media sockets: a public address is that of a NAT in front of us, or behind a TCP
// port something else listens.
type offered struct {
	public []netip.Addr
	tcp    []netip.AddrPort // where ICE over TCP listens; unspecified: on all addresses
}

// lines returns the candidates of a description as lines of SDP.
func (o offered) lines(sockets []netip.AddrPort) string {
	var b strings.Builder
	for i, a := range o.overUDP(sockets) {
		priority := preferUDP<<24 | (65534-i)<<8 | 255
		fmt.Fprintf(&b, "a=candidate:udp%d 1 udp %d %s %d typ host\r\n", i, priority, a.Addr(), a.Port())
	}
	for i, a := range o.overTCP(sockets) {
		priority := preferTCP<<24 | (passive<<13|8191-i)<<8 | 255
		fmt.Fprintf(&b, "a=candidate:tcp%d 1 tcp %d %s %d typ host tcptype passive\r\n", i, priority, a.Addr(), a.Port())
	}
	return b.String()
}

// overUDP returns the public addresses with the ports of the sockets that what is sent
// there comes to.
func (o offered) overUDP(sockets []netip.AddrPort) (list []netip.AddrPort) {
	for _, ip := range o.public {
		for _, s := range behind(ip, sockets) {
			a := netip.AddrPortFrom(ip, s.Port())
			if !slices.Contains(list, a) && !slices.Contains(sockets, a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// behind returns the sockets that a NAT can lead to: of ip's family, unless the NAT
// changes that too; on loopback only where there are no others.
func behind(ip netip.Addr, sockets []netip.AddrPort) []netip.AddrPort {
	out := outward(sockets)
	if same := ofFamily(out, ip); len(same) > 0 {
		return same
	}
	return out
}

// outward leaves out loopback, unless there is nothing else.
func outward(sockets []netip.AddrPort) []netip.AddrPort {
	out := slices.DeleteFunc(slices.Clone(sockets), func(a netip.AddrPort) bool { return a.Addr().IsLoopback() })
	if len(out) == 0 {
		return sockets
	}
	return out
}

func ofFamily(list []netip.AddrPort, ip netip.Addr) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(list), func(a netip.AddrPort) bool { return a.Addr().Is4() != ip.Is4() })
}

// overTCP returns where a connection reaches one of the listeners.
func (o offered) overTCP(sockets []netip.AddrPort) (list []netip.AddrPort) {
	for _, l := range o.tcp {
		ip := l.Addr().Unmap()
		hosts := []netip.Addr{ip}
		if ip.IsUnspecified() {
			hosts = hosts[:0]
			for _, s := range outward(sockets) {
				hosts = append(hosts, s.Addr())
			}
		}
		if !ip.IsLoopback() {
			hosts = append(hosts, o.public...)
		}
		for _, host := range hosts {
			a := netip.AddrPortFrom(host, l.Port())
			both := ip == netip.IPv6Unspecified() // listens for IPv4 too
			if (both || host.Is4() == ip.Is4()) && !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// SetPublicIPs changes the addresses that are advertised besides those of the
// interfaces, in every description from now on. Who is connected stays so.
func (s *Server) SetPublicIPs(ips []netip.Addr) {
	o := offered{tcp: s.cfg.TCPAddrs}
	for _, ip := range ips {
		ip = ip.Unmap().WithZone("")
		if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || slices.Contains(o.public, ip) {
			continue
		}
		if len(o.public) == maxPublicIPs {
			s.log.Warn("too many public addresses: the rest is not advertised", "advertised", o.public)
			break
		}
		o.public = append(o.public, ip)
	}
	lines := o.lines(s.ports.addrs)
	s.offered.Store(&lines)
}

// advertise puts what is offered besides pion's candidates into a description of ours
// that has all of those.
func (s *Server) advertise(sdp string) string {
	const end = "a=end-of-candidates\r\n"
	return strings.ReplaceAll(sdp, end, *s.offered.Load()+end)
}
