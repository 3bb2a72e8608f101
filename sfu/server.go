package sfu

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/pion/transport/v5"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// Config is what an operator may choose. The zero value of a field is its
// default.
type Config struct {
	UDPPort    int              // one port for everyone's media; 0 picks a free one
	PublicIPs  []netip.Addr     // advertised in place of the interface addresses
	ICEServers []wire.ICEServer // told to browsers; none by default

	MaxRooms        int           // default 1000
	MaxParticipants int           // in one room, default 50
	ResumeTime      time.Duration // how long a lost socket is waited for while media flows, default 30 s

	Net transport.Net // the network; the machine's own by default
}

// Server holds the rooms.
type Server struct{}

// New opens the media socket. The caller must Close the server.
func New(cfg Config, m *metrics.Set, log *slog.Logger) (*Server, error) { panic("todo") }

// Session is one socket's hold on a participant. A participant whose socket
// was lost gets another session when it resumes; the older one is then dead.
type Session struct{}

// Join lets a client into a room, or back to its participant when req.Resume
// names one. What the participant is told goes to send, Welcome first, one call
// at a time; send must not block and may be called until Lost returns. A
// refusal is a *wire.Error.
func (s *Server) Join(req *wire.JoinRoom, send func(wire.Server)) (*Session, error) { panic("todo") }

// Handle takes a message from the client. It never blocks. JoinRoom is not for
// it.
func (s *Session) Handle(msg wire.Client) { panic("todo") }

// Lost says that the socket is gone. After a Leave it means nothing.
func (s *Session) Lost() { panic("todo") }

// Drain refuses joins from now on.
func (s *Server) Drain() { panic("todo") }

// Close ends every room and waits until nothing of the server runs.
func (s *Server) Close() error { panic("todo") }
