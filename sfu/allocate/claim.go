package allocate

import "sfu/sfu/media"

// Cost is what one option costs with all temporal layers up to each; 0 while
// unknown.
type Cost [media.MaxTemporal]media.Bitrate

// Claim is what one video down track asks of the budget.
type Claim struct {
	Wish    Wish     // FPS and Priority count; its size is in Option
	Options []Option // low to high
	Costs   []Cost   // of each option; what is missing or 0 is guessed

	// What Chooser.Choose said: the claim asks for this and gets no more.
	Option   int
	Temporal uint8

	OnStage bool // shown large, as the dominant speaker is
	Screen  bool // text that must be read

	New bool  // it was not there before, and had nothing
	Had Grant // else: what it got last
}

// Grant is what the budget leaves of a claim.
type Grant struct {
	Option   int   // to forward, and to be asked of the publisher if it does not flow
	Temporal uint8 // the highest layer of it
	Paused   bool  // nothing: not even the lowest layer can be had
}

// asks reports whether there is anything to be had.
func (c *Claim) asks() bool { return !c.Wish.Paused && len(c.Options) > 0 }

// rank is lower the earlier a claim is served.
func (c *Claim) rank() uint8 {
	switch {
	case c.Wish.Pinned:
		return 0
	case c.OnStage:
		return 1
	case c.Screen:
		return 2
	}
	return unfavoured
}

const unfavoured = 3

// before reports whether c is served before d.
func (c *Claim) before(d *Claim) bool {
	if a, b := c.rank(), d.rank(); a != b {
		return a < b
	}
	return c.Wish.Priority > d.Wish.Priority
}

func (c *Claim) ask() ask {
	top := c.ceiling()
	return ask{option: uint8(top), temporal: c.top(top), rank: c.rank(), priority: c.Wish.Priority}
}

// A claim is served in steps, from Paused over every temporal layer of the
// lowest option to what it asks for: to go down costs temporal layers first,
// which needs no keyframe.

// above returns the step after g, and false where the claim asks for no more.
func (c *Claim) above(g Grant) (Grant, bool) {
	switch {
	case g.Paused:
		return Grant{}, true
	case g.Temporal < c.top(g.Option):
		return Grant{Option: g.Option, Temporal: g.Temporal + 1}, true
	case g.Option < c.ceiling():
		return Grant{Option: g.Option + 1}, true
	}
	return g, false
}

// worthwhile returns g, or the step after it where g is no gain: a larger
// picture with a quarter of the frames, for a keyframe. Text is there to be read.
func (c *Claim) worthwhile(g Grant) Grant {
	if g.Option > 0 && g.Temporal == 0 && c.top(g.Option) > 0 && !c.Screen {
		g.Temporal = 1
	}
	return g
}

// larger returns the next picture size above g with all frames, or all frames
// of the same where there is none.
func (c *Claim) larger(g Grant) Grant {
	if !g.Paused && g.Option < c.ceiling() {
		g.Option++
	}
	return Grant{Option: g.Option, Temporal: c.top(g.Option)}
}

// ceiling returns the highest option asked for.
func (c *Claim) ceiling() int { return min(max(c.Option, 0), len(c.Options)-1) }

// top returns the highest temporal layer asked for of an option.
func (c *Claim) top(option int) uint8 {
	if option == c.ceiling() {
		return min(c.Temporal, media.MaxTemporal-1)
	}
	return c.Options[option].temporal(c.Wish.FPS, c.Temporal)
}

// had returns what the claim got last as far as it still asks for it.
func (c *Claim) had() Grant {
	g := c.Had
	if g.Paused || c.New {
		return Grant{Paused: true}
	}
	if top := c.ceiling(); g.Option < 0 || g.Option > top {
		g = Grant{Option: top, Temporal: media.MaxTemporal - 1}
	}
	g.Temporal = min(g.Temporal, c.top(g.Option))
	return g
}

// below reports whether g is less than other.
func (g Grant) below(other Grant) bool {
	if g.Paused || other.Paused {
		return g.Paused && !other.Paused
	}
	return g.Option < other.Option || g.Option == other.Option && g.Temporal < other.Temporal
}

// terabit keeps sums of what nobody vouches for from overflowing.
const terabit media.Bitrate = 1e12

// sum returns what it costs to climb to g: as much as the dearest step.
func (c *Claim) sum(g Grant) (most media.Bitrate) {
	for at, more := (Grant{Paused: true}), true; more && at.below(g); {
		at, more = c.above(at)
		most = max(most, c.cost(at))
	}
	return most
}

// cost returns what a step costs.
func (c *Claim) cost(g Grant) media.Bitrate {
	if g.Paused {
		return 0
	}
	if known := c.known(g.Option, g.Temporal); known > 0 {
		return known
	}
	return c.guess(g)
}

func (c *Claim) known(option int, temporal uint8) media.Bitrate {
	if option >= len(c.Costs) {
		return 0
	}
	return min(c.Costs[option][min(temporal, media.MaxTemporal-1)], terabit)
}

// usualDensity is what cameras cost a second for each pixel, in bits: 1.8
// Mbit/s for 720p.
const usualDensity = 2

// usualStart is what the lowest option of a track costs of which nothing came
// yet: publishers begin with as much (libwebrtc: kDefaultStartBitrateBps).
const usualStart media.Bitrate = 300_000

// guess returns the cost of an option that did not flow yet, by its pixels: in
// proportion to one that did, or as is usual. Without the upper temporal layers
// it is a third less for each.
func (c *Claim) guess(g Grant) media.Bitrate {
	pixels := func(option int) float64 {
		width, height := sizeOf(c.Options, option)
		return float64(max(1, width*height))
	}
	bits := usualDensity * pixels(g.Option)
	if g.Option == 0 {
		bits = min(bits, float64(usualStart))
	}
	for i := range min(len(c.Options), len(c.Costs)) {
		if known := c.known(i, c.top(i)); known > 0 {
			bits = float64(known) * pixels(g.Option) / pixels(i)
			break
		}
	}
	for range c.top(g.Option) - min(g.Temporal, c.top(g.Option)) {
		bits *= 2. / 3
	}
	return min(media.Bitrate(bits), terabit)
}
