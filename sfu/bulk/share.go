package bulk

import (
	"time"

	"sfu/sfu/media"
)

const (
	// least is what data may always send, so that chat works on any path, and
	// trickle what it is on a path that carries next to nothing: there the sound
	// needs most of it.
	least   media.Bitrate = 64_000
	trickle media.Bitrate = 16_000

	// most is how much of the estimate waiting messages may take from larger
	// pictures: 1/most. A quarter costs one picture one size, mostly, and gets a
	// photo across within seconds.
	most = 4
	// climb is how long it takes to take all of that, and to give it back.
	// Pictures change their size once when a file begins and once when it ends:
	// a plan that follows every message would have them flicker.
	climb = 10 * time.Second
	// ramp is how long it takes at least from nothing to all of the estimate, and
	// 1/slack of it stays free: SCTP sends in bursts, and a probe that found the path
	// has found it for a moment.
	ramp  = 4 * time.Second
	slack = 10
	// keep is how long it is kept when nothing waits any more: often the next
	// file follows.
	keep = 5 * time.Second
	// longest bounds what one step of time counts, if nobody asked for long.
	longest = time.Second

	terabit media.Bitrate = 1e12 // no estimate is larger, and sums do not overflow
)

// Demand is what a path carries, and what everyone wants of it.
type Demand struct {
	Estimate media.Bitrate // of the path
	Media    media.Bitrate // what sound and pictures take of it now
	Lowest   media.Bitrate // what sound and the lowest layer of each wanted picture take
	Waits    bool          // messages wait because the rate does not allow them
}

// Share divides one subscriber's estimate between media and data. The zero
// Share is ready to use.
type Share struct {
	taken  time.Duration // of climb: how much of its part data takes
	asked  time.Time     // when Divide was called last
	waited time.Time     // when messages waited last
	sent   media.Bitrate // what data may send
}

// Divide returns what data may send, and the budget that is left for media, some
// ten times a second.
//
// What media leave is for data, within seconds and but for a tenth. When that is not
// enough, data takes up to a quarter of the estimate from larger pictures, little by little;
// never from the lowest layers, nor from the sound. Below all that lies a floor
// of 64 kbit/s or a quarter of the estimate, whichever is less. It is not taken
// off the budget of media: where the lowest layers fill the path, a floor that
// fits into the slack of the estimate is no reason to turn a picture off.
func (s *Share) Divide(d Demand, now time.Time) (data, budget media.Bitrate) {
	step := s.pass(d.Waits, now)
	reserved := min(portion(d.Estimate, s.taken), less(d.Estimate, d.Lowest))
	floor := max(min(least, d.Estimate/most), trickle)
	left := min(less(d.Estimate-d.Estimate/slack, d.Media), s.sent+portion(most*d.Estimate, step*climb/ramp))
	s.sent = max(floor, reserved, left)
	return s.sent, d.Estimate - reserved
}

// pass lets the part that data takes grow while messages wait, and shrink when
// none did for a while.
func (s *Share) pass(waits bool, now time.Time) (step time.Duration) {
	step = max(0, min(now.Sub(s.asked), longest))
	s.asked = now
	switch {
	case waits:
		s.waited = now
		s.taken = min(s.taken+step, climb)
	case now.Sub(s.waited) > keep:
		s.taken = max(s.taken-step, 0)
	}
	return step
}

// portion is that much of the largest part of the estimate that data may take.
func portion(estimate media.Bitrate, taken time.Duration) media.Bitrate {
	return min(estimate, terabit) / most * media.Bitrate(taken/time.Microsecond) / media.Bitrate(climb/time.Microsecond)
}

// less returns a-b, or 0 if that were negative.
func less(a, b media.Bitrate) media.Bitrate { return a - min(a, b) }
