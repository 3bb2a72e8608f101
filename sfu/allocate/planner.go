package allocate

import (
	"time"

	"sfu/sfu/media"
)

// MaxClaims is how many tracks can share one budget: as many as a subscriber
// has slots. Those beyond it are paused.
const MaxClaims = 64

// Planner shares the budget of one subscriber among its video tracks. It
// remembers how earlier plans went, so that an estimate that wavers does not
// make pictures waver. The zero Planner is ready to use.
type Planner struct {
	patience patience

	// The plan at hand.
	claims []Claim
	grants []Grant
	spent  [MaxClaims]media.Bitrate // on each claim
	steps  [MaxClaims]int           // that each has climbed
	had    [MaxClaims]Grant
	order  [MaxClaims]uint8 // of those that ask for anything, the first served first
	asked  [MaxClaims]ask   // in that order, what they ask for
	asking int
	used   media.Bitrate // the sum of what was spent
	rose   bool          // somebody got more than before

	enlarge time.Time // when the next picture may be granted a larger size
}

// A larger picture begins with a keyframe, which takes about a third of what it
// costs in a second. They come one by one, and each has a third of the budget
// to pass in: together they would fill every queue on the way, and look like
// congestion.
const keyframeShare = time.Second // times the share of the cost in the budget

// ask is what a client may change of a claim.
type ask struct{ claim, option, temporal, rank, priority uint8 }

// Plan shares budget, which is what is left of the estimate when audio is paid.
// Call it some ten times a second and whenever a claim changes. The grants are
// those of the claims, in their order; they are the Planner's own and hold
// until the next call. That of a claim that asks for nothing means nothing.
// next is what the next larger picture needs on top of Used, 0 when everyone
// has what it asks for.
//
// Served are first the lowest layers of everyone, so that no picture is off for
// another to be better; then the pinned track, those on stage and screens as
// far as they ask; then everyone step by step in rounds, as many steps a round
// as the priority says. Larger pictures come one after the other, with half of
// their frames at least unless they are screens. Beyond the
// budget is granted only the lowest layer of a favoured track, and of one only,
// and for two seconds those of the pictures that are on.
func (p *Planner) Plan(budget media.Bitrate, claims []Claim, now time.Time) (grants []Grant, next media.Bitrate) {
	budget = min(budget, terabit)
	other := p.begin(claims)
	had, lowest := p.hadSpent()
	l := p.patience.limits(budget, had, lowest, now)
	p.lowest(l)
	p.favoured(l)
	if !other {
		p.rounds(l, true)
	}
	p.rounds(l, false)
	p.oneByOne(budget, now)
	on, off := p.switched()
	p.patience.planned(had, p.used, on, off, now)
	p.claims = nil
	return p.grants, p.next(claims)
}

// Believe makes the next Plan take its budget as one that has held for long: of
// a path that was not known before, the first probes find within moments what
// it carries, and nobody is to wait for a good picture because of that, nor
// because costs were guessed too low before they were measured.
func (p *Planner) Believe() {
	h := &p.patience
	h.edge, h.rise, h.show = time.Time{}, backoff{}, backoff{}
}

// Used returns what all that was granted costs.
func (p *Planner) Used() media.Bitrate { return p.used }

// begin pauses everyone and finds out who is to be served first, and whether
// that is what was asked for last time too.
func (p *Planner) begin(claims []Claim) (other bool) {
	p.claims, p.grants = claims, p.grants[:0]
	before := p.asking
	p.asking, p.used, p.rose = 0, 0, false
	p.spent, p.steps = [MaxClaims]media.Bitrate{}, [MaxClaims]int{}
	for i := range claims {
		p.grants = append(p.grants, Grant{Paused: true})
		if i >= MaxClaims || !claims[i].asks() {
			continue
		}
		at := p.asking
		for ; at > 0 && claims[i].before(&claims[p.order[at-1]]); at-- {
			p.order[at] = p.order[at-1]
		}
		p.order[at] = uint8(i)
		p.asking++
	}
	other = p.asking != before
	for at, i := range p.order[:p.asking] {
		a := claims[i].ask()
		a.claim = i
		other = other || claims[i].New || p.asked[at] != a
		p.asked[at] = a
	}
	return other
}

// hadSpent finds out what of the last grants is still asked for, and returns
// what it would cost now, and what the lowest layers of it would.
func (p *Planner) hadSpent() (sum, lowest media.Bitrate) {
	for _, i := range p.order[:p.asking] {
		c := &p.claims[i]
		p.had[i] = c.had()
		sum += c.sum(p.had[i])
		if !p.had[i].Paused {
			lowest += c.cost(Grant{})
		}
	}
	return sum, lowest
}

// lowest lets everyone have a picture.
func (p *Planner) lowest(l limits) {
	for at, i := range p.order[:p.asking] {
		c := &p.claims[i]
		first := at == 0 && c.rank() < unfavoured
		if first || p.affordable(i, Grant{}, l) {
			p.grant(i, Grant{})
		}
	}
}

