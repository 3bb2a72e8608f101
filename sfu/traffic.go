package sfu

import (
	"time"

	"sfu/sfu/media"
)

// flow counts what goes one way, as it is on the wire: RTP with what encryption,
// UDP and IPv4 add. The media loop owns it, and looks at it once a second: whoever
// asks is told what it saw last.
type flow struct {
	bytes   uint64
	bitrate media.Bitrate // over the last second or so

	seen   uint64    // bytes, when it was looked last
	seenAt time.Time // zero before
}

// sample finds the bitrate since the last call.
func (f *flow) sample(now time.Time) {
	if passed := now.Sub(f.seenAt); !f.seenAt.IsZero() && passed > 0 {
		f.bitrate = media.Bitrate(float64(8*(f.bytes-f.seen)) / passed.Seconds())
	}
	f.seen, f.seenAt = f.bytes, now
}

// traffic is all that went one way between a participant and us.
type traffic struct {
	flow
	lost, expected   int // packets, by reception reports
	nacks, keyframes int // packets and keyframes that the receiving side asked for
}

func (t *traffic) lose(lost, expected int) {
	t.lost += lost
	t.expected += expected
}

// loss is the share that was lost, of everything.
func (t *traffic) loss() float64 { return float64(max(t.lost, 0)) / float64(max(t.expected, 1)) }

// reception is what a subscriber's newest report says of one slot.
type reception struct {
	loss   float64
	jitter time.Duration
}

// ticks is a number of ticks of an RTP clock in time.
func ticks(n, clock uint32) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(max(clock, 1))
}

// sample looks at every flow of the participant, once a second.
func (lk *link) sample(now time.Time) {
	lk.up.traffic.sample(now)
	lk.out.traffic.sample(now)
	for _, t := range lk.up.tracks {
		for _, e := range t.encodings {
			e.flow.sample(now)
		}
	}
	for _, d := range lk.down.tracks {
		d.sent.flow.sample(now)
		if d.starved() {
			lk.out.starved += reportEvery
		}
	}
}

// starved reports whether the picture is paused because the path has no room for it.
func (d *downTrack) starved() bool {
	return d.track != nil && !d.track.muted && !d.paused() && d.aim.planned && d.aim.grant.Paused
}
