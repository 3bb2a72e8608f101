package sfu

import (
	"errors"
	"slices"
	"strings"
	"time"

	"sfu/sfu/media"
)

const (
	// inspectWithin is how long a room has to answer. One that takes longer has more
	// trouble than a report would tell.
	inspectWithin = time.Second
	// maxInspected is of how many participants a loop reports at once: packets wait
	// meanwhile.
	maxInspected = 4
)

// Errors of Inspect and Capture.
var (
	ErrNoRoom        = errors.New("there is no room of this name now")
	ErrNoParticipant = errors.New("there is no participant of this id in the room now")
	ErrBusy          = errors.New("the room did not answer within a second: it has more to do than it can")
)

// Rooms lists the rooms by name. It waits for none of them: the rates are those that
// each saw last.
func (s *Server) Rooms() []RoomSummary {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]RoomSummary, 0, len(s.rooms))
	for _, r := range s.rooms {
		list = append(list, r.summary())
	}
	slices.SortFunc(list, func(a, b RoomSummary) int { return strings.Compare(a.Room, b.Room) })
	return list
}

// Inspect reports on a room: ErrNoRoom, ErrBusy if it does not answer in time.
func (s *Server) Inspect(name string) (RoomReport, error) {
	r, err := s.room(name)
	if err != nil {
		return RoomReport{}, err
	}
	return r.inspect()
}

func (s *Server) room(name string) (*room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[name]; r != nil {
		return r, nil
	}
	return nil, ErrNoRoom
}

// roomRates are what a loop saw of its room in the last second. It replaces them as a
// whole, so whoever reads has some that go together.
type roomRates struct {
	received, sent media.Bitrate
	loss           float64
}

// addUp adds up what all links saw, once a second.
func (l *mediaLoop) addUp() {
	var f roomRates
	for _, lk := range l.links {
		f.received += lk.up.traffic.bitrate
		f.sent += lk.out.traffic.bitrate
		f.loss = max(f.loss, lk.up.loss, lk.out.estimator.Loss())
	}
	l.rates.Store(&f)
}

func (r *room) summary() RoomSummary {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := RoomSummary{Room: r.name, Participants: len(r.members), Age: seconds(time.Since(r.opened))}
	for _, m := range r.members {
		sum.Tracks += len(m.row.Tracks)
	}
	if f := r.loop.rates.Load(); f != nil {
		sum.Received, sum.Sent, sum.Loss = f.received, f.sent, ratio(f.loss)
	}
	return sum
}

// inspect asks the media loop, some participants at a time. One question at a time
// waits for it: a loop that is behind must not find hundreds when it comes to them.
func (r *room) inspect() (RoomReport, error) {
	late := time.NewTimer(inspectWithin)
	defer late.Stop()
	people := r.people()
	report := RoomReport{RoomSummary: r.summary(), Members: make([]ParticipantReport, len(people))}
	for first := 0; first < len(people); first += maxInspected {
		some := people[first:min(first+maxInspected, len(people))]
		select {
		case r.asking <- struct{}{}:
		case <-late.C:
			return RoomReport{}, ErrBusy
		}
		done := make(chan struct{})
		r.loop.do(func() {
			now := time.Now()
			for i, p := range some {
				p.link.inspect(&report.Members[first+i], now)
			}
			close(done)
			<-r.asking
		})
		select {
		case <-done:
		case <-r.loop.done:
			return RoomReport{}, ErrNoRoom
		case <-late.C:
			return RoomReport{}, ErrBusy
		}
	}
	r.introduce(people, report.Members)
	return report, nil
}

func (r *room) people() []*participant {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*participant, len(r.members))
	for i, m := range r.members {
		list[i] = m.participant
	}
	return list
}

// introduce adds what the roster knows of people. Whoever has left meanwhile keeps
// id and name.
func (r *room) introduce(people []*participant, reports []ParticipantReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, p := range people {
		report := &reports[i]
		report.ID, report.Name, report.Joined = string(p.id), p.name, p.presence.joined
		report.Down.DataQueue = p.data.queued()
		for _, m := range r.members {
			if m.participant == p {
				report.Score, report.Signalling = int(m.score), m.reachable
			}
		}
	}
}
