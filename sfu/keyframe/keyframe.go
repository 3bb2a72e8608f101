package keyframe

import "time"

const (
	// minGap is the least time between two requests. Chromium 156 and Firefox
	// 153 silently ignore one that comes less than 300 ms after the last they
	// honoured: of requests up to 250 ms apart 9 in 10 were lost, at 320 ms
	// none.
	minGap = 320 * time.Millisecond
	// After patience unanswered requests the encoder is not there, or the path
	// to it is broken: then they only come every slowGap, so that they are not
	// what keeps the path busy.
	patience = 5
	slowGap  = time.Second
)

// Throttle coalesces the keyframe requests for one encoding: the first goes
// out at once, one that comes too early is deferred, and it is repeated until
// a keyframe came. The zero Throttle is ready to use.
type Throttle struct {
	waiting    bool
	asked      time.Time // the newest request
	sent       time.Time // the last PLI
	unanswered int       // PLIs since the last keyframe
}

// Request notes that somebody needs a keyframe that is newer than now.
func (t *Throttle) Request(now time.Time) {
	t.waiting, t.asked = true, now
}

// Seen notes that a keyframe arrived. It answers every request up to now, and
// not one that was made later: a keyframe out of the queue may be older.
func (t *Throttle) Seen(now time.Time) {
	t.unanswered = 0
	if !t.asked.After(now) {
		t.waiting = false
	}
}

// Due reports whether a PLI is to be sent now, and remembers it as sent.
func (t *Throttle) Due(now time.Time) bool {
	if !t.waiting || !t.sent.IsZero() && now.Sub(t.sent) < t.gap() {
		return false
	}
	t.sent = now
	t.unanswered++
	return true
}

func (t *Throttle) gap() time.Duration {
	if t.unanswered >= patience {
		return slowGap
	}
	return minGap
}

// Waiting reports whether a request is still unanswered.
func (t *Throttle) Waiting() bool { return t.waiting }
