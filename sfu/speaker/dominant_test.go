package speaker

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A letter is 100 ms; "who" is who dominates at the end of it.
func TestDominant(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, score, who string }{
		{"nobody speaks", `
			ana: ......____`,
			"----------"},
		{"one speaks, and has the floor until another does", `
			ana: ##########..............................`,
			"----aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"a change of turns", `
			ana: ##########..........
			ben: ..........##########`,
			"----aaaaaaaaaaaabbbb"},
		{"one that stops sending", `
			ana: ##########
			ben:           ##########`,
			"----aaaaaaaaaaaabbbb"},
		{"a cough", `
			ana: ##########...#########
			ben: ..........###.........`,
			"----aaaaaaaaaaaaaaaaaa"},
		{"a cough into silence", `
			ana: ##########.....................
			ben: ........................####...`,
			"----aaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"a cough before anyone spoke", `
			ben: ...####.............`,
			"--------------------"},
		{"assent", `
			ana: ##########.##########.##########
			ben: ..........##.........###........`,
			"----aaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"who interrupts waits until the other yields", `
			ana: ####################..........
			ben: ..........####################`,
			"----aaaaaaaaaaaaaaaaaaabbbbbbb"},
		{"louder is not more", `
			ana: +++++++++++++++++++++
			ben: ..........!!!!!!!!!!!`,
			"----aaaaaaaaaaaaaaaaa"},
		{"quiet speech takes the floor from loud silence", `
			ana: !!!!!!!!!!___________
			ben: ..........+++++++++++`,
			"----aaaaaaaaaaaabbbbb"},
		{"two want the floor, and get it in turn", `
			ana: ##########............
			ben: ............##########
			eve: .........########.....`,
			"----aaaaaaaaaaaaeeeeeb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := dominates(parts(t, tt.score), 5); got != tt.who {
				t.Errorf("%s\nwho:  %s\nwant: %s", tt.score, got, tt.who)
			}
		})
	}
}

// dominates plays a conversation and returns who dominates after each letter.
func dominates(all []part, worth int) string {
	var (
		d   Detector
		who strings.Builder
		n   int
	)
	play(all, worth,
		func(key Key, level uint8, now time.Time) { d.Observe(key, level, true, now) },
		func(time.Time) {
			if n++; n%worth != 0 {
				return
			}
			if key, ok := d.Dominant(); ok {
				who.WriteByte(byte(key))
			} else {
				who.WriteByte('-')
			}
		})
	return who.String()
}

// changes returns when the floor changed hands.
func changes(who string) (at []time.Duration) {
	last := byte('-')
	for i := range len(who) {
		if who[i] != last {
			at = append(at, time.Duration(i+1)*ptime)
			last = who[i]
		}
	}
	return at
}

// Every turn of a meeting is followed, once and soon, and no "mhm" is.
func TestTurnsOfAMeeting(t *testing.T) {
	t.Parallel()
	var late []time.Duration
	for seed := range uint64(10) {
		all, turns := meeting(rand.New(rand.NewPCG(seed, 1)), 6, time.Minute)
		at := changes(dominates(all, 1))
		if len(at) != len(turns) {
			t.Fatalf("seed %d: %d turns, the floor changed %d times: %v, %v", seed, len(turns), len(at), turns, at)
		}
		for i := range at {
			late = append(late, at[i]-turns[i])
		}
	}
	slices.Sort(late)
	median, last := late[len(late)/2], late[len(late)-1]
	t.Logf("%d turns, followed after %v, at most %v", len(late), median, last)
	if median > 700*time.Millisecond || last > time.Second {
		t.Errorf("turns are followed after %v, at most %v", median, last)
	}
}

// When all laugh at once somebody has to have the floor, but not by turns.
func TestLaughterDoesNotFlicker(t *testing.T) {
	t.Parallel()
	for _, people := range []int{2, 3, 6} {
		for seed := range uint64(5) {
			all := laughter(rand.New(rand.NewPCG(seed, 2)), people, time.Minute)
			n := len(changes(dominates(all, 1)))
			t.Logf("%d laugh for a minute: %d changes", people, n)
			if n > 20 {
				t.Errorf("seed %d: %d people laugh and the floor changes %d times in a minute", seed, people, n)
			}
		}
	}
}

// A fan that is as loud as speech has the floor for a while, but then it is
// known to be a fan, until somebody speaks over it at the same microphone.
func TestAFanDoesNotKeepTheFloor(t *testing.T) {
	t.Parallel()
	seconds := strings.Repeat
	who := dominates([]part{
		{'f', seconds("+++++", 40) + seconds("!!!!!", 2)},
		{'b', seconds("     ", 10) + seconds("####.", 30)},
	}, 10)
	for second, want := range map[int]byte{5: 'f', 14: 'f', 32: 'b', 39: 'b', 41: 'f'} {
		if got := who[5*second+4]; got != want {
			t.Errorf("after %d s %c dominates, want %c:\n%s", second, got, want, who)
		}
	}
}

