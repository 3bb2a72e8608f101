package estimate

import (
	"math"
	"time"
)

const (
	// A probe that was faster than the path tells what the path carries, and
	// what grows by itself does not pass that, until it is out of date.
	ceilingTime = 15 * time.Second
	// What it tells wavers by the packets that get lost and by the frames of
	// other flows that it meets. One that is below ceilingDoubt of those before
	// counts when the next one is, too.
	ceilingWeight = 1.0 / 3
	ceilingDoubt  = 0.85
	// And something is left for the queue to drain.
	ceilingShare = 0.97
)

// ceiling is what the probes find that are faster than the path. The zero
// ceiling is not known.
type ceiling struct {
	rate    float64 // bit/s
	at      time.Time
	doubted bool
}

// add takes in what a probe has found.
func (c *ceiling) add(f finding, now time.Time) {
	found := f.rate
	if f.full {
		found /= saturatedShare
	}
	switch known := c.known(now); {
	case !f.full && found > known: // there is more
		*c = ceiling{}
	case !f.full:
	case known == 0 || c.doubted && found < ceilingDoubt*known:
		*c = ceiling{rate: found, at: now}
	case found < ceilingDoubt*known:
		c.doubted = true
	default:
		*c = ceiling{rate: known + ceilingWeight*(found-known), at: now}
	}
}

// bound returns how far a rate may grow of which so much arrives.
func (c *ceiling) bound(acked float64, now time.Time) float64 {
	if known := c.known(now); known > 0 {
		return max(ceilingShare*known, acked)
	}
	return math.Inf(1)
}

// known returns the ceiling, or 0 when it is not known.
func (c *ceiling) known(now time.Time) float64 {
	if now.Sub(c.at) > ceilingTime {
		return 0
	}
	return c.rate
}
