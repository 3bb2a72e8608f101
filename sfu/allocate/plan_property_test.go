package allocate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sfu/sfu/media"
)

func anyClaims(r *rand.Rand) []Claim {
	claims := make([]Claim, r.IntN(12))
	for i := range claims {
		options := anyOptions(r)
		claims[i] = Claim{
			Wish: anyWish(r), Options: options, Option: r.IntN(len(options)), Temporal: uint8(r.UintN(3)),
			OnStage: r.IntN(8) == 0, Screen: r.IntN(8) == 0, New: true,
		}
		claims[i].Wish.Priority = uint8(r.UintN(4))
		for j := range options {
			options[j].Temporal = uint8(1 + r.UintN(3))
			if r.IntN(4) == 0 {
				continue // never flowed
			}
			var cost Cost
			sum := media.Bitrate(0)
			for t := range cost {
				sum += media.Bitrate(r.IntN(100_000 << j))
				cost[t] = sum
			}
			claims[i].Costs = append(claims[i].Costs, cost)
		}
	}
	return claims
}

// sum returns what the grants cost, and the claim that was served first.
func sum(claims []Claim, grants []Grant) (used media.Bitrate, first int) {
	first = -1
	for i := range claims {
		c := &claims[i]
		if !c.asks() {
			continue
		}
		used += c.sum(grants[i])
		if first < 0 || c.before(&claims[first]) {
			first = i
		}
	}
	return used, first
}

// Whatever is claimed and was granted before, no plan is dearer than the
// budget, but for what costs waver and the lowest layer of one favoured track; nobody is off whose
// lowest layer fits beside those of everyone who comes before, if no more than
// that was granted; nobody gets more than it asks for.
func TestPlansKeepTheirPromises(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		var p Planner
		claims, now := anyClaims(r), time.Unix(1000, 0)
		for range 40 {
			budget := media.Bitrate(r.IntN(300_000 << r.IntN(6)))
			grants, next := p.Plan(budget, claims, now)
			keepsPromises(t, &p, budget, claims, grants, next)
			for i := range claims {
				claims[i].Had, claims[i].New = grants[i], false
			}
			if r.IntN(10) == 0 {
				claims = anyClaims(r)
			}
			now = now.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
		}
	}
}

func keepsPromises(t *testing.T, p *Planner, budget media.Bitrate, claims []Claim, grants []Grant, next media.Bitrate) {
	t.Helper()
	if len(grants) != len(claims) {
		t.Fatalf("%d grants for %d claims", len(grants), len(claims))
	}
	claims = claims[:min(len(claims), MaxClaims)]
	used, first := sum(claims, grants)
	if p.Used() != used {
		t.Fatalf("used %d, granted %d", p.Used(), used)
	}
	lowest := media.Bitrate(0) // of those that were on
	for i := range claims {
		if c := &claims[i]; c.asks() && !c.had().Paused {
			lowest += c.cost(Grant{})
		}
	}
	beyond := first >= 0 && claims[first].rank() < unfavoured && !grants[first].Paused
	if used > budget+budget*waver/100 && (!beyond || used > claims[first].cost(Grant{})) && used > lowest {
		t.Fatalf("%d of %d granted: %+v", used, budget, grants)
	}
	content := true
	for i := range claims {
		c, g := &claims[i], grants[i]
		if !c.asks() {
			continue
		}
		if ceiling := (Grant{Option: c.ceiling(), Temporal: c.top(c.ceiling())}); ceiling.below(g) {
			t.Fatalf("%+v granted, %+v asked for", g, ceiling)
		}
		if _, more := c.above(g); more {
			content = false
		}
	}
	if content != (next == 0) {
		t.Fatalf("next is %d, everyone has all: %v", next, content)
	}
}

