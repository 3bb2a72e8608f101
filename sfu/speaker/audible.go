package speaker

import (
	"slices"
	"time"
)

const (
	// keep is how long a source that fell silent keeps its place.
	keep = 2 * time.Second
	// pause is a silence in which a place may be taken over. Shorter ones are
	// within words: what talkers do below 200 ms counts as speech since Brady
	// (Bell System Technical Journal 47, 1968).
	pause = 200 * time.Millisecond
	// hold is how long one who talks cannot be talked out of a new place.
	hold = 500 * time.Millisecond
	// margin, in dB, is how much louder than the quietest of those who talk
	// another must be to replace it.
	margin = 6
	// fade, in dB a second, is how fast it is forgotten how loud someone was.
	// Levels are compared with the loudest that was, for a syllable of one is
	// always louder than another's gaps.
	fade = 10
)

// Audible decides whose sound is forwarded in a big room: the loudest few. The
// zero Audible lets everyone be heard. It remembers only who has a place. Who
// sends no levels or is pinned by a subscriber is not its business.
type Audible struct {
	limit  int
	places []place // at most limit
}

// place is held by one who is heard.
type place struct {
	key   Key
	level float64   // loudest of late, in -dBov
	since time.Time // when it came in
	spoke time.Time // its last packet that was speech
}

// Limit sets how many sources are heard at once; 0 is everyone. Where fewer are
// heard than before, those stay who spoke last.
func (a *Audible) Limit(n int) {
	n = min(max(n, 0), maxSources)
	if n == a.limit {
		return
	}
	a.limit = n
	slices.SortFunc(a.places, func(p, q place) int { return q.spoke.Compare(p.spoke) })
	a.places = slices.Grow(a.places[:min(n, len(a.places))], n)
}

// Observe takes the RFC 6464 level of one packet and reports whether the packet
// is to be heard. began is true for the packet with which the source comes in
// after it was not heard: a few packets before it soften the cut. Some of those
// may have been heard, if the source lost its place just then.
func (a *Audible) Observe(key Key, level uint8, now time.Time) (heard, began bool) {
	if a.limit == 0 {
		return true, false
	}
	held := a.find(key)
	if level > threshold { // silence keeps a place, and never takes one
		return held != nil && now.Sub(held.spoke) <= keep, false
	}
	if held != nil && now.Sub(held.spoke) <= keep {
		held.speak(level, now)
		return true, false
	}
	if held == nil {
		held = a.room(level, now)
	}
	if held == nil {
		return false, false
	}
	*held = place{key: key, level: float64(level), since: now, spoke: now}
	return true, true
}

// Remove forgets a source.
func (a *Audible) Remove(key Key) {
	a.places = slices.DeleteFunc(a.places, func(p place) bool { return p.key == key })
}

func (a *Audible) find(key Key) *place {
	for i := range a.places {
		if a.places[i].key == key {
			return &a.places[i]
		}
	}
	return nil
}

// room finds a place for one who begins to speak: one that is free, else that
// of whoever paused longest, else that of the quietest if it is quiet enough.
func (a *Audible) room(level uint8, now time.Time) *place {
	if len(a.places) < a.limit {
		a.places = append(a.places, place{})
		return &a.places[len(a.places)-1]
	}
	idlest, quietest := &a.places[0], (*place)(nil)
	for i := range a.places {
		p := &a.places[i]
		if p.spoke.Before(idlest.spoke) {
			idlest = p
		}
		if now.Sub(p.since) >= hold && (quietest == nil || p.level > quietest.level) {
			quietest = p
		}
	}
	switch {
	case now.Sub(idlest.spoke) >= pause:
		return idlest
	case quietest != nil && float64(level)+margin <= quietest.level:
		return quietest
	}
	return nil
}

// speak takes a packet of speech of who has the place.
func (p *place) speak(level uint8, now time.Time) {
	faded := p.level + fade*max(now.Sub(p.spoke), 0).Seconds()
	p.level = min(float64(level), faded)
	p.spoke = now
}
