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

	// The plan at hand. What is beyond MaxClaims is never granted anything.
	claims []Claim
	grants []Grant
	order  [MaxClaims]uint8 // of those that ask for anything, the first served first
	asking int
	used   media.Bitrate
}

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
// as the priority says. Only the lowest layer of a favoured track is granted
// beyond the budget, and that of one only.
func (p *Planner) Plan(budget media.Bitrate, claims []Claim, now time.Time) (grants []Grant, next media.Bitrate) {
	budget = min(budget, maxCost)
	p.begin(claims)
	had := p.had()
	l := p.patience.limits(budget, had, now)
	p.lowest(l)
	p.favoured(l)
	p.rounds(l, true)
	p.rounds(l, false)
	p.patience.planned(had, p.used, now)
	p.claims = nil
	return p.grants, p.next(claims)
}

// Used returns what all that was granted costs.
func (p *Planner) Used() media.Bitrate { return p.used }

// begin pauses everyone and finds out who is to be served first.
func (p *Planner) begin(claims []Claim) {
	p.claims, p.grants = claims, p.grants[:0]
	p.asking, p.used = 0, 0
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
}

// had returns what all that was granted last would cost now.
func (p *Planner) had() (sum media.Bitrate) {
	for _, i := range p.order[:p.asking] {
		sum += p.claims[i].cost(p.claims[i].had())
	}
	return sum
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

// rounds lets everyone climb in turn until nobody can; if kept, only as far as
// it was before. What was there is given again first: otherwise two tracks
// could take a layer from each other time and again.
func (p *Planner) rounds(l limits, kept bool) {
	for climbed := true; climbed; {
		climbed = false
		for _, i := range p.order[:p.asking] {
			for range max(1, p.claims[i].Wish.Priority) {
				if !p.climb(i, l, kept) {
					break
				}
				climbed = true
			}
		}
	}
}

// climb takes claim i one step up, if there is one and it is affordable.
func (p *Planner) climb(i uint8, l limits, kept bool) bool {
	c := &p.claims[i]
	to, ok := c.above(p.grants[i])
	if !ok || p.grants[i].Paused || kept && c.had().below(to) || !p.affordable(i, to, l) {
		return false
	}
	p.grant(i, to)
	return true
}

// affordable reports whether claim i may be given to in place of what it has.
// What it had before may use up the budget; what is new leaves some to spare.
func (p *Planner) affordable(i uint8, to Grant, l limits) bool {
	c := &p.claims[i]
	before, after := c.cost(p.grants[i]), c.cost(to)
	had := c.had()
	switch {
	case after <= before:
		return true
	case !had.below(to):
		return p.used+after-before <= l.kept
	case had.Paused && to == Grant{}:
		return p.used+withSpare(after-before) <= l.shown
	default:
		return p.used+withSpare(after-before) <= l.raised
	}
}

func (p *Planner) grant(i uint8, to Grant) {
	c := &p.claims[i]
	p.used += c.cost(to)
	p.used -= c.cost(p.grants[i])
	p.grants[i] = to
}

// next returns what the next larger picture needs beyond what is used: of the
// first who has none, or else of the first who could have a larger one.
func (p *Planner) next(claims []Claim) media.Bitrate {
	var larger media.Bitrate
	for _, i := range p.order[:p.asking] {
		c := &claims[i]
		if p.grants[i].Paused {
			return withSpare(c.cost(Grant{}))
		}
		if to := c.larger(p.grants[i]); larger == 0 && to != p.grants[i] {
			before, after := c.cost(p.grants[i]), c.cost(to)
			larger = withSpare(max(after, before+1) - before)
		}
	}
	return larger
}
