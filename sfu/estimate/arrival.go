package estimate

import "time"

const (
	// groupLength is how long a sender's burst is: packets sent within it are
	// taken as one group (draft-ietf-rmcat-gcc-02, 5.2: burst_time;
	// libwebrtc delay_based_bwe.cc: kSendTimeGroupLength).
	groupLength = 5 * time.Millisecond
	// Packets that waited together, in Wi-Fi for instance, arrive as a burst:
	// closer than burstGap, and all within burstLength (libwebrtc
	// inter_arrival_delta.cc: kBurstDeltaThreshold, kMaxBurstDuration).
	burstGap    = 5 * time.Millisecond
	burstLength = 100 * time.Millisecond
	// reorderLimit groups that arrive backwards are a receiver whose clock was
	// set, and so is a clock that runs clockSkew ahead of ours (libwebrtc
	// inter_arrival_delta.cc: kReorderedResetThreshold,
	// kArrivalTimeOffsetThreshold).
	reorderLimit = 3
	clockSkew    = 3 * time.Second
)

// group is what was sent within groupLength.
type group struct {
	firstSent, lastSent       time.Time
	firstArrival, lastArrival time.Duration
	told                      time.Time // when we heard of the last arrival
	size                      int
}

// delta is how much later than its predecessor a group was sent and arrived.
type delta struct {
	sent, arrived time.Duration
}

// spacing groups packets and compares each group with the one before it. The
// zero spacing is ready to use.
type spacing struct {
	current, previous group
	reordered         int
}

// add takes in a received packet. ok is true when it begins a group and so ends
// one that can be compared.
func (s *spacing) add(r Result, now time.Time) (d delta, ok bool) {
	switch g := &s.current; {
	case g.size == 0:
		s.begin(r, now)
	case r.At.Before(g.firstSent): // overtaken: it says nothing of the queue
	case g.belongs(r):
		g.lastArrival = max(g.lastArrival, r.Arrival)
		if r.At.After(g.lastSent) {
			g.lastSent = r.At
		}
		g.told = now
		g.size += r.Size
	default:
		d, ok = s.compare()
		if s.current.size != 0 {
			s.previous = s.current
		}
		s.begin(r, now)
	}
	return d, ok
}

func (s *spacing) begin(r Result, now time.Time) {
	s.current = group{firstSent: r.At, lastSent: r.At, firstArrival: r.Arrival, lastArrival: r.Arrival, told: now, size: max(r.Size, 1)}
}

func (g *group) belongs(r Result) bool {
	if r.At.Sub(g.firstSent) <= groupLength {
		return true
	}
	// A burst: it came right behind the others, although sent later.
	gap := r.Arrival - g.lastArrival
	return gap <= burstGap && gap > -burstLength && gap < r.At.Sub(g.lastSent) && r.Arrival-g.firstArrival < burstLength
}

// compare returns what lies between the previous group and the current one.
func (s *spacing) compare() (d delta, ok bool) {
	if s.previous.size == 0 {
		return d, false
	}
	d.sent = s.current.lastSent.Sub(s.previous.lastSent)
	d.arrived = s.current.lastArrival - s.previous.lastArrival
	if d.arrived-s.current.told.Sub(s.previous.told) >= clockSkew {
		*s = spacing{}
		return d, false
	}
	if d.arrived < 0 {
		if s.reordered++; s.reordered >= reorderLimit {
			*s = spacing{}
		}
		return d, false
	}
	s.reordered = 0
	return d, true
}

const (
	// probeShadow is how long a probe's packets are felt, in units of the time
	// that they take at the estimate, since media goes on meanwhile; but no
	// longer than longestShadow after each.
	probeShadow   = 2
	longestShadow = 200 * time.Millisecond
)

// detector finds out what the queue does. The zero detector is ready to use.
type detector struct {
	spacing spacing
	trend   trendline
	usage   Usage
	shadow  time.Time // packets sent before it waited for a probe
}

// add takes in a received packet, in the order of sending, and reports whether
// it tells anything: what a probe does to the queue is meant, and no news.
func (d *detector) add(r Result, rate float64, now time.Time) bool {
	if r.Probe != 0 {
		if r.At.After(d.shadow) {
			d.shadow = r.At
		}
		d.shadow = d.shadow.Add(time.Duration(probeShadow * float64(r.Size) * 8 / rate * float64(time.Second)))
		if last := r.At.Add(longestShadow); d.shadow.After(last) {
			d.shadow = last
		}
		d.spacing = spacing{}
	}
	if r.At.Before(d.shadow) {
		return false
	}
	if between, ok := d.spacing.add(r, now); ok {
		d.usage = d.trend.add(between, now)
	}
	return true
}
