package estimate

import (
	"math"
	"time"
)

// The constants of libwebrtc loss_based_bwe_v2.cc (field trial
// WebRTC-LossBasedBweV2, by its parameter names).
const (
	lossObservation     = 250 * time.Millisecond // ObservationDurationLowerBound
	maxObservations     = 15                     // ObservationWindowSize
	minObservations     = 3                      // MinNumObservations
	lossRampUp          = 1.5                    // of what arrives: BwRampupUpperBoundFactor
	lossRampUpInHold    = 1.2                    // BwRampupUpperBoundInHoldFactor
	lossHoldThreshold   = 1.3                    // BwRampupUpperBoundHoldThreshold
	lossIncrease        = 1.3                    // in one lossIncreaseWindow: MaxIncreaseFactor
	lossIncreaseWindow  = 300 * time.Millisecond // DelayedIncreaseWindow
	firstLossHold       = 300 * time.Millisecond // kInitHoldDuration
	longestLossHold     = 60 * time.Second       // kMaxHoldDuration
	lossHoldGrowth      = 2                      // HoldDurationFactor
	instantLossOffset   = 0.08                   // InstantUpperBoundLossOffset, 0.05 there: a tenth lost at random must not halve 2.5 Mbit/s
	instantLossBalance  = 100                    // kbit/s: InstantUpperBoundBwBalance
	minObservationValue = 1e-6
)

// observation is what was sent in about lossObservation.
type observation struct {
	size, lost float64 // kilobytes
	rate       float64 // kbit/s, as sent
}

type lossState uint8

const (
	lossFree       lossState = iota // the rate by delay is the lower one
	lossDecreasing                  // losses keep the rate down
	lossIncreasing                  // they do still, but less and less
)

// lossBound is the rate above which losses are the path's answer to what is
// sent. It explains the last observations by an inherent loss, that the path
// has at any rate, and a bandwidth above which everything is lost, and takes
// the most likely pair. So a path that loses at random is not slowed down.
type lossBound struct {
	ring    [maxObservations]observation
	count   int // of all observations
	partial observation
	since   time.Time // when the last packet of the last observation was sent
	latest  time.Time // when the last packet in partial was

	best    channel
	average float64 // loss of the last observations, without the extremes
	state   lossState
	rate    float64 // kbit/s: the result
	hold    lossHold
	ramp    lossRamp
}

// lossHold keeps the rate from rising into the losses that it has just left;
// each time for longer, until the losses end.
type lossHold struct {
	until  time.Time
	length time.Duration
	rate   float64 // kbit/s, 0 when there is none
}

// lossRamp is how high the rate may rise in the present lossIncreaseWindow.
type lossRamp struct {
	begun time.Time
	limit float64 // kbit/s
}

// add takes in what became of one packet.
func (l *lossBound) add(r Result) {
	size := float64(r.Size) / 1000
	l.partial.size += size
	if !r.Received {
		l.partial.lost += size
	}
	if l.since.IsZero() {
		l.since = r.At
	}
	if r.At.After(l.latest) {
		l.latest = r.At
	}
}

// observe ends an observation if it is long enough.
func (l *lossBound) observe() bool {
	past := l.latest.Sub(l.since)
	if past < lossObservation || l.partial.size <= 0 {
		return false
	}
	l.partial.rate = l.partial.size * 8 / past.Seconds()
	l.ring[l.count%maxObservations] = l.partial
	if l.count++; l.count == 2*maxObservations { // it must not overflow, and keep the ring's phase
		l.count = maxObservations
	}
	l.partial, l.since = observation{}, l.latest
	l.average = l.trimmedLoss()
	return true
}

// update returns the bound in kbit/s: delay, the rate by delay, unless losses
// make it lower. acked is 0 when it is not known.
func (l *lossBound) update(delay, acked, most float64, idle bool) float64 {
	if !l.observe() {
		return l.result(delay)
	}
	if l.best.bandwidth == 0 {
		l.best = channel{bandwidth: delay, inherent: firstInherent}
		l.rate = delay
	}
	best := l.choose(delay, acked, most, idle)
	if l.state != lossFree {
		best.bandwidth = l.rampUp(best.bandwidth, acked)
	}
	bound := max(acked, min(best.bandwidth, l.instant(most), delay))
	if bound < best.bandwidth {
		if bound < delay { // what was taken for inherent is congestion
			best.inherent = 0
		}
		l.best = channel{bound, best.inherent}
	} else {
		best.bandwidth = max(best.bandwidth, acked)
		l.best = best
	}
	l.settle(min(bound, delay), delay, acked, most)
	if l.state != lossFree && l.latest.Sub(l.ramp.begun) > lossIncreaseWindow {
		l.ramp = lossRamp{begun: l.latest, limit: l.best.bandwidth * lossIncrease}
	}
	return l.result(delay)
}

