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
	// What layers cost wavers: nothing is taken away for so much, in percent.
	waver = 2
	// What counts as the budget for that is the least of so many seconds.
	recent = 2

	// After congestion nothing is raised for some time. When that which was
	// raised before had not held for long, that time doubles: the estimate
	// promises more than the path keeps. It is forgotten when something did.
	calm        = 8 * time.Second
	longestWait = 2 * time.Minute
	longestOff  = 30 * time.Second // of pictures that went off
	tooSoon     = 30 * time.Second
	// And then it is raised step by step, so long apart that congestion shows:
	// beside others on a path, all that a probe finds in a moment is not ours.
	nextStep = time.Second

	// A fall to half that is over within blink, with something to spare,
	// was none of the path: a radio or a machine was elsewhere for a moment. That
	// is forgiven once in tooSoon; who blinks more often is not to be relied on.
	blink = 2500 * time.Millisecond

	// A path that has so many percent of what was too much, all the time for so many
	// seconds, is not the one on which that was: the wait ends. That happens once in
	// tooSoon too; who shares a path with greedy others finds as much now and then.
	wider, wideFor = 150, 3

	// Pictures go off when their lowest layers do not fit for so long: the first
	// estimates of a path that got worse are too low, and the keyframes of the
	// smaller pictures make these dear at first.
	grace = 2 * time.Second
)

func spareOf(cost media.Bitrate) media.Bitrate { return cost * spare / 100 }

// limits are up to what sum something may be granted: the lowest layer of a
// picture that was on, whatever else was had before, a picture that was off, and
// anything else.
type limits struct {
	on, kept, shown, raised media.Bitrate

	careful bool // one step at a time
}

// patience decides when there is something to raise. To lower it has none.
type patience struct {
	level media.Bitrate         // what may be given
	least [steady]media.Bitrate // the least budget of each second, the current one first
	edge  time.Time             // when that began
	fit   time.Time             // when the lowest layers last fitted

	rise backoff // of all that was granted
	show backoff // of pictures that were off
	dip  dip

	over   media.Bitrate // what was granted when it was too much last
	relief time.Time     // when the path was last found to be another one than then
}

// dip is a fall of the budget that may be over in a moment. The zero dip is none.
type dip struct {
	at         time.Time     // when it began; zero when there is none
	had        media.Bitrate // what was granted until then
	deep       bool          // it was one to half
	rise, show backoff       // as they were
	forgiven   time.Time     // when one last was
}

// limits takes in the budget, what all that was granted costs, and what the
// lowest layers of it do.
func (h *patience) limits(budget, had, lowest media.Bitrate, now time.Time) limits {
	h.note(budget, now)
	if lowest <= budget {
		h.fit = now
	}
	kept := budget + budget*waver/100
	h.blinked(budget, had, kept, now)
	if had > kept {
		h.level = budget
		h.rise.drop(now, longestWait)
		h.over = had
	}
	h.relieved(now)
	lately := h.lately(recent)
	if lately >= h.level+spareOf(h.level) {
		h.level = lately
	}
	h.level = max(h.level, h.lately(steady))

	l := limits{on: budget, kept: max(budget, min(had, kept)), shown: lately, raised: min(lately, h.level)}
	if now.Sub(h.fit) < grace {
		l.on = max(budget, lowest)
	}
	if h.rise.failed(now) { // something to spare of all, and not only of this picture
		l.raised = l.raised * 100 / (100 + 15)
		l.careful = true
	}
	still := min(budget, had) // one may rise where another falls
	if h.rise.waiting(now) || l.careful && now.Sub(h.rise.raised) < nextStep {
		l.raised = still
	}
	if h.show.waiting(now) {
		l.shown = still
	}
	return l
}

// blinked remembers what there was before a fall, and takes that up again when
// the fall was none.
func (h *patience) blinked(budget, had, kept media.Bitrate, now time.Time) {
	d := &h.dip
	if had > kept && d.at.IsZero() {
		*d = dip{at: now, had: had, rise: h.rise, show: h.show, forgiven: d.forgiven}
	}
	d.deep = d.deep || budget <= d.had/2
	switch {
	case !d.at.IsZero() && now.Sub(d.at) > blink:
		d.at = time.Time{}
	case !d.at.IsZero() && d.deep && budget >= d.had+spareOf(d.had) && (d.forgiven.IsZero() || now.Sub(d.forgiven) > tooSoon):
		h.rise, h.show = d.rise, d.show
		*d = dip{forgiven: now}
	}
}

// relieved ends the wait after a drop where the path has become far wider.
func (h *patience) relieved(now time.Time) {
	wide := h.lately(wideFor)*100 >= h.over*wider
	if h.rise.waiting(now) && wide && (h.relief.IsZero() || now.Sub(h.relief) > tooSoon) {
		h.rise.relieve(now)
		h.show.relieve(now)
		h.relief = now
	}
}

// planned takes note of what was granted in place of what was had, and how many
// pictures were on and are.
func (h *patience) planned(had, used media.Bitrate, on, off int, now time.Time) {
	if used > had {
		h.rise.raise(now)
	}
	if on > 0 {
		h.show.raise(now)
	}
	if off > 0 {
		h.show.drop(now, longestOff)
	}
}

// note keeps the least budget of each second.
func (h *patience) note(budget media.Bitrate, now time.Time) {
	behind := now.Sub(h.edge)
	if behind >= steady*time.Second { // nothing is known of so long a time
		h.edge, behind = now, 0
		for i := range h.least {
			h.least[i] = budget
		}
	}
	for ; behind >= time.Second; behind -= time.Second {
		copy(h.least[1:], h.least[:])
		h.least[0] = budget
		h.edge = h.edge.Add(time.Second)
	}
	h.least[0] = min(h.least[0], budget)
}

// lately returns the least budget of so many seconds.
func (h *patience) lately(seconds int) media.Bitrate { return slices.Min(h.least[:seconds]) }

// backoff waits after a drop, the longer the more rises led to one.
type backoff struct {
	raised, dropped time.Time
	wait            time.Duration // after dropped
}

func (b *backoff) raise(now time.Time) { b.raised = now }

// drop takes note of congestion. While it goes on it is one and the same.
func (b *backoff) drop(now time.Time, longest time.Duration) {
	switch held := now.Sub(b.raised); {
	case b.raised.After(b.dropped) && held < tooSoon:
		b.wait = min(2*max(b.wait, calm/2), longest)
	case held > longestWait:
		b.wait = calm
	}
	b.wait = max(b.wait, calm)
	b.dropped = now
}

// relieve ends the wait, but forgets no mistakes.
func (b *backoff) relieve(now time.Time) {
	if b.waiting(now) {
		b.dropped = now.Add(-b.wait)
	}
}

func (b *backoff) waiting(now time.Time) bool { return now.Sub(b.dropped) < b.wait }

// failed reports that something had been raised too early, not long ago.
func (b *backoff) failed(now time.Time) bool {
	return b.wait > calm && now.Sub(b.dropped) < 2*b.wait
}
