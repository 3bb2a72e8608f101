package bwe

import "time"

// screen is one camera at the subscriber: what is forwarded of it, what
// arrives, and what is seen.
type screen struct {
	camera  *camera
	current *encoding // forwarded, nil before the first keyframe
	target  *encoding // to be forwarded, nil: paused
	limit   uint8     // temporal layer

	queue   []packet   // that the pacer holds
	waiting []*picture // whole, but for the pictures that they build on
	shown   *picture   // the last
	base    *picture   // the last of the base layer
	seenAt  time.Duration
	mean    time.Duration // between pictures
	frozen  time.Duration
	sent    int // pictures
	first   time.Duration
}

// picture is a frame on its way to one subscriber.
type picture struct {
	*frame
	screen  *screen
	order   int // among the pictures of the screen
	missing int // packets
}

// forward returns whether the subscriber is sent the frame. What is to be left
// is left at a keyframe; if that is for a smaller picture, until then no more
// than its base layer is sent.
func (s *screen) forward(f *frame) bool {
	if s.target == nil {
		return false
	}
	if f.of == s.target && f.key {
		s.current = s.target
	}
	if f.of != s.current {
		return false
	}
	switch {
	case s.current.spatial > s.target.spatial:
		return f.temporal == 0
	case s.current == s.target:
		return f.temporal <= s.limit
	}
	return true
}

// show is called when all packets of a picture are there.
func (s *screen) show(p *picture, at time.Duration) {
	if s.late(p) {
		return
	}
	if p.base != nil && (s.base == nil || s.base.frame != p.base) {
		s.waiting = append(s.waiting, p)
		return
	}
	s.see(p, at)
	if p.temporal > 0 {
		return
	}
	s.base = p
	waiting := s.waiting
	s.waiting = nil
	for _, next := range waiting {
		s.show(next, at)
	}
}

// late reports that a later picture is shown already.
func (s *screen) late(p *picture) bool { return s.shown != nil && p.order <= s.shown.order }

// see counts a freeze as W3C's webrtc-stats do: a pause of three times the
// usual, and 150 ms more than that.
func (s *screen) see(p *picture, at time.Duration) {
	s.shown = p
	if s.seenAt == 0 {
		s.first, s.seenAt, s.mean = at, at, frameTime
		return
	}
	gap := at - s.seenAt
	if gap > max(3*s.mean, s.mean+150*time.Millisecond) {
		s.frozen += gap
	}
	s.mean += (gap - s.mean) / 30
	s.seenAt = at
}

// share returns for how much of the time until the end the picture was frozen.
func (s *screen) share(end time.Duration) float64 {
	if s.seenAt == 0 {
		return 1
	}
	frozen := s.frozen
	if gap := end - s.seenAt; gap > time.Second {
		frozen += gap
	}
	return frozen.Seconds() / (end - s.first).Seconds()
}
