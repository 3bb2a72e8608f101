package report

import "time"

// stale is how far from its last sender report a stream's time is still told.
// Reports come every few seconds: one further off was the last for now, or bears
// a time that the publisher's clock never showed.
const stale = time.Minute

// apart is how far from its last sender report a timestamp is still placed among
// those of other streams. An encoding that nobody watched has old reports when
// it comes back; in this time two crystals, 100 ppm apart, part by 60 ms.
const apart = 10 * time.Minute

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

// Common returns where rtp, a timestamp of the stream, lies on the timeline that
// all streams of its publisher share: their NTP clock in ticks of clock Hz,
// modulo the circle of timestamps. Two encodings of one camera give equal numbers
// for one picture, as far as their reports do: those of browsers count in
// milliseconds. ok is false before the first sender report, and further than ten
// minutes from the last.
func (l *Timeline) Common(rtp, clock uint32) (capture uint32, ok bool) {
	elapsed := rtp - l.rtp
	ahead, limit := int64(int32(elapsed)), int64(clock)*int64(apart/time.Second)
	if l.ntp == 0 || ahead > limit || ahead < -limit {
		return 0, false
	}
	return ntpTicks(l.ntp, clock) + elapsed, true
}

// Reset forgets the last report: the stream restarted.
func (l *Timeline) Reset() { *l = Timeline{} }
