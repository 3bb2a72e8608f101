package sfu

import (
	"net/netip"

	"sfu/metrics"
)

// origin is where a participant's media comes from. What ICE sees may be a socket of our
// own, of ICE over TCP or of a relay: this is who is behind it.
type origin struct {
	path   metrics.Path
	remote netip.AddrPort // not valid before media is connected, and after
}

// originOf returns who is behind an address that ICE has chosen.
func (c Config) originOf(addr netip.AddrPort) origin {
	if c.Origin != nil {
		if path, remote, ok := c.Origin(addr); ok {
			return origin{path, remote}
		}
	}
	return origin{metrics.PathUDP, addr}
}

// noteOrigin counts where media comes from, from now on.
func (p *participant) noteOrigin(next origin) {
	last, count := p.origin, p.server.count
	if last == next {
		return
	}
	p.origin = next
	if last.remote.IsValid() {
		count.Paths[last.path].Dec()
	}
	if !next.remote.IsValid() {
		return
	}
	count.Paths[next.path].Inc()
	if !last.remote.IsValid() || last.path != next.path {
		count.PathsTaken[next.path].Inc()
	}
	if last.remote.IsValid() { // of the first one "media connected" tells
		p.log.Info("media comes another way", "path", next.path.String(), "remote", next.remote)
	}
}
