package estimate

import (
	"math"
	"time"
)

// The constants of libwebrtc modules/remote_bitrate_estimator/aimd_rate_control.cc.
const (
	backoff         = 0.85 // of what arrives, on overuse: kDefaultBackoffFactor; draft-ietf-rmcat-gcc-02, 5.5: beta
	growth          = 1.08 // a second, far from the capacity: draft-ietf-rmcat-gcc-02, 5.5: eta
	minGrowth       = 1000 // bit/s each time
	minIncrease     = 4000 // bit/s a second, near the capacity
	responseTime    = 100 * time.Millisecond
	typicalPacket   = 1200 * 8 // bits
	framesPerSecond = 30
	shortestGap     = 10 * time.Millisecond // between two reductions, and longestGap: BitrateReductionInterval
	longestGap      = 200 * time.Millisecond
	unknownCut      = 0.5 // on overuse, when nothing is known to arrive
	// How far above what arrives the rate may grow by itself. The factor is 1.5
	// there, for encoders, which follow the rate. We send layers, mostly less
	// than the rate, and would take the difference for proved.
	ackedFactor   = 1.2
	ackedHeadroom = 10_000
	// For a queue that stands, our own: so much less is sent that it is gone in
	// drainAim, but no less than deepestDrain of what arrives.
	drainAim     = time.Second
	deepestDrain = 0.5
	// While nothing waits, the rate is no lower than provedShare of what arrives,
	// from proveAfter a cut.
	provedShare = 0.95
	proveAfter  = 500 * time.Millisecond
	// On overuse, when what arrives is what the last probes found: it was a burst
	// and the path is as it was.
	gentleBackoff = 0.95
	// Of link_capacity_estimator.cc: a new sample's weight, the bounds of the
	// variance in kbit/s, and what belongs to the capacity, in deviations.
	capacityShare  = 0.05
	smallSpread    = 0.4
	largeSpread    = 2.5
	capacityBounds = 3
)

// aimd turns the detector's findings into a rate: down at once to a little less
// than what arrives, then up again, slowly near the capacity that overuse has
// shown, faster elsewhere. All rates are in bit/s.
type aimd struct {
	rate, min, max float64
	capacity       capacity
	ceiling        ceiling
	holding        bool      // after it fell, until the queue has drained
	changed        time.Time // when the rate last was
	cut            time.Time // when it was last lowered
}

// increase takes in that the path is not overused, what is known to arrive (0
// when not known) and the round trip time. The rate never rises by itself
// further above what arrives than ackedFactor: beyond, only a probe can tell.
func (a *aimd) increase(usage Usage, acked float64, rtt time.Duration, now time.Time) {
	past := min(max(now.Sub(a.changed), 0), time.Second)
	if usage == Underusing { // the queue drains: let it
		a.holding = true
		return
	}
	if a.holding || a.changed.IsZero() {
		past = 0
	}
	a.holding, a.changed = false, now
	if acked > a.capacity.upper() {
		a.capacity = capacity{}
	}
	limit := min(ackedFactor*acked+ackedHeadroom, a.ceiling.bound(acked, now))
	if acked == 0 || a.rate >= limit {
		return
	}
	step := max(a.rate*(math.Pow(growth, past.Seconds())-1), minGrowth)
	if a.capacity.known() {
		step = past.Seconds() * a.additive(rtt)
	}
	a.rate = min(a.rate+step, limit, a.max)
}

// prove takes in that so much arrives and nothing waits: the path carries it.
// For a moment after a cut what arrives is still of before it.
func (a *aimd) prove(acked float64, now time.Time) {
	if now.Sub(a.cut) > proveAfter {
		a.rate = min(max(a.rate, provedShare*acked), a.max)
	}
}

// additive returns how many bit/s the rate grows in a second near the capacity:
// one packet a response time.
func (a *aimd) additive(rtt time.Duration) float64 {
	frame := a.rate / framesPerSecond
	packet := frame / max(math.Ceil(frame/typicalPacket), 1)
	return max(packet/(rtt+responseTime).Seconds(), minIncrease)
}

// decrease lowers the rate, but only once in a round trip, unless it is far
// too high: the effect of the last time is not seen yet.
func (a *aimd) decrease(acked float64, rtt time.Duration, now time.Time) {
	gap := min(max(rtt, shortestGap), longestGap)
	if now.Sub(a.changed) < gap && !a.changed.IsZero() && (acked == 0 || acked >= a.rate/2) {
		return
	}
	a.holding, a.changed, a.cut = true, now, now
	if acked == 0 {
		a.set(a.rate*unknownCut, now)
		return
	}
	target := acked * backoff
	if known := a.ceiling.known(now); known > 0 && acked > roomShare*known {
		target = min(acked, a.rate) * gentleBackoff
	} else if target > a.rate && a.capacity.known() { // more arrives than the rate allows
		target = a.capacity.mean * backoff
	}
	if acked < a.capacity.lower() {
		a.capacity = capacity{}
	}
	a.capacity.add(acked)
	a.set(min(target, a.rate), now)
}

// drain lowers the rate for a queue that stands, so that it is gone in
// drainAim. While one stands, what arrives is what the path carries, and the
// last sample is to be believed.
func (a *aimd) drain(sampled float64, queue time.Duration, now time.Time) {
	a.holding, a.cut = true, now
	a.capacity = capacity{}
	a.capacity.add(sampled)
	share := min(max(1-float64(queue)/float64(drainAim), deepestDrain), backoff)
	a.set(min(sampled*share, a.rate), now)
}

// set replaces the rate.
func (a *aimd) set(rate float64, now time.Time) {
	a.rate = min(max(rate, a.min), a.max)
	a.changed = now
}

// capacity is what arrived when the path was overused: its mean and the spread
// around it, relative to the mean (libwebrtc link_capacity_estimator.cc). The
// zero capacity is not known.
type capacity struct {
	mean   float64 // bit/s
	spread float64 // variance in kbit/s over the mean in kbit/s
}

func (c *capacity) known() bool { return c.mean > 0 }

func (c *capacity) add(acked float64) {
	if !c.known() {
		c.mean, c.spread = acked, smallSpread
		return
	}
	c.mean += capacityShare * (acked - c.mean)
	off := (c.mean - acked) / 1000
	c.spread += capacityShare * (off*off/max(c.mean/1000, 1) - c.spread)
	c.spread = min(max(c.spread, smallSpread), largeSpread)
}

func (c *capacity) deviation() float64 { return 1000 * math.Sqrt(c.spread*c.mean/1000) }

// upper and lower return the bounds beyond which the capacity must have
// changed.
func (c *capacity) upper() float64 {
	if !c.known() {
		return math.Inf(1)
	}
	return c.mean + capacityBounds*c.deviation()
}

func (c *capacity) lower() float64 {
	return max(c.mean-capacityBounds*c.deviation(), 0)
}
