package allocate

import (
	"time"

	"sfu/sfu/media"
)

const (
	// What is new must leave this much of its cost to spare, in percent, and
	// the budget must have risen by this much for that to be looked at again
	// before lookAgain: most changes of an estimate are noise.
	spare     = 15
	lookAgain = 10 * time.Second

	// After congestion nothing is raised for some time. When that which was
	// raised last led to it, the time doubles: the estimate promises more than
	// the path holds.
	calm        = 8 * time.Second
	longestWait = 2 * time.Minute
	tooSoon     = 30 * time.Second
)

func withSpare(cost media.Bitrate) media.Bitrate { return cost + cost*spare/100 }

// limits are up to what sum something may be granted: what was had before, a
// picture that was off, and anything else.
type limits struct{ kept, shown, raised media.Bitrate }

// patience decides when there is something to raise. To lower it has none.
type patience struct {
	level media.Bitrate // what upgrades may use
	least media.Bitrate // the smallest budget since then
	since time.Time

	dropped time.Time     // when the budget fell below what was granted
	raised  time.Time     // when the sum of what was granted last rose
	wait    time.Duration // after dropped
}

// limits takes in the budget and what all that was granted costs.
func (h *patience) limits(budget, had media.Bitrate, now time.Time) limits {
	if had > budget {
		h.drop(budget, now)
	}
	h.look(budget, now)
	l := limits{kept: budget, shown: budget, raised: min(budget, h.level)}
	if now.Sub(h.dropped) < calm {
		l.shown = min(budget, had)
	}
	if now.Sub(h.dropped) < h.wait {
		l.raised = min(budget, had) // one may rise where another falls
	}
	return l
}

// drop takes note of congestion. While the budget goes on falling it is one and
// the same.
func (h *patience) drop(budget media.Bitrate, now time.Time) {
	switch {
	case h.raised.After(h.dropped) && now.Sub(h.raised) < tooSoon:
		h.wait = min(2*max(h.wait, calm/2), longestWait)
	case now.Sub(h.dropped) > longestWait:
		h.wait = calm
	}
	h.wait = max(h.wait, calm)
	h.dropped = now
	h.level, h.least, h.since = budget, budget, now
}

// look raises the level when the budget rose clearly, and otherwise puts it
// every ten seconds where the budget was at least.
func (h *patience) look(budget media.Bitrate, now time.Time) {
	h.least = min(h.least, budget)
	switch {
	case budget >= withSpare(h.level):
		h.level = budget
	case now.Sub(h.since) >= lookAgain:
		h.level = h.least
	default:
		return
	}
	h.least, h.since = budget, now
}

// planned takes note of what was granted in place of what was had.
func (h *patience) planned(had, used media.Bitrate, now time.Time) {
	if used > had {
		h.raised = now
	}
}
