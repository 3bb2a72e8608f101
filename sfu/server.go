package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// Config is what an operator may choose. The zero value of a field is its
// default.
type Config struct {
	UDPPort    int              // one port for everyone's media; 0 picks free ones
	PublicIPs  []netip.Addr     // advertised besides the interface addresses; see SetPublicIPs
	TCPAddrs   []netip.AddrPort // where package icetcp listens, advertised too; none by default
	ICEServers []wire.ICEServer // told to browsers; none by default

	// Relays makes what a participant is told besides: relays with credentials of its
	// own. None by default.
	Relays func(participant string) []wire.ICEServer

	MaxRooms        int           // default 1000
	MaxParticipants int           // in one room, default 50
	Loudest         int           // in rooms above 10 this many are heard at once, default 5; below 0 everyone
	ResumeTime      time.Duration // how long a lost socket is waited for while media flows, default 30 s

	// Origin knows the sockets that stand for clients on this machine, those of ICE over
	// TCP and of relays: which way a client comes to one, and where from. It is asked
	// when ICE has chosen an address. None by default: all media comes straight.
	Origin func(socket netip.AddrPort) (path metrics.Path, remote netip.AddrPort, ok bool)

	TURN           bool // take TURN's messages off the media port, for TURNConns
	Captures       bool // a participant's packets may be recorded
	PacketByPacket bool // no trains of packets in one call, to compare with

	Net transport.Net // the network; the machine's own by default
}

const (
	defaultMaxRooms        = 1000
	defaultMaxParticipants = 50
	defaultLoudest         = 5
	defaultResumeTime      = 30 * time.Second
)

func (c Config) withDefaults() Config {
	if c.MaxRooms == 0 {
		c.MaxRooms = defaultMaxRooms
	}
	if c.MaxParticipants == 0 {
		c.MaxParticipants = defaultMaxParticipants
	}
	if c.Loudest == 0 {
		c.Loudest = defaultLoudest
	}
	if c.ResumeTime == 0 {
		c.ResumeTime = defaultResumeTime
	}
	return c
}

// Server holds the rooms.
type Server struct {
	cfg   Config
	log   *slog.Logger
	count *metrics.Set
	peers *peerFactory
	ports *ports

	offered atomic.Pointer[string] // candidates besides pion's; SetPublicIPs changes them
	live    atomic.Pointer[live]   // what may change; Reconfigure does, under mu

	capturing atomic.Bool // somebody records a participant

	mu       sync.Mutex // guards the fields below
	rooms    map[string]*room
	draining bool
	empty    chan struct{}  // closed when it drains and has no room
	running  sync.WaitGroup // participants and rooms; Add only under mu
}

// New opens the media socket. The caller must Close the server.
func New(cfg Config, m *metrics.Set, log *slog.Logger) (*Server, error) {
	cfg = cfg.withDefaults()
	ports, err := openPorts(cfg, m, log)
	if err != nil {
		return nil, err
	}
	peers, err := newPeerFactory(cfg, ports.mux, log)
	if err != nil {
		return nil, errors.Join(err, ports.close())
	}
	s := &Server{
		cfg: cfg, log: log, count: m, peers: peers, ports: ports,
		rooms: make(map[string]*room),
		empty: make(chan struct{}),
	}
	m.Media.CountSocketDrops(func() float64 { return float64(ports.drops()) })
	s.SetPublicIPs(cfg.PublicIPs)
	s.Reconfigure(cfg)
	return s, nil
}

// MediaAddrs returns where the server receives media, in a slice of the caller's own.
func (s *Server) MediaAddrs() []netip.AddrPort { return slices.Clone(s.ports.addrs) }

// TURNConns returns what a TURN server reads and writes on the media port, one for
// each address: none unless Config.TURN.
func (s *Server) TURNConns() []net.PacketConn { return s.ports.turn }

// Join lets a client into a room, or back to its participant when req.Resume
// names one. What the participant is told goes to send, Welcome first, one call
// at a time; send must not block, and must do nothing once the socket is gone.
// A refusal is a *wire.Error.
func (s *Server) Join(req *wire.JoinRoom, send func(wire.Server)) (*Session, error) {
	session, err := s.join(req, send)
	if err != nil {
		s.count.Joins[metrics.JoinRejected].Inc()
	}
	return session, err
}