// What DTX does not send is silence: a voice that is always as loud is no fan.
func TestAVoiceWithDTXIsNoFan(t *testing.T) {
	t.Parallel()
	seconds := strings.Repeat
	who := dominates([]part{
		{'d', seconds("#### ", 35) + seconds("     ", 3) + seconds("#### ", 3)},
		{'b', seconds("     ", 35) + seconds("####.", 3)},
	}, 10)
	if who[5*34] != 'd' || who[5*37] != 'b' || who[5*40] != 'd' {
		t.Errorf("the voice does not get the floor back:\n%s", who)
	}
}

func TestFramesOfAnyLengthAndJitter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		length, jitters time.Duration // a packet's; arrivals are multiples of jitters
	}{
		{"10 ms", 10 * time.Millisecond, 1},
		{"20 ms", 20 * time.Millisecond, 1},
		{"60 ms", 60 * time.Millisecond, 1},
		{"20 ms, three at a time", 20 * time.Millisecond, 60 * time.Millisecond},
		{"20 ms, five at a time", 20 * time.Millisecond, 100 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d Detector
			for at := time.Duration(0); at < 5*time.Second; at += tt.length {
				now := start.Add((at + tt.jitters - 1) / tt.jitters * tt.jitters)
				level, other := uint8(20), uint8(silence)
				if at >= 2*time.Second {
					level, other = other, level
				}
				d.Observe('a', level, true, now)
				d.Observe('b', other, true, now)
				passed := now.Sub(start)
				switch key, ok := d.Dominant(); {
				case passed < 400*time.Millisecond && ok,
					passed > 700*time.Millisecond && passed < 2400*time.Millisecond && key != 'a',
					passed > 2900*time.Millisecond && key != 'b':
					t.Fatalf("%c dominates after %v", key, passed)
				}
			}
		})
	}
}

func TestTheFloorIsFreeWhenWhoHasItGoes(t *testing.T) {
	t.Parallel()
	r := room{now: start}
	r.live(t, "a20 b20")
	r.live(t, "a20 b20")
	r.Remove('b')
	if key, ok := r.Dominant(); !ok || key != 'a' {
		t.Fatalf("%c, %v dominates, want a", key, ok)
	}
	r.Remove('a')
	if key, ok := r.Dominant(); ok || key != 0 {
		t.Errorf("%c dominates, and is gone", key)
	}
}

// What beats compares is what the paper's formula comes to, with the constants
// of the implementations, where a frame is speech or not; only the long scale
// is held to a lead, and to more than a cough.
func TestThePapersScores(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	won := 0
	for range 50_000 {
		// Random speech of any density, and often silent lately.
		h := history(r.Uint64()|r.Uint64()) << (r.IntN(2) * r.IntN(30))
		dominant := history(r.Uint64()&r.Uint64()) << (r.IntN(12) * r.IntN(6))
		paper := switches(h, dominant, uint8(r.IntN(threshold+1)), uint8(r.IntN(threshold+1)))
		want := paper && h.blocks() > max(cough, dominant.blocks()+lead)
		if h.beats(dominant) != want {
			t.Fatalf("%050b against %050b: %v, the paper says %v", h, dominant, !want, paper)
		}
		if want {
			won++
		}
	}
	if won < 500 {
		t.Errorf("only %d cases in which the floor changes hands", won)
	}
}

// switches is the paper's decision: the ratios of the scores of all three
// scales exceed C1, C2 and C3.
func switches(h, dominant history, level, dominantLevel uint8) bool {
	immediate := func(h history, level uint8) float64 {
		return score(float64(h&1)*float64((silence-level)/10), 13, 0.78)
	}
	middle := func(h history) float64 {
		return score(float64(bits.OnesCount64(uint64(h&(1<<medium-1)))), medium, 24)
	}
	far := func(h history) float64 { return score(float64(h.blocks()), long, 47) }
	return math.Log(immediate(h, level)/immediate(dominant, dominantLevel)) > 3 &&
		math.Log(middle(h)/middle(dominant)) > 2 &&
		math.Log(far(h)/far(dominant)) > 0
}

// score is the log-likelihood ratio of v active of n parts: binomial with p =
// 1/2 in speech, exponential with lambda in silence.
func score(v, n, lambda float64) float64 {
	gamma := func(x float64) float64 { g, _ := math.Lgamma(x + 1); return g }
	choose := gamma(n) - gamma(v) - gamma(n-v)
	return max(choose-n*math.Ln2-math.Log(lambda)+lambda*v, 1e-10)
}

func BenchmarkUpdate(b *testing.B) {
	var d Detector
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(interval)
		for key := range Key(50) {
			d.Observe(key, 20, true, now)
		}
		d.Update(now)
	}
}
