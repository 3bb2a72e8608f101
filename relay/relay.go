package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"sfu/metrics"
)

// Realm is the realm of all credentials (RFC 8489, 9.2).
const Realm = "sfu"

const (
	// maxAllocations and maxPerUser are the defaults of Config.
	maxAllocations = 1024
	// A browser asks for a relay by each URL and from each address of its own: three
	// ways in, and Wi-Fi, a cable and IPv6 beside it are nine at once.
	maxPerUser = 12
	// maxChannels bounds the channels of one relay, which pion looks through for
	// each packet. A client wants one for each address of the server's.
	maxChannels = 64
	// maxConnections bounds what waits on TCP and TLS, with a relay or without.
	maxConnections = 2048
)

// Config is what a Server is made of. The zero value of a number is its default.
type Config struct {
	Secret string // credentials are made with it
	// Peers returns the media sockets. It is asked for every packet, so it must
	// be cheap; what it returned must not change.
	Peers         func() []netip.AddrPort
	AllowLoopback bool // as an address of a media socket; for tests

	PacketConns []net.PacketConn // TURN over UDP; closed with the server
	Listeners   []net.Listener   // TURN over TCP, and over TLS that has ended; closed with the server

	MaxAllocations int // open at a time, default 1024
	MaxPerUser     int // of those of one user, default 12

	Metrics *metrics.Set
}

func (c Config) withDefaults() (Config, error) {
	if c.Secret == "" {
		return c, errors.New("TURN needs a secret to make credentials with")
	}
	if c.Peers == nil || c.Metrics == nil {
		return c, errors.New("TURN needs Peers and Metrics")
	}
	if c.MaxAllocations == 0 {
		c.MaxAllocations = maxAllocations
	}
	if c.MaxPerUser == 0 {
		c.MaxPerUser = maxPerUser
	}
	return c, nil
}

// Server is a TURN server.
type Server struct {
	cfg   Config
	count *metrics.Set
	turn  *turn.Server

	mu      sync.Mutex // guards the fields below
	keys    keyring
	closing bool
	sockets map[netip.AddrPort]*socket // of the relays, by their address
	users   map[string]int             // how many of them each has
	streams map[path]*stream
	running sync.WaitGroup // whoever reads for pion; Add only under mu
}

// New starts a server. The caller must Close it.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, count: cfg.Metrics, keys: newKeyring(cfg.Secret),
		sockets: make(map[netip.AddrPort]*socket),
		users:   make(map[string]int),
		streams: make(map[path]*stream),
	}
	how := turn.ServerConfig{
		Realm:        Realm,
		AuthHandler:  s.authenticate,
		QuotaHandler: func(user, _ string, _ net.Addr) bool { return s.mayAllocate(user) },
		EventHandler: s.events(),
		InboundMTU:   maxMessage + 1, // what fills it, pion takes for cut off
		// What is refused is counted, and pion tells no more.
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	}
	for _, c := range cfg.PacketConns {
		how.PacketConnConfigs = append(how.PacketConnConfigs, turn.PacketConnConfig{
			PacketConn: s.reading(c), RelayAddressGenerator: generator{s}, PermissionHandler: s.permit,
		})
	}
	for _, l := range cfg.Listeners {
		how.ListenerConfigs = append(how.ListenerConfigs, turn.ListenerConfig{
			Listener: s.accepting(l), RelayAddressGenerator: generator{s}, PermissionHandler: s.permit,
		})
	}
	if s.turn, err = turn.NewServer(how); err != nil {
		return nil, fmt.Errorf("TURN: %w", err)
	}
	return s, nil
}

// ReplaceSecret makes secret the one that new credentials are made with. The
// credentials that were made with older ones stay good until they expire.
func (s *Server) ReplaceSecret(secret string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.replace(secret, now)
}

// Close ends all relays and connections, and waits until nobody reads from them.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closing = true
	sockets, streams := make([]*socket, 0, len(s.sockets)), make([]*stream, 0, len(s.streams))
	for _, k := range s.sockets {
		sockets = append(sockets, k)
	}
	for _, st := range s.streams {
		streams = append(streams, st)
	}
	s.mu.Unlock()
	err := s.turn.Close()
	for _, st := range streams {
		_ = st.Conn.Close()
	}
	for _, k := range sockets {
		_ = k.Close()
	}
	s.running.Wait()
	return err
}

func (s *Server) refuse(why metrics.TURNRefusal) {
	s.count.TURNRefused[why].Inc()
	switch why {
	case metrics.TURNQuota, metrics.TURNFull, metrics.TURNChannels, metrics.TURNConnections:
		s.count.Door.Limited[metrics.LimitTURN].Inc()
	}
}
