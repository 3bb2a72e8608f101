package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/turn/v5"

	"sfu/metrics"
)

// socketBuffer is asked of the kernel for what the server sends to one client: a
// keyframe comes at once, and a slow connection takes it in bit by bit.
const socketBuffer = 1 << 20

// socket is the relay of one client: a UDP socket that knows media sockets and
// nobody else.
type socket struct {
	*net.UDPConn
	server   *Server
	user     string
	addr     netip.AddrPort
	owner    owner // guarded by the server's mu
	channels atomic.Int32
	ended    sync.Once // its reader
	closed   sync.Once
}

// ReadFrom returns the next packet of a media socket.
func (k *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := k.ReadFromUDPAddrPort(b)
		if err != nil {
			k.ended.Do(k.server.running.Done)
			return 0, nil, err
		}
		if !k.server.reachable(from) {
			k.server.refuse(metrics.TURNStranger)
			continue
		}
		k.server.count.TURNBytes[metrics.Out].Add(float64(n))
		return n, net.UDPAddrFromAddrPort(from), nil
	}
}

// WriteTo sends a packet to a media socket. What is meant for anybody else is lost,
// as on any other network.
func (k *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	addr, ok := to.(*net.UDPAddr)
	if !ok || !k.server.reachable(addr.AddrPort()) {
		k.server.refuse(metrics.TURNPort)
		return len(b), nil
	}
	k.server.count.TURNBytes[metrics.In].Add(float64(len(b)))
	return k.WriteToUDPAddrPort(b, addr.AddrPort())
}

// Close gives the relay up. pion may do so more than once.
func (k *socket) Close() error {
	var err error
	k.closed.Do(func() {
		err = k.UDPConn.Close()
		k.server.forget(k)
	})
	return err
}

// mayAllocate reports whether a user may have one more relay.
func (s *Server) mayAllocate(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	why, ok := s.vacant(user)
	if !ok {
		s.refuse(why)
		s.count.TURNAsked[metrics.TURNDenied].Inc()
	}
	return ok
}

// vacant reports whether there is room for one more relay, or why not; mu is held.
func (s *Server) vacant(user string) (metrics.TURNRefusal, bool) {
	switch {
	case s.users[user] >= s.cfg.MaxPerUser:
		return metrics.TURNQuota, false
	case s.closing || len(s.sockets) >= s.cfg.MaxAllocations:
		return metrics.TURNFull, false
	}
	return 0, true
}

func (s *Server) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k.addr)
	if s.users[k.user]--; s.users[k.user] <= 0 {
		delete(s.users, k.user)
	}
	s.count.TURNRelays.Dec()
}

// generator makes the sockets that pion asks for.
type generator struct{ server *Server }

// errNoRelay becomes 508 (Insufficient Capacity).
var errNoRelay = errors.New("there is no such relay")

// Validate is pion's question whether a generator is ready.
func (generator) Validate() error { return nil }

// AllocatePacketConn opens a relay.
func (g generator) AllocatePacketConn(asked turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	k, why := g.server.open(asked)
	if k == nil {
		g.server.refuse(why)
		g.server.count.TURNAsked[metrics.TURNDenied].Inc()
		return nil, nil, errNoRelay
	}
	g.server.count.TURNAsked[metrics.TURNGranted].Inc()
	return k, k.LocalAddr(), nil
}

// AllocateListener refuses relays for TCP (RFC 6062): media sockets know none.
func (g generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	g.server.refuse(metrics.TURNUnsupported)
	g.server.count.TURNAsked[metrics.TURNDenied].Inc()
	return nil, nil, errNoRelay
}

// AllocateConn refuses connections to peers (RFC 6062).
func (g generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	g.server.refuse(metrics.TURNUnsupported)
	return nil, errNoRelay
}

// open opens a relay, or says why not. pion asks in nobody's name when a client
// wants an even port (RFC 8656, 7.2), and for a port when it wants the next; nothing
// that browsers do needs either.
func (s *Server) open(asked turn.AllocateListenerConfig) (*socket, metrics.TURNRefusal) {
	if asked.UserID == "" || asked.RequestedPort != 0 {
		return nil, metrics.TURNUnsupported
	}
	conn := s.listen(asked.Network)
	if conn == nil {
		return nil, metrics.TURNFamily
	}
	_ = conn.SetReadBuffer(socketBuffer)
	k := &socket{UDPConn: conn, server: s, user: asked.UserID, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	if why, ok := s.remember(k); !ok {
		_ = conn.Close()
		return nil, why
	}
	return k, 0
}

// remember counts a relay, if it may be.
func (s *Server) remember(k *socket) (metrics.TURNRefusal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why, ok := s.vacant(k.user); !ok {
		return why, false
	}
	s.sockets[k.addr] = k
	s.users[k.user]++
	s.running.Add(1)
	s.count.TURNRelays.Inc()
	return 0, true
}

// listen opens a socket beside a media socket, on its address: what comes from
// there, this machine takes for its own.
func (s *Server) listen(network string) *net.UDPConn {
	peers := s.cfg.Peers()
	for _, p := range peers {
		ip := p.Addr().Unmap()
		if ip.Is4() != (network == "udp4") || !permitted(ip, peers, s.cfg.AllowLoopback) {
			continue
		}
		conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
		if err == nil { // else it is an address that a NAT in front of this machine has
			return conn
		}
	}
	return nil
}
