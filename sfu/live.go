package sfu

import (
	"slices"

	"sfu/signaling/wire"
)

// live is the part of Config that may change while the server runs. It is replaced,
// never changed, so whoever has read it has settings that go together.
type live struct {
	iceServers          []wire.ICEServer
	rooms, participants int
	loudest             int // 0 is everyone
	captures            bool
}

func (c Config) live() *live {
	return &live{
		iceServers: slices.Clone(c.ICEServers), rooms: c.MaxRooms, participants: c.MaxParticipants,
		loudest: max(0, c.Loudest), captures: c.Captures,
	}
}

// Reconfigure takes ICEServers, MaxRooms, MaxParticipants, Loudest and Captures over from cfg, and
// nothing else. A lower limit throws nobody out: it holds for who comes next. Who is
// inside hears of ICE servers only when it resumes.
func (s *Server) Reconfigure(cfg Config) {
	next := cfg.withDefaults().live()
	s.mu.Lock() // no room is made in between, which would miss it
	defer s.mu.Unlock()
	s.live.Store(next)
	for _, r := range s.rooms {
		r.loop.do(func() { r.loop.hear(next.loudest) })
	}
}
