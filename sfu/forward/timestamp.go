package forward

import (
	"math"
	"time"

	"sfu/sfu/media"
)

// reach notes that a packet came which goes out, or would if it were not
// padding, with timestamp. The arrival that counts is that of a frame's first
// packet: the others are spread out by the publisher's pacing.
func (f *Forwarder) reach(timestamp uint32, arrival time.Time) {
	if int32(timestamp-f.timestamp) > 0 {
		f.timestamp, f.arrival = timestamp, arrival
	}
}

// resume returns the timestamp with which pkt, the first packet of its feed,
// goes out. It is the one place that places feeds on the slot's timeline: by
// the time that passed here between the first packet of the last frame sent
// and this one. So a pause takes as long as it took, and a switch is as
// exact as the paths of the two feeds are alike.
func (f *Forwarder) resume(pkt *media.Packet) uint32 {
	if f.span.feed == 0 {
		return f.timestamp
	}
	return f.timestamp + max(f.leastStep(), ticks(pkt.Arrival.Sub(f.arrival), f.clock))
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
