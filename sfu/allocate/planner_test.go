package allocate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sfu/sfu/media"
)

// What the layers of the cameras in these stories cost, in kbit/s.
var costs = map[byte][3]media.Bitrate{'q': {60, 90, 120}, 'h': {200, 300, 400}, 'f': {700, 1000, 1400}}

// camera reads a claim: which letters there are, of which the last is what is
// asked for, and after a colon what is special: a priority, p(inned), s(tage),
// (screen) t(ext), - for paused by the client.
func camera(spec string) *Claim {
	letters, special, _ := strings.Cut(spec, ":")
	c := &Claim{Option: len(letters) - 1, Temporal: 2, New: true}
	for i := range len(letters) {
		kbits := costs[letters[i]]
		c.Options = append(c.Options, Option{Feed: 1, Temporal: 3, Live: true, Size: media.Size{Width: 320 << i, Height: 180 << i}})
		c.Costs = append(c.Costs, Cost{kbits[0] * 1000, kbits[1] * 1000, kbits[2] * 1000, kbits[2] * 1000})
	}
	c.Wish.Pinned = strings.Contains(special, "p")
	c.Wish.Paused = strings.Contains(special, "-")
	c.OnStage = strings.Contains(special, "s")
	c.Screen = strings.Contains(special, "t")
	if n := strings.Trim(special, "pst-"); n != "" {
		fmt.Sscan(n, &c.Wish.Priority)
	}
	return c
}

// said writes a grant as in h1, the letter of the option and its highest
// temporal layer; off for paused.
func said(spec string, g Grant) string {
	if g.Paused {
		return "off"
	}
	return fmt.Sprintf("%c%d", spec[g.Option], g.Temporal)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, claims string
		budget       media.Bitrate // in kbit/s
		want         string
		next         media.Bitrate
	}{
		{"room for all", "qhf qhf", 4000, "f2 f2", 0},
		{"nobody", "", 1000, "", 0},
		{"no more than is asked for", "q qh", 10000, "q2 h2", 0},
		{"nothing is asked for", "qhf:- qhf", 60, "off q0", 400},
		{"in step", "qhf qhf", 258, "q2 q2", 340},
		{"the first is a step ahead", "qhf qhf", 465, "h1 q2", 340},
		{"15 % of it are to be spare", "qhf qhf", 464, "q2 q2", 340},
		{"not of the lowest layer", "qhf qhf", 120, "q0 q0", 400},
		{"not room for both", "qhf qhf", 119, "q1 off", 69},
		{"not for one", "qhf qhf", 59, "off off", 69},
		{"nothing at all", "qhf qhf", 0, "off off", 69},
		{"a cheap picture in place of a dear one", "h q", 104, "off q1", 230},
		{"temporal layers before the next size", "qh", 344, "q2", 340},
		{"and half of them in that", "qh", 345, "h1", 160},
		{"but of text a quarter is enough", "qh:t", 230, "h0", 260},

		{"the pinned one first", "qhf qhf:p qhf", 1400, "q2 f1 q2", 610},
		{"whoever is pinned", "qhf:s qhf:t qhf:p qhf", 1900, "h1 q2 f2 q0", 1310},
		{"on stage before a screen", "qhf:t qhf:s qhf", 1300, "h0 f1 q0", 610},
		{"a screen before a camera", "qhf qhf:9 qhf:t", 930, "q1 q2 f0", 910},
		{"a picture for everyone before better ones", "qhf:p qhf qhf", 180, "q0 q0 q0", 400},
		{"but one for the pinned first", "qhf qhf qhf:p", 120, "q0 off q0", 69},
		{"and beyond the budget", "qhf qhf:p", 10, "off q0", 69},
		{"of one only", "qhf:s qhf:p", 10, "off q0", 69},
		{"then the others in rounds", "qhf:p qhf qhf", 1870, "f2 h1 q2", 340},

		{"by priority", "qhf qhf:1 qhf:2", 150, "off q0 q0", 69},
		{"more steps a round", "qhf qhf:4", 500, "q2 h1", 340},
		{"as many as there are", "qhf qhf:255", 1500, "h2 f1", 1210},
	} {
		var p Planner
		specs := strings.Fields(tt.claims)
		var claims []Claim
		for _, spec := range specs {
			claims = append(claims, *camera(spec))
		}
		grants, next := p.Plan(tt.budget*1000, claims, time.Unix(1000, 0))
		var got []string
		for i, g := range grants {
			got = append(got, said(specs[i], g))
		}
		if s := strings.Join(got, " "); s != tt.want || next/1000 != tt.next {
			t.Errorf("%s: got %s, next %d; want %s, next %d", tt.name, s, next/1000, tt.want, tt.next)
		}
	}
}

