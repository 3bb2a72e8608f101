package forward

import (
	"math"
	"time"

	"sfu/sfu/media"
)

// How far a feed may lie from where the publisher's sender reports and the last
// packet sent put its beginning.
const (
	// slightlyBehind is what a step back may be for the feed to go on at once. More
	// would hold the picture for a while, or show what was seen already; another
	// keyframe comes soon.
	slightlyBehind = 75 * time.Millisecond
	// plausiblyAhead is how much more time may pass in the reports than did here. What
	// is beyond is a mistake in them.
	plausiblyAhead = 500 * time.Millisecond
	// After so many keyframes, or so long, any is taken.
	refusedAtMost = 3
	refusedFor    = 2 * time.Second
)

// moment is where the slot's timeline has arrived: the highest timestamp, with
// the arrival of the first packet that had it and its time of capture.
type moment struct {
	timestamp uint32
	capture   uint32
	captured  bool
	arrival   time.Time
}

// refusals counts the keyframes of the target that were too old to begin with.
type refusals struct {
	count uint8
	since time.Time
}

// again reports whether one more keyframe, which came now, may be refused.
func (r *refusals) again(now time.Time) bool {
	if r.count == 0 {
		r.since = now
	}
	r.count++
	return r.count <= refusedAtMost && now.Sub(r.since) < refusedFor
}

// reach notes that pkt came, which goes out or would if it were wanted. The
// arrival that counts is that of a frame's first packet: the others are spread
// out by the publisher's pacing.
func (f *Forwarder) reach(pkt *media.Packet) {
	timestamp := pkt.Timestamp + f.span.timestamp
	if int32(timestamp-f.reached.timestamp) > 0 {
		f.reached = moment{timestamp, pkt.Capture, pkt.HasCapture, pkt.Arrival}
	}
}

// resume returns the timestamp with which pkt, the first packet of its feed,
// goes out; ok is false where it should not. It is the one place that puts feeds
// on the slot's timeline.
//
// Encodings of one track go on by their sender reports, to the tick. Otherwise it
// is by the time that passed here between the first packet of the last frame sent
// and this one: a pause takes as long as it took, and a switch is as exact as the
// paths of the two feeds are alike.
func (f *Forwarder) resume(pkt *media.Packet) (timestamp uint32, ok bool) {
	if f.span.feed == 0 {
		return f.reached.timestamp, true
	}
	passed := ticks(pkt.Arrival.Sub(f.reached.arrival), f.clock)
	if f.current != 0 && f.reached.captured && pkt.HasCapture {
		step := int32(pkt.Capture - f.reached.capture)
		switch {
		case step < -int32(ticks(slightlyBehind, f.clock)) && f.refused.again(pkt.Arrival):
			return 0, false
		case step < 0:
			passed = 0
		case uint32(step)-passed <= ticks(plausiblyAhead, f.clock) || uint32(step) < passed:
			passed = uint32(step)
		}
	}
	return f.reached.timestamp + max(f.leastStep(), passed), true
}

// leastStep is how far a feed begins after the one before, however close they
// came. A video frame must only be later than the last, of which it may be a
// copy in another size. An audio packet must not begin before the end of the
// last one, or the receiver throws it away as too late: browsers send 20 ms.
func (f *Forwarder) leastStep() uint32 {
	if f.kind == media.Video {
		return 1
	}
	return max(1, f.clock/50)
}

// ticks converts a time that passed to a clock in Hz. It stops at half the
// circle of timestamps: a longer pause would seem a step back (RFC 1982, 3.2).
func ticks(d time.Duration, clock uint32) uint32 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	n := whole*int64(clock) + rest*int64(clock)/int64(time.Second)
	return uint32(min(max(n, 0), math.MaxInt32))
}