// While the same pictures are on, the first of the favoured never gets less of
// a larger budget.
func TestMoreBudgetIsNeverLess(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	compared := 0
	for range 1000 {
		claims := anyClaims(r)
		_, first := sum(claims, make([]Grant, len(claims)))
		if first < 0 || claims[first].rank() == unfavoured {
			continue
		}
		low := media.Bitrate(r.IntN(2_000_000))
		high := low + media.Bitrate(r.IntN(2_000_000))
		var a, b Planner
		before, _ := a.Plan(low, claims, time.Unix(1000, 0))
		after, _ := b.Plan(high, claims, time.Unix(1000, 0))
		if !slices.EqualFunc(before, after, func(a, b Grant) bool { return a.Paused == b.Paused }) {
			continue
		}
		compared++
		if after[first].below(before[first]) {
			t.Fatalf("of %d %+v, of %d %+v", low, before[first], high, after[first])
		}
	}
	if compared < 100 {
		t.Errorf("only %d plans could be compared", compared)
	}
}

// A budget that stays where it is settles: the second plan is the last.
func TestPlansSettle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		s := studio{claims: anyClaims(r), budget: media.Bitrate(r.IntN(3_000_000))}
		for range 200 {
			s.plan()
			s.tick++
		}
		s.changes = 0
		for range 20 {
			s.plan()
			s.tick++
		}
		if s.changes > 0 {
			t.Fatalf("%d changes of a steady budget", s.changes)
		}
	}
}

func TestPlanOfTooMany(t *testing.T) {
	t.Parallel()
	var p Planner
	claims := make([]Claim, 2*MaxClaims)
	for i := range claims {
		claims[i] = *camera("qhf")
	}
	grants, _ := p.Plan(math.MaxUint64, claims, time.Unix(1000, 0))
	for i, g := range grants {
		if g.Paused != (i >= MaxClaims) {
			t.Fatalf("claim %d is granted %+v", i, g)
		}
	}
}

func TestPlanDoesNotAllocate(t *testing.T) {
	var p Planner
	claims := make([]Claim, MaxClaims)
	for i := range claims {
		claims[i] = *camera("qhf")
	}
	now := time.Unix(1000, 0)
	plan := func() {
		now = now.Add(100 * time.Millisecond)
		grants, _ := p.Plan(20_000_000, claims, now)
		for i, g := range grants {
			claims[i].Had, claims[i].New = g, false
		}
	}
	plan()
	if n := testing.AllocsPerRun(100, plan); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPlan(b *testing.B) {
	var p Planner
	claims := make([]Claim, 25)
	for i := range claims {
		claims[i] = *camera("qhf")
	}
	now := time.Unix(1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(100 * time.Millisecond)
		grants, _ := p.Plan(10_000_000, claims, now)
		for i, g := range grants {
			claims[i].Had, claims[i].New = g, false
		}
	}
}

func FuzzPlanner(f *testing.F) {
	f.Add(uint64(1_000_000), []byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add(uint64(math.MaxUint64), []byte("costs that nobody would believe, and grants that were never given"))
	f.Add(uint64(0), []byte{255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, budget uint64, raw []byte) {
		var p Planner
		var claims []Claim
		for ; len(raw) >= 8; raw = raw[8:] {
			c := Claim{
				Options: make([]Option, raw[0]%5), Option: int(int8(raw[1])), Temporal: raw[2], Had: Grant{int(int8(raw[3])), raw[4], raw[5]&1 > 0},
				New: raw[5]&2 > 0, OnStage: raw[5]&4 > 0, Screen: raw[5]&8 > 0, Wish: Wish{Pinned: raw[5]&16 > 0, Paused: raw[5]&32 > 0, Priority: raw[6], FPS: raw[2]},
			}
			for i := range c.Options {
				c.Options[i] = Option{Temporal: raw[7], FPS: float64(raw[6]), Live: true, Size: media.Size{Width: uint16(raw[7]) << 8, Height: uint16(raw[6]) << 8}}
			}
			if raw[5]&64 > 0 {
				c.Costs = []Cost{{math.MaxUint64, media.Bitrate(raw[7]) << 56, media.Bitrate(raw[6]), 0}}
			}
			claims = append(claims, c)
		}
		for i := range 3 {
			grants, next := p.Plan(media.Bitrate(budget), claims, time.Unix(int64(1000-i), 0))
			keepsPromises(t, &p, media.Bitrate(budget), claims, grants, next)
			for j := range claims {
				claims[j].Had = grants[j]
			}
		}
	})
}
