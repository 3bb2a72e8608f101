package report

import "time"

const (
	// rise is how much of the time that passes the mapping may rise by, to follow
	// a publisher's clock that runs slow: 200 ppm, twice what a crystal is off.
	rise = 5000 // one part of it

	// A report that is further off than leap is not believed, unless all of the
	// next say the same for as long as patience: then a clock was set.
	leap     = time.Second
	patience = 10 * time.Second
)

// Clock maps one publisher's NTP clock to ours. All streams of a publisher
// share it, so that they keep their distance: this is what lip sync rests on.
// The zero Clock is ready to use.
//
// A report comes later than its NTP time by what the path takes and by what it
// waited in queues. The one that waited least tells the most, so the mapping is
// the least distance seen. It rises slowly again: whatever changed, streams
// whose own reports go out before and after must not part.
type Clock struct {
	ntp      uint64 // the first report's time
	arrival  time.Time
	distance time.Duration // from the publisher's clock to ours, less that of the first report
	noted    time.Time     // arrival of the last report believed

	odd      time.Duration // a distance not believed
	oddSince time.Time     // zero when the last report was believed
}

// Note takes the NTP time of a sender report that arrived at arrival. Zero is
// the time of a publisher that has no clock (RFC 3550, 6.4.1) and is ignored.
func (c *Clock) Note(ntp uint64, arrival time.Time) {
	if ntp == 0 {
		return
	}
	if c.arrival.IsZero() {
		*c = Clock{ntp: ntp, arrival: arrival, noted: arrival}
		return
	}
	distance := arrival.Sub(c.arrival) - since(c.ntp, ntp)
	risen := c.distance + arrival.Sub(c.noted)/rise
	switch {
	case !far(distance, risen):
		c.distance = min(distance, risen)
	case c.insists(distance, arrival):
		c.distance = distance
	default:
		return
	}
	c.noted, c.oddSince = arrival, time.Time{}
}

// insists reports whether distance, which is odd, has been told long enough.
func (c *Clock) insists(distance time.Duration, arrival time.Time) bool {
	if c.oddSince.IsZero() || far(distance, c.odd) {
		c.odd, c.oddSince = distance, arrival
	}
	return arrival.Sub(c.oddSince) >= patience
}

func far(a, b time.Duration) bool { return a-b > leap || b-a > leap }

// Local returns the time on our clock at which the publisher's clock showed
// ntp; ok is false before the first Note.
func (c *Clock) Local(ntp uint64) (t time.Time, ok bool) {
	if c.arrival.IsZero() {
		return time.Time{}, false
	}
	return c.arrival.Add(since(c.ntp, ntp) + c.distance), true
}
