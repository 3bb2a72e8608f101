package relay

import (
	"net"
	"net/netip"

	"sfu/metrics"
)

// owner is who has a relay.
type owner struct {
	path   metrics.Path
	remote netip.AddrPort // not valid before pion has told
}

// attribute notes whose relay it is. pion tells before anything passes.
func (s *Server) attribute(relayed net.Addr, path metrics.Path, from net.Addr) {
	k := s.socket(relayed)
	if k == nil {
		return
	}
	var remote netip.AddrPort
	switch a := from.(type) {
	case *net.UDPAddr:
		remote = a.AddrPort()
	case *net.TCPAddr:
		remote = a.AddrPort()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.owner = owner{path, netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
}

// Lookup returns who has the relay of an address, and which way they come to it.
func (s *Server) Lookup(relayed netip.AddrPort) (path metrics.Path, remote netip.AddrPort, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.sockets[relayed]
	if k == nil || !k.owner.remote.IsValid() {
		return 0, netip.AddrPort{}, false
	}
	return k.owner.path, k.owner.remote, true
}
