package sfu

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/quality"
	"sfu/signaling/wire"
)

// room is the participants who can see and hear each other: their roster here,
// their media in the loop, their data channels in the relay.
type room struct {
	name  string
	count *metrics.Set
	loop  *mediaLoop
	relay *relay

	opened time.Time
	asking chan struct{} // holds the question that waits for the loop (inspect)

	guests int // guarded by Server.mu: who keeps the room open

	mu      sync.Mutex // guards the roster; under it only mailbox.Put
	members []*member  // in the order in which they joined
	peak    int        // the most members there ever were
	ending  bool
}

// member is one row of the roster.
type member struct {
	participant *participant
	row         wire.Participant
	score       quality.Score
	reachable   bool // it has a socket
}

// newRoom makes a room and starts its media loop; close stops it.
func newRoom(name string, loudest int, count *metrics.Set, ports *ports) *room {
	r := &room{
		name: name, opened: time.Now(), count: count, relay: newRelay(count), asking: make(chan struct{}, 1),
	}
	count.Room.Opened.Inc()
	r.loop = newMediaLoop(count, loudest, ports, r.speakers)
	go r.loop.run()
	return r
}

// close stops the room's loop; nobody is left in it.
func (r *room) close() {
	r.loop.Close()
	r.count.Room.Seconds.Observe(time.Since(r.opened).Seconds())
	r.count.Room.Peak.Observe(float64(r.peak))
}

// add lets p in: it is told who is there, the others that it came. Both happen
// under the roster's lock, so everyone sees the same order.
func (r *room) add(p *participant, s *Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return refuse(wire.CodeDraining, "This room has just ended. Try again.")
	}
	if most := p.server.live.Load().participants; len(r.members) >= most {
		r.count.Door.Limited[metrics.LimitRoomSize].Inc()
		return refuse(wire.CodeRoomFull, fmt.Sprintf("The room is full: it holds %d people.", most))
	}
	others := r.rows()
	p.mail.Put(func() { p.applyWelcome(s, others) })
	m := &member{p, wire.Participant{
		ID: string(p.id), Name: p.name, Metadata: p.metadata, Role: p.role, Tracks: []wire.Track{},
	}, quality.Best, true}
	r.tell(p, &wire.ParticipantJoined{Participant: m.row})
	r.members = append(r.members, m)
	r.peak = max(r.peak, len(r.members))
	r.count.Participants.Inc()
	return nil
}

// remove takes p out and tells the others why.
func (r *room) remove(p *participant, reason metrics.LeaveReason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.members, func(m *member) bool { return m.participant == p })
	if i < 0 {
		return
	}
	r.members = slices.Delete(r.members, i, i+1)
	r.tell(p, &wire.ParticipantLeft{Participant: string(p.id), Reason: reason.String()})
	r.count.Participants.Dec()
	r.count.Leaves[reason].Inc()
}

// size returns how many are in the room.
func (r *room) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}

// member returns the participant called id, or nil.
func (r *room) member(id media.ParticipantID) *participant {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		if m.participant.id == id {
			return m.participant
		}
	}
	return nil
}

// others returns the roster without p.
func (r *room) others(p *participant) []wire.Participant {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := r.rows()
	return slices.DeleteFunc(rows, func(row wire.Participant) bool { return row.ID == string(p.id) })
}

func (r *room) rows() []wire.Participant {
	rows := make([]wire.Participant, len(r.members))
	for i, m := range r.members {
		rows[i] = m.row
	}
	return rows
}

// tell gives a message to every member but one. The caller holds mu.
func (r *room) tell(except *participant, msg wire.Server) {
	for _, m := range r.members {
		if p := m.participant; p != except {
			p.put(func() { p.applyRoster(msg) })
		}
	}
}

// setTrack publishes or changes one of p's tracks.
func (r *room) setTrack(p *participant, t wire.Track) {
	r.change(p, func(m *member) wire.Server {
		tracks := slices.Clone(m.row.Tracks) // messages under way hold the old one
		i := slices.IndexFunc(tracks, func(old wire.Track) bool { return old.ID == t.ID })
		if i < 0 {
			m.row.Tracks = append(tracks, t)
			return &wire.TrackPublished{Participant: m.row.ID, Track: t}
		}
		tracks[i] = t
		m.row.Tracks = tracks
		return &wire.TrackUpdated{Participant: m.row.ID, Track: t}
	})
}

// removeTrack unpublishes one of p's tracks.
func (r *room) removeTrack(p *participant, id media.TrackID) {
	r.change(p, func(m *member) wire.Server {
		m.row.Tracks = slices.DeleteFunc(slices.Clone(m.row.Tracks),
			func(t wire.Track) bool { return t.ID == string(id) })
		return &wire.TrackUnpublished{Participant: m.row.ID, Track: string(id)}
	})
}

// change edits p's row and tells the others what edit returns.
func (r *room) change(p *participant, edit func(*member) wire.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		if m.participant == p {
			r.tell(p, edit(m))
			return
		}
	}
}

// rate notes how good p's connection is and tells the others.
func (r *room) rate(p *participant, score quality.Score) {
	r.change(p, func(m *member) wire.Server {
		m.score = score
		return &wire.Quality{Participant: m.row.ID, Score: int(score)}
	})
}

// reach notes whether p has a socket.
func (r *room) reach(p *participant, reachable bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		if m.participant == p {
			m.reachable = reachable
		}
	}
}

// scores returns those of everyone whose connection is not the best.
func (r *room) scores() map[media.ParticipantID]quality.Score {
	r.mu.Lock()
	defer r.mu.Unlock()
	scores := make(map[media.ParticipantID]quality.Score)
	for _, m := range r.members {
		if m.score != quality.Best {
			scores[m.participant.id] = m.score
		}
	}
	return scores
}

// speakers tells everyone who speaks. The media loop calls it.
func (r *room) speakers(list []wire.Speaker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(nil, &wire.Speakers{Speakers: list})
}

// announce sends everyone a message of the server.
func (r *room) announce(msg wire.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		p := m.participant
		p.put(func() { p.send(msg) })
	}
}

// end makes everyone leave and lets nobody in.
func (r *room) end(reason metrics.LeaveReason, code wire.Code, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ending = true
	for _, m := range r.members {
		p := m.participant
		p.put(func() { p.applyEnd(reason, refuse(code, message)) })
	}
}
