package allocate

import "time"

const (
	// An encoding has stopped when it kept silent for this long, or for
	// gapsMissed of its usual gaps where they are longer (screens are sent in
	// few frames), ...
	silence    = time.Second
	gapsMissed = 3
	// ... and others of its track were heard this often meanwhile, at moments
	// at least one beat apart. One frame of a slow track is not enough: of its
	// encodings one always comes first.
	beatsMissed = 3
	beat        = 100 * time.Millisecond

	// Packets of one frame follow each other faster than frameGap. A pause
	// counts as no longer than longestGap: it is not how often frames come.
	frameGap   = 10 * time.Millisecond
	longestGap = 3 * time.Second
)

// Pulse tells whether an encoding, or one spatial layer of it, still flows:
// they come late or never, and stop when the publisher has no bandwidth for
// them or nobody wants them. The zero Pulse has not been heard yet.
type Pulse struct {
	last   time.Time     // the newest packet
	gap    time.Duration // between frames, a moving average
	beat   time.Time     // last, or when others were last counted as heard since
	missed uint8         // how often they were, up to beatsMissed
}

// Note takes note of a packet.
func (p *Pulse) Note(now time.Time) {
	if gap := now.Sub(p.last); gap >= frameGap && !p.last.IsZero() {
		p.gap += (min(gap, longestGap) - p.gap) / 8
	}
	if now.After(p.last) {
		p.last = now
	}
	p.beat, p.missed = p.last, 0
}

// Live reports whether the encoding flows; newest is when the last packet of
// any encoding of the same track came. While the whole track is silent nothing
// changes. It is to be asked a few times a second, as it counts how often the
// others were heard.
func (p *Pulse) Live(newest time.Time) bool {
	if p.last.IsZero() {
		return false
	}
	if p.missed < beatsMissed && newest.Sub(p.beat) >= beat {
		p.beat = newest
		p.missed++
	}
	return p.missed < beatsMissed || newest.Sub(p.last) <= max(silence, gapsMissed*p.gap)
}