func (s *Server) join(req *wire.JoinRoom, send func(wire.Server)) (*Session, error) {
	if req.Resume != "" {
		return s.resume(req, send)
	}
	r, err := s.enter(req.Room)
	if err != nil {
		return nil, err
	}
	p, err := newParticipant(s, r, req)
	if err != nil {
		s.exit(r)
		s.log.Error("participant not made", "room", req.Room, "error", err)
		return nil, refuse(wire.CodeInternal, "The server could not open a connection. Try again.")
	}
	session := &Session{participant: p, send: send}
	if err := r.add(p, session); err != nil {
		p.abandon()
		s.exit(r)
		return nil, err
	}
	s.count.Joins[metrics.JoinAccepted].Inc()
	go func() {
		defer s.exit(r)
		p.run()
	}()
	return session, nil
}

// resume gives the participant that req.Resume names another socket.
func (s *Server) resume(req *wire.JoinRoom, send func(wire.Server)) (*Session, error) {
	gone := refuse(wire.CodeNotFound, "This session has ended. Join again.")
	s.mu.Lock()
	r := s.rooms[req.Room]
	s.mu.Unlock()
	if r == nil {
		return nil, gone
	}
	id, _, _ := strings.Cut(req.Resume, ".")
	p := r.member(media.ParticipantID(id))
	if p == nil || !p.mayResume(req.Resume) {
		return nil, gone
	}
	session := &Session{participant: p, send: send}
	if !p.mail.Put(func() { p.applyResume(session) }) {
		return nil, gone
	}
	return session, nil
}

// enter returns the room called name, made if need be, and keeps it open until
// exit.
func (s *Server) enter(name string) (*room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return nil, refuse(wire.CodeDraining, "This server is about to stop. Try again in a minute.")
	}
	r := s.rooms[name]
	if r == nil {
		if most := s.live.Load().rooms; len(s.rooms) >= most {
			s.count.Door.Limited[metrics.LimitRooms].Inc()
			return nil, refuse(wire.CodeRoomFull, fmt.Sprintf("This server holds %d rooms and cannot open another one.", most))
		}
		r = newRoom(name, s.live.Load().loudest, s.count, s.ports)
		s.rooms[name] = r
		s.count.Rooms.Inc()
	}
	r.guests++
	s.running.Add(1)
	return r, nil
}

// exit gives up what enter returned. The last one out ends the room.
func (s *Server) exit(r *room) {
	defer s.running.Done()
	s.mu.Lock()
	r.guests--
	last := r.guests == 0
	if last {
		delete(s.rooms, r.name)
		s.count.Rooms.Dec()
		if s.draining && len(s.rooms) == 0 {
			close(s.empty)
		}
	}
	s.mu.Unlock()
	if last {
		r.close()
	}
}

// Drain refuses joins from now on, and returns a channel that is closed when the last
// room has become empty. Unless url is "", everyone inside is told once to go on at
// that address before the time that is left is over.
func (s *Server) Drain(url string, left time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.draining {
		s.draining = true
		s.count.Room.Draining.Set(1)
		if len(s.rooms) == 0 {
			close(s.empty)
		}
	}
	if url != "" {
		moved := &wire.Moved{URL: url, AfterMS: left.Milliseconds()}
		for _, r := range s.rooms {
			r.announce(moved)
		}
	}
	return s.empty
}

// Close ends every room and waits until nothing of the server runs.
func (s *Server) Close() error {
	s.Drain("", 0)
	s.mu.Lock()
	rooms := make([]*room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.Unlock()
	for _, r := range rooms {
		r.end(metrics.LeaveDrained, wire.CodeDraining, "The server was stopped.")
	}
	s.running.Wait()
	return s.ports.close()
}

// Session is one socket's hold on a participant. A participant whose socket
// was lost gets another session when it resumes; the older one is then dead.
type Session struct {
	participant *participant
	send        func(wire.Server)
}

// Handle takes a message from the client. It never blocks. JoinRoom is not for
// it.
func (s *Session) Handle(msg wire.Client) {
	p := s.participant
	p.put(func() {
		if p.session == s && !p.presence.left {
			p.apply(msg)
		}
	})
}

// Lost says that the socket is gone. After a Leave it means nothing.
func (s *Session) Lost() {
	p := s.participant
	p.put(func() {
		if p.session == s && !p.presence.left {
			p.applyLost()
		}
	})
}

// refuse makes an error that ends the connection it goes to.
func refuse(code wire.Code, message string) *wire.Error {
	return &wire.Error{Code: code, Message: message, Fatal: true}
}

// complain makes an error that the connection survives.
func complain(code wire.Code, request, message string) *wire.Error {
	return &wire.Error{Code: code, Message: message, Request: request}
}
