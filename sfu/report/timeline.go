package report

import "time"

// stale is how far from its last sender report a stream's time is still told.
// Reports come every few seconds: one further off was the last for now, or bears
// a time that the publisher's clock never showed.
const stale = time.Minute

// Timeline ties the RTP timestamps of one stream to wall time through its
// sender reports. The zero Timeline is ready to use.
type Timeline struct {
	ntp uint64 // 0 before the first report
	rtp uint32
}

// Note takes a sender report of the stream; one without an NTP time tells
// nothing.
func (l *Timeline) Note(ntp uint64, rtp uint32) {
	if ntp != 0 {
		l.ntp, l.rtp = ntp, rtp
	}
}

// At returns the stream's RTP timestamp at our time now; ok is false before
// the first sender report, and further than a minute from the last.
func (l *Timeline) At(c *Clock, now time.Time, clock uint32) (rtp uint32, ok bool) {
	if l.ntp == 0 {
		return 0, false
	}
	reported, ok := c.Local(l.ntp)
	if !ok {
		return 0, false
	}
	elapsed := now.Sub(reported)
	if elapsed < -stale || elapsed > stale {
		return 0, false
	}
	return l.rtp + ticks(elapsed, clock), true
}

// Common returns where rtp, a timestamp of the stream with clock in Hz, lies on
// the timeline that all streams of the publisher share: its NTP clock, counted in
// ticks modulo the circle of timestamps. Two encodings of one camera give equal
// numbers for what was captured at the same time, to within the jitter of their
// reports. ok is false before the first sender report, and so far from the last
// that it tells too little.
func (l *Timeline) Common(rtp, clock uint32) (capture uint32, ok bool) {
	if l.ntp == 0 {
		return 0, false
	}
	return ntpTicks(l.ntp, clock) + rtp - l.rtp, true
}

// Reset forgets the last report: the stream restarted.
func (l *Timeline) Reset() { *l = Timeline{} }
