package signaling

import (
	"net/netip"
	"slices"
	"strings"
)

// remoteOf is the address of the client at the other end of a connection from peer, which may
// be one of our proxies. Each proxy appends whom it heard from to X-Forwarded-For, so the list is
// believed from its end, as far as our own proxies wrote it: what is before that, the client may
// have made up (RFC 7239, 8.1). If the list is of no use, or we believe nobody, it is peer.
func remoteOf(peer string, forwarded []string, proxies []netip.Prefix) string {
	from, err := netip.ParseAddrPort(peer)
	if err != nil || !within(from.Addr(), proxies) {
		return peer
	}
	client := peer
	for _, line := range slices.Backward(forwarded) { // a list may be in several lines (RFC 9110, 5.3)
		for rest, more := line, true; more; {
			var entry string
			entry, rest, more = cutLast(rest)
			addr, ok := node(strings.Trim(entry, " \t"))
			if !ok {
				return peer
			}
			client = addr.String()
			if !within(addr, proxies) {
				return client
			}
		}
	}
	return client
}

// cutLast cuts the last entry off a list, and tells whether there are more before it.
func cutLast(list string) (last, rest string, more bool) {
	i := strings.LastIndexByte(list, ',')
	return list[i+1:], list[:max(i, 0)], i >= 0
}

// node reads an address with a port or without, as RFC 7239, 6 has it; some proxies leave
// the brackets of an IPv6 address out. One that is hidden (7239, 6.3), or unknown, is of no use.
func node(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var with netip.AddrPort
		with, err = netip.ParseAddrPort(text)
		addr = with.Addr()
	}
	return addr.Unmap(), err == nil && addr.Zone() == ""
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}
