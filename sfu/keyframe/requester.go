package keyframe

import (
	"cmp"
	"time"
)

const (
	// What one subscriber may ask for: three requests at once, then one more
	// every three seconds. Jitsi Videobridge allows 3 in 10 s; a picture that is
	// broken for good is asked for again and again, and should not wait longer.
	maxRequests  = 3
	requestEvery = 3 * time.Second
)

// Requester limits the PLIs and FIRs with which one subscriber asks for one
// slot's keyframe: a keyframe costs the publisher and everyone who watches
// several pictures' worth of bits, so none of them may have one at will. What
// one asks in vain takes nothing from the others: each has its own. The zero
// Requester is ready to use.
type Requester struct {
	Burst int // how many requests at once, 0 for three

	full time.Time // when it may ask Burst times at once again
}

// Allow reports whether a request at now is to be passed on, and remembers it
// if so. A request that finds the encoding's Throttle waiting costs nobody
// anything and needs no leave.
func (r *Requester) Allow(now time.Time) bool {
	if r.full.Before(now) {
		r.full = now
	}
	burst := cmp.Or(r.Burst, maxRequests)
	if r.full.Sub(now) > time.Duration(burst-1)*requestEvery {
		return false
	}
	r.full = r.full.Add(requestEvery)
	return true
}
