package estimate

import (
	"math"
	"time"
)

// The constants of libwebrtc trendline_estimator.cc; those of the adaptive
// threshold are also in draft-ietf-rmcat-gcc-02, section 5.4 and table 1, with
// other figures.
const (
	trendWindow    = 20   // groups that the line is fitted through: kDefaultTrendlineWindowSize
	trendSmoothing = 0.9  // of the accumulated delay: kDefaultTrendlineSmoothingCoeff
	trendGain      = 4    // kDefaultTrendlineThresholdGain
	trendFull      = 60   // a trend counts in full after so many groups: kMinNumDeltas
	trendCount     = 1000 // where counting stops: kDeltaCounterMax

	firstThreshold = 12.5 // ms: threshold_
	lowThreshold   = 6
	highThreshold  = 600
	thresholdUp    = 0.0087 // k_up_
	thresholdDown  = 0.039  // k_down_
	thresholdSpike = 15     // ms above the threshold that it does not follow: kMaxAdaptOffsetMs
	thresholdStep  = 100 * time.Millisecond
	overuseTime    = 10 * time.Millisecond // kOverUsingTimeThreshold
	milliseconds   = float64(time.Millisecond)
	absurdDelta    = 10 * time.Second // no queue is that long: a lie or another clock
)

// trendline finds out whether the queue of the path grows: it fits a line
// through the delay that groups gathered, and compares the line's slope with a
// threshold that follows the usual noise.
type trendline struct {
	at, delay [trendWindow]float64 // ms: arrival and smoothed delay of the last groups, a ring
	deltas    int                  // how many groups there were
	gathered  float64              // ms
	smoothed  float64              // ms
	threshold float64
	adapted   time.Time // when the threshold was
	over      time.Duration
	overs     int // groups in a row above the threshold
	lastSlope float64
	elapsed   float64 // ms on the receiver's clock
	usage     Usage
}

// add takes in a group of packets and returns what the queue does.
func (t *trendline) add(d delta, now time.Time) Usage {
	if d.sent < 0 || d.sent > absurdDelta || d.arrived > absurdDelta {
		return t.usage
	}
	if t.threshold == 0 {
		t.threshold = firstThreshold
	}
	gain := float64(d.arrived-d.sent) / milliseconds
	t.elapsed += float64(d.arrived) / milliseconds
	t.gathered += gain
	t.smoothed = trendSmoothing*t.smoothed + (1-trendSmoothing)*t.gathered
	i := t.deltas % trendWindow
	t.at[i], t.delay[i] = t.elapsed, t.smoothed
	t.deltas++
	slope := t.lastSlope
	if t.deltas >= trendWindow {
		slope = t.slope(slope)
	}
	t.detect(slope, d.sent, now)
	if t.deltas >= trendCount+trendWindow { // keep the ring's phase
		t.deltas -= trendWindow
	}
	return t.usage
}

// slope returns that of the line through the window by least squares, or
// otherwise when all arrived at once.
func (t *trendline) slope(otherwise float64) float64 {
	var x, y float64
	for i := range t.at {
		x += t.at[i] / trendWindow
		y += t.delay[i] / trendWindow
	}
	var rise, run float64
	for i := range t.at {
		rise += (t.at[i] - x) * (t.delay[i] - y)
		run += (t.at[i] - x) * (t.at[i] - x)
	}
	if run == 0 {
		return otherwise
	}
	return rise / run
}

// detect says overuse when the slope stays above the threshold, and does not
// fall, for overuseTime and more than one group.
func (t *trendline) detect(slope float64, sent time.Duration, now time.Time) {
	trend := float64(min(t.deltas, trendFull)) * slope * trendGain
	switch {
	case t.deltas < 2:
		t.usage = Normal
	case trend > t.threshold:
		if t.overs == 0 {
			t.over = sent / 2 // on average it began halfway
		} else {
			t.over += sent
		}
		t.overs++
		if t.over > overuseTime && t.overs > 1 && slope >= t.lastSlope {
			t.over, t.overs = 0, 0
			t.usage = Overusing
		}
	case trend < -t.threshold:
		t.over, t.overs = 0, 0
		t.usage = Underusing
	default:
		t.over, t.overs = 0, 0
		t.usage = Normal
	}
	t.lastSlope = slope
	t.adapt(math.Abs(trend), now)
}

// adapt moves the threshold towards the trend, quickly down and slowly up, so
// that a TCP flow beside ours, whose queue is never empty, does not starve it
// (draft-ietf-rmcat-gcc-02, 5.4).
func (t *trendline) adapt(trend float64, now time.Time) {
	step := min(now.Sub(t.adapted), thresholdStep)
	first := t.adapted.IsZero()
	t.adapted = now
	if first || step < 0 || trend > t.threshold+thresholdSpike {
		return
	}
	k := thresholdUp
	if trend < t.threshold {
		k = thresholdDown
	}
	t.threshold += k * (trend - t.threshold) * float64(step) / milliseconds
	t.threshold = min(max(t.threshold, lowThreshold), highThreshold)
}
