package allocate

import (
	"slices"
	"time"

	"sfu/sfu/media"
)

const (
	// What is new must leave this much of its cost to spare, in percent, and the
	// budget must have risen by this much, or have been higher all the time for
	// steady, before more is given: most changes of an estimate are noise.
	spare  = 15
	steady = 10 // seconds
	// What counts as the budget for that is the least of so many seconds.
	recent = 2

	// After congestion nothing is raised for some time. When that which was
	// raised before had not held for long, that time doubles: the estimate
	// promises more than the path keeps. It is forgotten when something did.
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
	level media.Bitrate         // what may be given
	least [steady]media.Bitrate // the least budget of each second, the current one first
	edge  time.Time             // when that began

	dropped time.Time     // when the budget fell below what was granted
	raised  time.Time     // when the sum of what was granted last rose
	wait    time.Duration // after dropped
}

// limits takes in the budget and what all that was granted costs.
func (h *patience) limits(budget, had media.Bitrate, now time.Time) limits {
	h.note(budget, now)
	if had > budget {
		h.drop(budget, now)
	}
	lately := h.lately(recent)
	if h.wait <= calm && lately >= withSpare(h.level) {
		h.level = lately
	}
	h.level = max(h.level, h.lately(steady))
	if now.Sub(h.dropped) < h.wait {
		sum := min(budget, had) // one may rise where another falls
		return limits{kept: budget, shown: sum, raised: sum}
	}
	raised := min(lately, h.level)
	if h.wait > calm {
		raised = raised * 100 / (100 + spare)
	}
	return limits{kept: budget, shown: lately, raised: raised}
}

// note keeps the least budget of each second.
func (h *patience) note(budget media.Bitrate, now time.Time) {
	switch behind := now.Sub(h.edge); {
	case behind >= steady*time.Second: // nothing is known of so long a time
		h.edge = now
		for i := range h.least {
			h.least[i] = budget
		}
	default:
		for ; behind >= time.Second; behind -= time.Second {
			copy(h.least[1:], h.least[:])
			h.least[0] = budget
			h.edge = h.edge.Add(time.Second)
		}
	}
	h.least[0] = min(h.least[0], budget)
}

// lately returns the least budget of so many seconds.
func (h *patience) lately(seconds int) media.Bitrate { return slices.Min(h.least[:seconds]) }

// drop takes note of congestion. While the budget goes on falling it is one and
// the same.
func (h *patience) drop(budget media.Bitrate, now time.Time) {
	h.level = budget
	switch held := now.Sub(h.raised); {
	case h.raised.After(h.dropped) && held < tooSoon:
		h.wait = min(2*max(h.wait, calm/2), longestWait)
	case held > longestWait:
		h.wait = calm
	}
	h.wait = max(h.wait, calm)
	h.dropped = now
}

// planned takes note of what was granted in place of what was had.
func (h *patience) planned(had, used media.Bitrate, now time.Time) {
	if used > had {
		h.raised = now
	}
}
