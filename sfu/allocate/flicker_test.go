package allocate

import (
	"math"
	"math/rand/v2"
	"testing"

	"sfu/sfu/media"
)

// noise is an estimate that does what estimates do: it wavers, is cut by a
// sixth now and then, and creeps back.
type noise struct {
	r     *rand.Rand
	waver float64 // what is wavering by, standard deviation
	state float64
	cut   float64 // 1: none
}

func (n *noise) of(capacity float64) media.Bitrate {
	n.state += -n.state/10 + n.waver*math.Sqrt(0.19)*n.r.NormFloat64() // forgotten within a second
	n.cut = min(1, n.cut*1.005)                                        // 5 % a second
	if n.r.IntN(150) == 0 {
		n.cut = 0.85
	}
	return media.Bitrate(capacity * n.cut * max(0.1, 1+n.state))
}

// A noisy estimate over seven minutes must not make six endpoints with two
// layers each change more than a few times, whatever it wavers about; the same
// trace without memory shows what that is worth.
func TestNoisyEstimateDoesNotFlicker(t *testing.T) {
	t.Parallel()
	const minutes, most = 7, 20
	worst, naive := 0, 0
	for seed := range uint64(20) {
		capacity := 0.7e6 + 160e3*float64(seed) // from less than the lowest layers to more than all
		n := noise{r: rand.New(rand.NewPCG(seed, 1)), waver: 0.07, cut: 1}
		s, forgetful := sixEndpoints(), sixEndpoints()
		for range minutes * 60 * 10 {
			s.budget = n.of(capacity)
			forgetful.budget = s.budget
			wobble(n.r, s.claims, forgetful.claims)
			forgetful.planner = Planner{}
			s.plan()
			s.tick++
			forgetful.plan()
		}
		worst, naive = max(worst, s.changes), naive+forgetful.changes
		if s.changes >= most {
			t.Errorf("about %.2f Mbit/s: %d changes in %d minutes", capacity/1e6, s.changes, minutes)
		}
	}
	t.Logf("at worst %d changes; without memory %d on average", worst, naive/20)
	if naive/20 < 10*most {
		t.Errorf("only %d changes without memory: the trace is too quiet to show anything", naive/20)
	}
}

func sixEndpoints() *studio {
	s := &studio{}
	for range 6 {
		c := Claim{New: true, Option: 1, Options: []Option{{Live: true, Temporal: 1}, {Live: true, Temporal: 1}}, Costs: make([]Cost, 2)}
		s.claims = append(s.claims, c)
	}
	return s
}

// wobble lets the endpoints cost what the seconds bring, 150 and 500 kbit/s
// more or less.
func wobble(r *rand.Rand, both ...[]Claim) {
	for i := range both[0] {
		low, high := media.Bitrate(140e3+r.IntN(20e3)), media.Bitrate(470e3+r.IntN(60e3))
		for _, claims := range both {
			claims[i].Costs[0][0], claims[i].Costs[1][0] = low, high
		}
	}
}
