package relay

import (
	"net"

	"github.com/pion/turn/v5"

	"sfu/metrics"
)

// events is what the server hears of pion. Callbacks hold locks of pion's: they
// only count, set a deadline or close a socket.
func (s *Server) events() turn.EventHandler {
	return turn.EventHandler{
		OnAuth: func(_, _ net.Addr, _, _, _, _ string, good bool) {
			if !good {
				s.refuse(metrics.TURNCredentials)
			}
		},
		OnAllocationCreated: func(from, to net.Addr, _, _, _ string, relayed net.Addr, _ int) {
			path := metrics.PathTURNUDP
			if st := s.stream(from, to); st != nil {
				st.allocated.Store(true)
				path = st.kind
			}
			s.attribute(relayed, path, from)
		},
		OnAllocationDeleted: func(client, server net.Addr, _, _, _ string) {
			if st := s.stream(client, server); st != nil {
				st.allocated.Store(false)
				st.expect(greetTimeout)
			}
		},
		OnChannelCreated: func(_, _ net.Addr, _, _, _ string, relayed, _ net.Addr, _ uint16) {
			if k := s.socket(relayed); k != nil && k.channels.Add(1) > maxChannels {
				s.refuse(metrics.TURNChannels)
				_ = k.Close()
			}
		},
		OnChannelDeleted: func(_, _ net.Addr, _, _, _ string, relayed, _ net.Addr, _ uint16) {
			if k := s.socket(relayed); k != nil {
				k.channels.Add(-1)
			}
		},
	}
}

// stream returns the stream between two addresses, if that is what they are of.
func (s *Server) stream(client, server net.Addr) *stream {
	p, ok := pathOf(client, server)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[p]
}

// socket returns the relay of an address.
func (s *Server) socket(relayed net.Addr) *socket {
	addr, ok := relayed.(*net.UDPAddr)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets[addr.AddrPort()]
}
