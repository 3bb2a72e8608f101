package estimate

import (
	"math"
	"time"
)

// The constants of libwebrtc bitrate_estimator.cc.
const (
	firstRateWindow   = 500 * time.Millisecond // kInitialRateWindowMs
	rateWindow        = 150 * time.Millisecond // kRateWindowMs
	firstRateVariance = 50
	rateVarianceStep  = 5   // each sample may find that the rate has changed
	fastRateVariance  = 200 // and it surely has when an application-limited time ends
	rateUncertainty   = 10  // uncertainty_scale
	idleUncertainty   = 20  // the same for a sample below the rate while application-limited: uncertainty_scale_in_alr
	smallUncertainty  = 20  // and for one of smallSample bytes: small_sample_uncertainty_scale
	smallSample       = 2000

	// earlySpan is how much of the first window must have passed to know that a
	// path is full: half a second is long where it carries half of the start.
	earlySpan = 100 * time.Millisecond
)

// throughput is the rate of bytes on some clock, as a Bayesian estimate over
// short windows: a sample far from the estimate is trusted less. The zero
// throughput is ready to use.
type throughput struct {
	rate     float64 // kbit/s, 0 when not known
	variance float64
	sampled  float64       // kbit/s: the last sample alone
	bytes    int           // in the window that is open
	span     time.Duration // how much of it has passed
	last     time.Duration // the latest time of a packet
	begun    bool
}

// add counts a packet at a time. One from before the window that is open is
// late and left out; one from long before means that the clock was set.
func (t *throughput) add(at time.Duration, size int, idle bool) {
	window := rateWindow
	if t.rate == 0 {
		window = firstRateWindow
	}
	past := at - t.last
	if !t.begun || past < -firstRateWindow {
		t.begun, t.last, t.bytes, t.span = true, at, size, 0
		return
	}
	if past < -t.span {
		return
	}
	if past > 0 {
		t.last = at
		t.span += min(past, time.Hour)
		if past >= window { // a pause: what came before it is no sample
			t.bytes = 0
			t.span %= window
		} else if t.span >= window {
			t.sample(float64(t.bytes)*8/window.Seconds()/1000, t.bytes < smallSample, idle)
			t.bytes = 0
			t.span -= window
		}
	}
	t.bytes = min(t.bytes+size, math.MaxInt32)
}

// sample moves the rate towards a measured one.
func (t *throughput) sample(kbps float64, small, idle bool) {
	t.sampled = kbps
	if t.rate == 0 {
		t.rate, t.variance = kbps, firstRateVariance
		return
	}
	scale := float64(rateUncertainty)
	switch {
	case kbps >= t.rate:
	case small:
		scale = smallUncertainty
	case idle:
		scale = idleUncertainty
	}
	doubt := scale * math.Abs(t.rate-kbps) / t.rate
	doubt *= doubt
	variance := t.variance + rateVarianceStep
	t.rate = (doubt*t.rate + variance*kbps) / (doubt + variance)
	t.variance = doubt * variance / (doubt + variance)
}

// early returns the last sample in kbit/s, and before the first window is full
// what has come of it; 0 when that is next to nothing.
func (t *throughput) early() float64 {
	if t.sampled > 0 || t.span < earlySpan {
		return t.sampled
	}
	return float64(t.bytes) * 8 / t.span.Seconds() / 1000
}

// expectChange makes the next samples count for more.
func (t *throughput) expectChange() { t.variance += fastRateVariance }