// favoured lets those have all they ask for that come before the others.
func (p *Planner) favoured(l limits) {
	for _, i := range p.order[:p.asking] {
		if p.claims[i].rank() == unfavoured {
			return
		}
		for p.climb(i, l, false) {
		}
	}
}

// rounds lets everyone climb until nobody can, in each round up to as many steps
// in all as the round's number times the priority; if kept, only as far as it
// was before. While nobody asks for anything else, what was there is given again
// first: otherwise two tracks would take a step from each other time and again.
// When somebody does it is shared anew.
func (p *Planner) rounds(l limits, kept bool) {
	for round, more := 1, true; more; round++ {
		more = false
		for _, i := range p.order[:p.asking] {
			most := round * max(1, int(p.claims[i].Wish.Priority))
			climbing := true
			for climbing && p.steps[i] < most {
				climbing = p.climb(i, l, kept)
			}
			more = more || climbing
		}
	}
}

// oneByOne lets only one of the pictures that were there grow or come back, and
// that not too soon after the last: each begins with a keyframe.
func (p *Planner) oneByOne(budget media.Bitrate, now time.Time) {
	for _, i := range p.order[:p.asking] {
		c, had := &p.claims[i], p.had[i]
		grows := !had.Paused && p.grants[i].Option > had.Option
		returns := had.Paused && !c.New && !p.grants[i].Paused
		if !grows && !returns {
			continue
		}
		if !now.Before(p.enlarge) {
			share := float64(p.spent[i]) / float64(max(budget, 1))
			p.enlarge = now.Add(time.Duration(share * float64(keyframeShare)))
			continue
		}
		cost := c.sum(had)
		p.used -= p.spent[i] - cost
		p.spent[i], p.grants[i] = cost, had
	}
}

// switched returns how many pictures that were there went on and off.
func (p *Planner) switched() (on, off int) {
	for _, i := range p.order[:p.asking] {
		switch was, is := p.had[i].Paused, p.grants[i].Paused; {
		case p.claims[i].New || was == is:
		case was:
			on++
		default:
			off++
		}
	}
	return on, off
}

// climb takes claim i one step up, if there is one and it is affordable.
func (p *Planner) climb(i uint8, l limits, kept bool) bool {
	to, ok := p.claims[i].above(p.grants[i])
	if !ok || p.grants[i].Paused || kept && p.had[i].below(to) {
		return false
	}
	more := p.had[i].below(to)
	if more {
		to = p.claims[i].worthwhile(to)
	}
	if more && l.careful && p.rose || !p.affordable(i, to, l) {
		return false
	}
	p.rose = p.rose || more
	p.grant(i, to)
	return true
}

// affordable reports whether claim i may climb to a step. What it had before
// may use up the budget; what is new leaves some of its cost to spare, and of
// its whole cost: a small rise to a large picture brings a large keyframe.
func (p *Planner) affordable(i uint8, to Grant, l limits) bool {
	cost := p.dearer(i, to)
	rise := cost - p.spent[i]
	lowest := to == Grant{}
	switch {
	case lowest && !p.had[i].Paused:
		return p.used+rise <= l.on
	case !p.had[i].below(to), lowest && p.claims[i].New:
		return p.used+rise <= l.kept
	case lowest:
		return p.used+rise+spareOf(cost) <= l.shown
	default:
		return p.used+rise+spareOf(cost) <= l.raised
	}
}

func (p *Planner) grant(i uint8, to Grant) {
	cost := p.dearer(i, to)
	p.used += cost - p.spent[i]
	p.spent[i], p.grants[i] = cost, to
	p.steps[i]++
}

// dearer returns what claim i costs at the next step. Measured costs need not
// rise with every step; for who climbs them one by one they do.
func (p *Planner) dearer(i uint8, to Grant) media.Bitrate {
	cost := max(p.spent[i], p.claims[i].cost(to))
	if to.Option > p.grants[i].Option { // it may leave out a step
		cost = max(cost, p.claims[i].cost(Grant{Option: to.Option}))
	}
	return cost
}

// next returns what the next larger picture needs beyond what is used: of the
// first who has none, or else of the first of the favoured who could have a
// larger one, or of who has least.
func (p *Planner) next(claims []Claim) (need media.Bitrate) {
	var least Grant
	for _, i := range p.order[:p.asking] {
		c, g := &claims[i], p.grants[i]
		if g.Paused {
			return c.cost(Grant{}) + spareOf(c.cost(Grant{}))
		}
		to := c.larger(g)
		if to == g || need > 0 && !g.below(least) {
			continue
		}
		cost := max(c.cost(to), p.spent[i]+1)
		need = cost - p.spent[i] + spareOf(cost)
		least = g
		if c.rank() < unfavoured {
			least = Grant{} // nobody has less
		}
	}
	return need
}
