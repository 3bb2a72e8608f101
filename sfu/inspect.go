package sfu

import (
	"slices"
	"strings"
	"time"

	"sfu/sfu/media"
)

// RoomSummary is one line of the list of rooms.
type RoomSummary struct {
	Room         string `json:"room"`
	Participants int    `json:"participants"`
}

// RoomReport is what an operator sees of one room.
type RoomReport struct {
	Room         string              `json:"room"`
	Participants []ParticipantReport `json:"participants"`
}

// ParticipantReport is how one participant's connection does.
type ParticipantReport struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Path     string          `json:"path,omitempty"`        // that its media takes, as in sfu_media_paths_total
	RTT      float64         `json:"rtt_ms"`                // 0 while unknown
	Loss     float64         `json:"loss"`                  // of what it was sent, 0 to 1
	Estimate media.Bitrate   `json:"estimate_bps"`          // of its downlink; 0 while unknown
	Used     media.Bitrate   `json:"granted_bps,omitempty"` // of that, by pictures
	Sound    media.Bitrate   `json:"sound_bps,omitempty"`
	Waiting  int             `json:"waiting_packets"` // to be sent to it
	Pictures []PictureReport `json:"pictures"`        // that it is sent, or could be
}

// PictureReport is what a subscriber gets of one video track. Heights are in
// pixels, 0 for none or one that is not known.
type PictureReport struct {
	Track   string `json:"track"`
	Of      string `json:"of"` // who publishes it
	Slot    string `json:"slot"`
	Wanted  int    `json:"wanted_height"`
	Granted int    `json:"granted_height"`
	Flowing int    `json:"flowing_height"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
}

// Rooms lists the rooms by name.
func (s *Server) Rooms() []RoomSummary {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]RoomSummary, 0, len(s.rooms))
	for name, r := range s.rooms {
		list = append(list, RoomSummary{Room: name, Participants: r.size()})
	}
	slices.SortFunc(list, func(a, b RoomSummary) int { return strings.Compare(a.Room, b.Room) })
	return list
}

// Inspect reports on a room, if there is one.
func (s *Server) Inspect(name string) (RoomReport, bool) {
	s.mu.Lock()
	r := s.rooms[name]
	s.mu.Unlock()
	if r == nil {
		return RoomReport{}, false
	}
	return r.inspect()
}

// inspect asks the media loop. A room that ends meanwhile has nothing to report.
func (r *room) inspect() (RoomReport, bool) {
	names := make(map[media.ParticipantID]string)
	r.mu.Lock()
	for _, m := range r.members {
		names[m.participant.id] = m.row.Name
	}
	r.mu.Unlock()
	answer := make(chan []ParticipantReport, 1)
	r.loop.do(func() { answer <- r.loop.inspect(time.Now()) })
	select {
	case list := <-answer:
		for i := range list {
			list[i].Name = names[media.ParticipantID(list[i].ID)]
		}
		return RoomReport{Room: r.name, Participants: list}, true
	case <-r.loop.done:
		return RoomReport{}, false
	}
}

func (l *mediaLoop) inspect(now time.Time) []ParticipantReport {
	list := make([]ParticipantReport, 0, len(l.links))
	for _, lk := range l.links {
		list = append(list, lk.inspect(now))
	}
	return list
}

func (lk *link) inspect(now time.Time) ParticipantReport {
	o := &lk.out
	p := ParticipantReport{
		ID: string(lk.id), Loss: o.estimator.Loss(),
		Used: o.budget.planner.Used(), Sound: o.budget.sound.last, Waiting: o.pacer.count,
		Pictures: []PictureReport{},
	}
	if lk.rtcp != nil { // else it has not connected yet
		p.Path = lk.path.kind.String()
	}
	if lk.path.measured {
		p.RTT = float64(lk.path.rtt) / float64(time.Millisecond)
	}
	if o.known {
		p.Estimate = o.estimator.Bitrate()
	}
	for _, d := range lk.down.tracks {
		if d.track != nil && d.kind == media.Video {
			p.Pictures = append(p.Pictures, d.inspect(now))
		}
	}
	return p
}

func (d *downTrack) inspect(now time.Time) PictureReport {
	p := PictureReport{Track: string(d.track.id), Of: string(d.track.link.id), Slot: d.id}
	p.Wanted, p.Granted, p.Flowing = d.heights(now)
	state := d.state(now)
	p.State, p.Reason = state.State, state.Reason
	return p
}
