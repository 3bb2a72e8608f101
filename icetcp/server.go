package icetcp

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"sfu/metrics"
)

const (
	defaultMaxConnections = 2048
	// maxPerAddress bounds the connections of one address: an office behind one NAT
	// is to fit, and one host is not to take all.
	maxPerAddress = 32

	acceptAgain = 100 * time.Millisecond // after an error that passes
)

// Config is what an operator may choose.
type Config struct {
	Media          netip.AddrPort // the engine's media socket on loopback
	MaxConnections int            // default 2048
	Metrics        *metrics.Set
	Log            *slog.Logger // none by default
}

// Server carries connections to one media socket.
type Server struct {
	cfg    Config
	limits limits
	count  *metrics.Set
	done   chan struct{} // closed by Close

	running sync.WaitGroup // connections and listeners; Add only under mu

	mu        sync.Mutex // guards the fields below
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	of        map[netip.Prefix]int // connections by who they are from
	by        map[netip.AddrPort]netip.AddrPort
}

// New makes a server. The caller must Close it.
func New(cfg Config) (*Server, error) {
	if !cfg.Media.Addr().IsLoopback() || cfg.Media.Port() == 0 {
		return nil, fmt.Errorf("ICE over TCP needs a media socket on loopback, not %q: give an address like 127.0.0.1:7882", cfg.Media)
	}
	if cfg.Metrics == nil {
		return nil, errors.New("ICE over TCP needs Metrics")
	}
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = defaultMaxConnections
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		cfg: cfg, count: cfg.Metrics, limits: limits{openWithin, idleAfter, writeWithin}, done: make(chan struct{}),
		listeners: make(map[net.Listener]struct{}), conns: make(map[*conn]struct{}),
		of: make(map[netip.Prefix]int), by: make(map[netip.AddrPort]netip.AddrPort),
	}, nil
}

// Serve accepts connections until l or the server is closed, which is no error.
// Where a connection of l hides another one, its method NetConn tells.
func (s *Server) Serve(l net.Listener) error {
	if !s.listen(l) {
		return nil
	}
	defer s.unlisten(l)
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.take(c)
		case errors.Is(err, net.ErrClosed):
			return nil
		case passes(err):
			s.cfg.Log.Warn("no connection accepted for now", "error", err)
			select {
			case <-s.done:
				return nil
			case <-time.After(acceptAgain):
			}
		default:
			return fmt.Errorf("accept ICE over TCP: %w", err)
		}
	}
}

// passes reports whether accepting may work again soon: too many files are open, or
// a peer left at once.
func passes(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return false
	}
	s.listeners[l] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *Server) unlisten(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.running.Done()
}

// take lets a connection in, if there is room for it.
func (s *Server) take(tcp net.Conn) {
	c := &conn{server: s, tcp: tcp, from: origin(tcp.RemoteAddr())}
	if !s.admit(c) {
		s.count.Door.Limited[metrics.LimitICETCP].Inc()
		s.count.ICETCPAsked[metrics.Refused].Inc()
		_ = tcp.Close()
		return
	}
	go func() {
		defer s.running.Done()
		err := c.run()
		s.dismiss(c)
		s.cfg.Log.Debug("ICE over TCP ended", "remote", tcp.RemoteAddr(), "because", err)
	}()
}

func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.cfg.MaxConnections || s.of[c.from] >= maxPerAddress {
		return false
	}
	s.conns[c] = struct{}{}
	s.count.ICETCPConnections.Inc()
	s.of[c.from]++
	s.running.Add(1)
	return true
}

// dismiss forgets a connection that has ended.
func (s *Server) dismiss(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.count.ICETCPConnections.Dec()
	if s.of[c.from]--; s.of[c.from] == 0 {
		delete(s.of, c.from)
	}
	delete(s.by, c.local)
}

// name makes Lookup know who is behind a socket on loopback.
func (s *Server) name(local netip.AddrPort, remote net.Addr) {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by[local] = unmapped(tcp.AddrPort())
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// origin is who is counted: an address, or a network of 64 bits of IPv6, which one
// host has to itself.
func origin(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	p, _ := addr.Prefix(min(addr.BitLen(), 64)) // of its own address and length it cannot fail
	return p
}

// passed counts frames that were passed on.
func (s *Server) passed(d metrics.Direction, frames, bytes int) {
	s.count.ICETCPFrames[d].Add(float64(frames))
	s.count.ICETCPBytes[d].Add(float64(bytes))
}

// Lookup returns who the datagrams that the engine receives from local come from.
func (s *Server) Lookup(local netip.AddrPort) (remote netip.AddrPort, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	remote, ok = s.by[unmapped(local)]
	return remote, ok
}

// Close ends every connection and the listeners, and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	conns := slices.Collect(maps.Keys(s.conns))
	listeners := slices.Collect(maps.Keys(s.listeners))
	s.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, c := range conns {
		c.close()
	}
	s.running.Wait()
}