// probed takes in the rate, in kbit/s, at which a probe has arrived. While few
// packets get lost it lifts the bound, which by itself could not rise further
// than what the application sends lets it.
func (l *lossBound) probed(rate float64) {
	if l.average <= instantLossOffset && rate > l.rate {
		l.best.bandwidth = max(l.best.bandwidth, rate)
		l.rate, l.hold = rate, lossHold{}
	}
}

// congested reports that losses are the reason to send less.
func (l *lossBound) congested() bool {
	return l.state == lossDecreasing && l.average > innocentLoss
}

// result returns the bound, once enough is known.
func (l *lossBound) result(delay float64) float64 {
	if l.count < minObservations || l.state == lossFree {
		return delay
	}
	return min(l.rate, delay)
}

// rampUp limits how fast the bandwidth rises again after losses.
func (l *lossBound) rampUp(bandwidth, acked float64) float64 {
	if l.latest.Sub(l.ramp.begun) < lossIncreaseWindow {
		bandwidth = min(bandwidth, l.ramp.limit)
	}
	if bandwidth <= l.best.bandwidth || acked == 0 {
		return bandwidth
	}
	factor := lossRampUp
	if acked < lossHoldThreshold*l.hold.rate {
		factor = lossRampUpInHold
	}
	return max(l.best.bandwidth, min(bandwidth, factor*acked))
}

// settle moves between the states and sets the result to bound.
func (l *lossBound) settle(bound, delay, acked, most float64) {
	limited := bound < delay && bound < most
	switch {
	case limited && l.state == lossDecreasing && l.hold.until.After(l.latest):
		l.hold.rate = max(l.hold.rate, acked)
		l.rate = min(l.hold.rate, bound)
		return
	case limited && l.state != lossFree && (bound > l.rate || bound == l.rate && l.state == lossIncreasing):
		l.state = lossIncreasing
	case limited:
		if l.state != lossDecreasing {
			length := max(l.hold.length, firstLossHold)
			l.hold = lossHold{l.latest.Add(length), min(length*lossHoldGrowth, longestLossHold), bound}
		}
		l.state = lossDecreasing
	default:
		l.hold, l.state = lossHold{}, lossFree
	}
	l.rate = bound
}

// instant returns the bound by the average loss alone: none below 5 %.
func (l *lossBound) instant(most float64) float64 {
	if l.average <= instantLossOffset {
		return most
	}
	return instantLossBalance / (l.average - instantLossOffset)
}

// trimmedLoss returns the share of bytes lost, newer observations counting
// more, without the best and the worst one: a single burst is no congestion.
// If that burst came with a burst of ours, it is.
func (l *lossBound) trimmedLoss() float64 {
	var size, lost, median float64
	var least, worst struct{ share, size, lost, rate float64 }
	least.share = math.Inf(1)
	l.each(func(o observation, weight float64) {
		size += weight * o.size
		lost += weight * o.lost
		if share := o.lost / o.size; share > worst.share {
			worst.share, worst.size, worst.lost, worst.rate = share, weight*o.size, weight*o.lost, o.rate
		}
		if share := o.lost / o.size; share < least.share {
			least.share, least.size, least.lost = share, weight*o.size, weight*o.lost
		}
	})
	median = l.medianRate()
	if l.count <= minObservations || worst.rate >= 2*median { // MedianSendingRateFactor
		return lost / size
	}
	rest := size - least.size - worst.size
	if rest <= minObservationValue {
		return lost / size
	}
	return max(lost-least.lost-worst.lost, 0) / rest
}

// medianRate returns that of the rates at which observations were sent.
func (l *lossBound) medianRate() float64 {
	var sorted [maxObservations]float64
	n := 0
	l.each(func(o observation, _ float64) {
		i := n
		for ; i > 0 && sorted[i-1] > o.rate; i-- {
			sorted[i] = sorted[i-1]
		}
		sorted[i] = o.rate
		n++
	})
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// each calls f with every observation and its weight, the newest first.
func (l *lossBound) each(f func(o observation, weight float64)) {
	weight := 1.0
	for i := range min(l.count, maxObservations) {
		f(l.ring[(l.count-1-i)%maxObservations], weight)
		weight *= observationWeight
	}
}
