package estimate

import "math"

// More constants of libwebrtc loss_based_bwe_v2.cc.
const (
	observationWeight = 0.9    // of an observation to the next newer one: TemporalWeightFactor
	firstInherent     = 0.01   // InitialInherentLossEstimate
	minInherent       = 1e-3   // InherentLossLowerBound
	mostInherent      = 0.08   // of a fast path: InherentLossUpperBoundOffset, 0.05 there for the same reason as instantLossOffset
	inherentBalance   = 100    // kbit/s, that a slow path may lose more: InherentLossUpperBoundBwBalance
	innocentLoss      = 0.02   // draft-ietf-rmcat-gcc-02, 6: no reason to change anything. Without it chance alone forbids half of the increases
	newtonStep        = 0.75   // NewtonStepSize
	preferHigh        = 0.0002 // for a kbit/s: HigherBwBiasFactor
	preferHighLog     = 0.02   // HigherLogBwBiasFactor
	preferThreshold   = 0.2    // of loss, above which lower is better: LossThresholdOfHighBandwidthPreference
	preferSmoothing   = 0.002  // BandwidthPreferenceSmoothingFactor
)

// channel is what could explain the losses that are observed.
type channel struct {
	bandwidth float64 // kbit/s: what is sent above it is lost
	inherent  float64 // the share that is lost of the rest
}

// loss returns the share that is lost at a sending rate.
func (c channel) loss(rate float64) float64 {
	p := c.inherent
	if rate > c.bandwidth {
		p += (1 - p) * (rate - c.bandwidth) / rate
	}
	return min(max(p, 1e-6), 1-1e-6)
}

// feasible bounds the inherent loss: more than a little is congestion.
func (c channel) feasible() channel {
	most := min(mostInherent+inherentBalance/max(c.bandwidth, 1), 1)
	c.inherent = min(max(c.inherent, minInherent), most)
	return c
}

// choose returns the channel that explains the observations best.
func (l *lossBound) choose(delay, acked, most float64, idle bool) channel {
	candidates := [...]float64{1.02 * l.best.bandwidth, l.best.bandwidth, 0.95 * l.best.bandwidth, 0, 0} // CandidateFactors
	if acked > 0 && !idle {                                                                              // AckedRateCandidate, NotUseAckedRateInAlr
		candidates[3] = acked
	}
	if delay > l.best.bandwidth { // DelayBasedCandidate
		candidates[4] = delay
	}
	if l.state != lossFree && l.ramp.limit > 0 {
		most = l.ramp.limit
	}
	best, likeliest := l.best, math.Inf(-1)
	for _, bandwidth := range candidates {
		if bandwidth == 0 {
			continue
		}
		c := channel{min(bandwidth, max(l.best.bandwidth, most)), l.best.inherent}.feasible()
		c = l.fit(c)
		if v := l.likelihood(c); v > likeliest {
			best, likeliest = c, v
		}
	}
	if l.average > best.inherent+innocentLoss && best.bandwidth > l.best.bandwidth { // NotIncreaseIfInherentLossLessThanAverageLoss
		best.bandwidth = l.best.bandwidth
	}
	return best
}

// fit moves the inherent loss towards the likeliest one, by a step of Newton's
// method on the logarithm of the likelihood.
func (l *lossBound) fit(c channel) channel {
	var first, second float64
	l.each(func(o observation, weight float64) {
		p := c.loss(o.rate)
		first += weight * (o.lost/p - (o.size-o.lost)/(1-p))
		second -= weight * (o.lost/(p*p) + (o.size-o.lost)/((1-p)*(1-p)))
	})
	c.inherent -= newtonStep * first / min(second, -1e-6)
	return c.feasible()
}

// likelihood returns the logarithm of how likely the observations are, with a
// preference for high bandwidths while little is lost.
func (l *lossBound) likelihood(c channel) float64 {
	over := preferThreshold - l.average
	preference := over / (preferSmoothing + math.Abs(over)) *
		(preferHigh*c.bandwidth + preferHighLog*math.Log1p(c.bandwidth))
	var sum float64
	l.each(func(o observation, weight float64) {
		p := c.loss(o.rate)
		sum += weight * (o.lost*math.Log(p) + (o.size-o.lost)*math.Log(1-p) + preference*o.size)
	})
	return sum
}