// A word of a story is a time in seconds, the budget in kbit/s from then on,
// and after = what is granted at that time, where that is to be looked at. The
// planner is called ten times a second. "@" and claims put others in place.
func TestPlanner(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, claims, story string }{
		{"what has become far wider is another path", "qhf", "0:500=h2 1:200=h0 5:740=h0 6.9:740=h0 7:740=h2"},
		{"but not when it is only a little wider", "qhf", "0:500=h2 1:300=h1 2:580=h1 8.9:580=h1 9:580=h2"},
		{"nor twice in half a minute", "qhf", "0:500=h2 1:200=h0 5:740=h0 7:740=h2 9:200=h0 14:740=h0 24.9:740=h0 25:740=h1 26:740=h2"},
		{"a steady budget", "qhf qhf", "0:1000=h2,h2 60:1000=h2,h2"},
		{"down at once, frames before size", "qhf qhf", "0:1000=h2,h2 1:780=h2,h1 2:600=h1,h1 2.1:391=h0,q2 2.2:89=q0,q0 4:89=q0,q0 4.1:89=q0,off"},
		{"a blink is forgiven", "qhf qhf", "0:1160=h2,h2 1:400=h0,h0 2:1160=h0,h0 4.5:1160=h2,h2"},
		{"but not two in half a minute", "qhf qhf", "0:1160=h2,h2 1:400=h0,h0 2:1160=h0,h0 6:1160=h2,h2 7:400=h0,h0 8:1160=h0,h0 14.9:1160=h0,h0"},
		{"a long one is none", "qhf qhf", "0:1160=h2,h2 1:400=h0,h0 3.6:1160=h0,h0 8.9:1160=h0,h0"},
		{"nor is a shallow one", "qhf qhf", "0:1160=h2,h2 1:600=h1,h1 2:1160=h1,h1 8.9:1160=h1,h1"},
		{"up after eight seconds", "qhf qhf", "0:1000=h2,h2 1:785=h2,h2 1.1:780=h2,h1 1.2:1000=h2,h1 9:1000=h2,h1 9.1:1000=h2,h2"},
		{"eight seconds after the last of it", "qhf", "0:500=h2 1:390=h1 2:290=h0 9:500=h0 9.9:500=h0 10:500=h2"},
		{"no eight seconds where there was no congestion", "qhf", "0:345=h1 1:460=h1 2:460=h2"},
		{"a rise that may be noise", "qh qh", "0:670=h1,h1 1:760=h1,h1 9.9:760=h1,h1 10:760=h2,h1"},
		{"a clear one", "qh qh", "0:670=h1,h1 1:771=h1,h1 1.9:771=h1,h1 2:771=h2,h1"},
		{"what was there for ten seconds", "qh qh", "0:670=h1,h1 1:760=h1,h1 5:671=h1,h1 5.1:760=h1,h1 14.9:760=h1,h1 15:760=h2,h1"},
		{"a mistake is not repeated soon", "qhf", "0:345=h1 1:530=h1 2:530=h2 3:350=h1 3.1:530=h1 10.9:530=h1 11:530=h2 12:350=h1 12.1:530=h1 27.9:530=h1 28:530=h2 29:350=h1 29.1:530=h1 60.9:530=h1 61:530=h2"},
		{"but is forgotten", "qhf", "0:345=h1 2:530=h1 4:530=h2 5:350=h1 5.1:530=h1 13:530=h2 14:350=h1 14.1:530=h1 30:530=h2 300:350=h1 300.1:530=h1 307.9:530=h1 308:530=h2"},
		{"off after two seconds, on with something to spare", "qhf", "0:200=q2 1:59=q0 2.8:59=q0 2.9:59=off 4:68=off 12:69=off 13:69=q0 14:61=q0"},
		{"on again before others get better", "qhf qhf:9", "0:119=off,q1 10:128=off,q1 20:135=off,q1 21:135=q0,q0"},
		{"a newcomer has a picture at once", "qhf", "0:460=h2 @qhf,qhf 1:460=h1,q2 20:460=h1,q2"},
		{"and even while others wait", "qhf", "0:600=h2 1:390=h1 @qhf,qhf 2:390=h0,q2"},
		{"who is pinned takes from the others", "qhf qhf", "0:1600=f1,h2 @qhf,qhf:p 1:1600=h2,f1"},
		{"even while others wait", "qhf qhf qh", "0:1950=f1,h2,h2 1:1500=f0,h2,h2 @qhf,qhf:p,qh 1.1:1500=h1,f1,h0"},
		{"two do not take a step from each other", "qhf qhf", "0:800=h2,h1 60:800=h2,h1"},
		{"pictures grow one by one", "qhf qhf", "0:200=q1,q1 2:950=q1,q1 3:950=h2,q1 3.4:950=h2,q1 3.5:950=h2,h2"},
		{"a large one takes longer", "qhf qhf", "0:200=q1,q1 2:2200=q1,q1 3:2200=f1,q1 3.4:2200=f1,q1 3.5:2200=f1,f1"},
		{"an off picture does not wait for the mistakes of others", "qhf qhf", "0:300=q2,q2 2:750=q2,q2 4:750=h1,h1 5:430=h0,h0 6:750=h0,h0 13:750=h1,h1 14:430=h0,h0 20:110=q0,q0 21.8:110=q0,q0 21.9:110=q1,off 23:175=q1,off 29.8:175=q1,off 29.9:175=q1,q0"},
		{"after a mistake the spare is one of all", "qhf", "0:345=h1 1:530=h1 2:530=h2 3:350=h1 3.1:530=h1 11:530=h2 12:350=h1 12.1:529=h1 27.9:529=h1 28:529=h2"},
		{"and no longer when that was long ago", "qhf", "0:345=h1 1:530=h1 2:530=h2 3:350=h1 3.1:530=h1 11:530=h2 12:350=h1 12.1:528=h1 43.9:528=h1 44:528=h2"},
		{"asking for less", "qhf", "0:2000=f2 @qh 1:2000=h2 @qhf 2:2000=f2"},
	} {
		if err := plan(tt.claims, tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func plan(claims, story string) error {
	s := studio{specs: strings.Fields(claims)}
	for _, spec := range s.specs {
		s.claims = append(s.claims, *camera(spec))
	}
	for word := range strings.FieldsSeq(story) {
		if word[0] == '@' {
			s.replace(strings.Split(word[1:], ","))
			continue
		}
		at, rest, _ := strings.Cut(word, ":")
		budget, want, _ := strings.Cut(rest, "=")
		var seconds float64
		var kbits media.Bitrate
		fmt.Sscan(at, &seconds)
		fmt.Sscan(budget, &kbits)
		for tick := int(seconds*10 + .5); s.tick < tick; s.tick++ {
			s.plan()
		}
		s.budget = kbits * 1000
		s.plan()
		s.tick++
		if got := s.said(); got != want {
			return fmt.Errorf("%s: got %s", word, got)
		}
	}
	return nil
}

// studio is one subscriber whose plans follow each other.
type studio struct {
	planner Planner
	specs   []string
	claims  []Claim
	budget  media.Bitrate
	tick    int // of 100 ms
	changes int // of a picture between two plans
}

func (s *studio) plan() {
	grants, _ := s.planner.Plan(s.budget, s.claims, time.Unix(1000, 0).Add(time.Duration(s.tick)*100*time.Millisecond))
	for i, g := range grants {
		if !s.claims[i].New && g != s.claims[i].Had {
			s.changes++
		}
		s.claims[i].Had, s.claims[i].New = g, false
	}
}

func (s *studio) said() string {
	var words []string
	for i := range s.claims {
		words = append(words, said(s.specs[i], s.claims[i].Had))
	}
	return strings.Join(words, ",")
}

// replace changes what is claimed; what was there has what it had.
func (s *studio) replace(specs []string) {
	before := s.claims
	s.specs, s.claims = specs, nil
	for i, spec := range specs {
		c := *camera(spec)
		if i < len(before) {
			c.New, c.Had = false, before[i].Had
		}
		s.claims = append(s.claims, c)
	}
}

// What never flowed is guessed by its pixels: in proportion to what did, or as
// is usual.
func TestCostsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		costs []Cost
		grant Grant
		want  media.Bitrate
	}{
		{"known", []Cost{{50, 75, 100}}, Grant{Temporal: 1}, 75},
		{"four times the pixels", []Cost{{50, 75, 90e3}}, Grant{Option: 1, Temporal: 2}, 360e3},
		{"a sixteenth", []Cost{{}, {}, {1, 2, 1600e3}}, Grant{Temporal: 2}, 100e3},
		{"a third less", []Cost{{50, 75, 90e3}}, Grant{Option: 1, Temporal: 1}, 240e3},
		{"and another", []Cost{{50, 75, 90e3}}, Grant{Option: 1}, 160e3},
		{"as is usual", nil, Grant{Option: 2, Temporal: 2}, 2 * 1280 * 720},
		{"more than there can be", []Cost{{1 << 63, 1 << 63, 1 << 63}}, Grant{Option: 2, Temporal: 2}, terabit},
	} {
		c := camera("qhf")
		c.Costs = tt.costs
		if got := c.cost(tt.grant); got+1 < tt.want || got > tt.want+1 {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// A wish for few frames bounds the lower options too.
func TestPlanWithinTheFramesAskedFor(t *testing.T) {
	t.Parallel()
	var p Planner
	c := camera("qh")
	c.Wish.FPS, c.Temporal = 15, 1
	c.Options[0].FPS, c.Options[1].FPS = 30, 30
	for budget, want := range map[media.Bitrate]string{100: "q0", 110: "q1", 190: "q1", 250: "q1", 350: "h1", 1000: "h1"} {
		p = Planner{}
		grants, _ := p.Plan(budget*1000, []Claim{*c}, time.Unix(1000, 0))
		if got := said("qh", grants[0]); got != want {
			t.Errorf("%d kbit/s: %s, want %s", budget, got, want)
		}
	}
}

// Asking for less is no congestion: nobody waits for it.
func TestAskingForLessIsNoCongestion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		before, after media.Bitrate
		had, want     string
	}{{460, 300, "h2", "h0"}, {160, 100, "q2", "q0"}} {
		s := studio{specs: []string{"qh"}, claims: []Claim{*camera("qh")}, budget: tt.before * 1000}
		c := &s.claims[0]
		c.Options[0].FPS, c.Options[1].FPS = 30, 30
		s.plan()
		s.tick++
		had := s.said()
		c.Wish.FPS, c.Temporal, s.budget = 8, 0, tt.after*1000
		s.plan()
		if b := &s.planner.patience.rise; had != tt.had || s.said() != tt.want || !b.dropped.IsZero() {
			t.Errorf("%s after %s, dropped at %v", s.said(), had, b.dropped)
		}
	}
}

// Whatever went wrong before, a picture is off for half a minute at most.
func TestPicturesAreNotOffForLong(t *testing.T) {
	t.Parallel()
	var h patience
	now := time.Unix(1000, 0)
	for range 10 {
		now = now.Add(time.Second)
		h.planned(0, 0, 1, 0, now)
		now = now.Add(time.Second)
		h.planned(0, 0, 0, 1, now)
	}
	if !h.show.waiting(now.Add(longestOff-1)) || h.show.waiting(now.Add(longestOff)) {
		t.Errorf("it waits for %v", h.show.wait)
	}
}

// An option that there is not is the nearest there is.
func TestClaimBeyondItsOptions(t *testing.T) {
	t.Parallel()
	for option, want := range map[int]string{-1: "q2", 0: "q2", 1: "h2", 7: "h2"} {
		var p Planner
		c := camera("qh")
		c.Option = option
		grants, next := p.Plan(5_000_000, []Claim{*c}, time.Unix(1000, 0))
		if got := said("qh", grants[0]); got != want || next != 0 {
			t.Errorf("option %d: %s and %d more, want %s", option, got, next, want)
		}
	}
}

// Raises and drops at these seconds, raises negative, and the wait after.
func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		times []int
		want  time.Duration
	}{
		{"the first", []int{100}, calm},
		{"raised too early once", []int{-90, 100}, calm},
		{"twice", []int{-90, 100, -110, 120}, 2 * calm},
		{"three times", []int{-90, 100, -110, 120, -140, 150}, 30 * time.Second},
		{"no longer than that", []int{-90, 100, -110, 120, -140, 150, -160, 170}, 30 * time.Second},
		{"still the same congestion", []int{-90, 100, -110, 120, 121, 122}, 2 * calm},
		{"it held for half a minute", []int{-90, 100, -110, 120, -130, 165}, 2 * calm},
		{"it held for long", []int{-90, 100, -110, 120, -130, 300}, calm},
	} {
		var b backoff
		for _, at := range tt.times {
			if at < 0 {
				b.raise(time.Unix(int64(-at), 0))
			} else {
				b.drop(time.Unix(int64(at), 0), 30*time.Second)
			}
		}
		if b.wait != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, b.wait, tt.want)
		}
	}
}
