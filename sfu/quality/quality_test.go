package quality

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sfu/sfu/media"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const (
	ms    = time.Millisecond
	kbits = media.Bitrate(1000)
	wish  = 3000 * kbits
)

// part is some seconds of a connection that is one way.
type part struct {
	seconds int
	Input
}

var (
	wifi  = Input{RTT: 30 * ms, LossDown: 0.003, Estimate: 8000 * kbits, Wanted: wish}
	cable = Input{Disconnected: true}
)

// but returns good Wi-Fi with one thing that is not.
func but(change func(*Input)) Input {
	in := wifi
	change(&in)
	return in
}

func loss(up, down float64) Input {
	return but(func(in *Input) { in.LossUp, in.LossDown = up, down })
}
func rtt(d time.Duration) Input            { return but(func(in *Input) { in.RTT = d }) }
func carries(estimate media.Bitrate) Input { return but(func(in *Input) { in.Estimate = estimate }) }

// play returns the score that everyone knows after each second, and who heard
// of it: c, everyone; f, the participant its figures.
func play(parts []part) (scores, news string) {
	var (
		m         Meter
		said, who strings.Builder
		now       = start
		names     = [...]byte{Nothing: '.', Figures: 'f', Changed: 'c'}
	)
	for _, p := range parts {
		for range p.seconds {
			who.WriteByte(names[m.Update(p.Input, now)])
			said.WriteByte('0' + byte(m.Score()))
			now = now.Add(time.Second)
		}
	}
	return said.String(), who.String()
}

// A digit is the score after a second.
func TestStories(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		parts  []part
		scores string
	}{
		{"good Wi-Fi", []part{{20, wifi}}, "55555555555555555555"},
		{"a second of bad Wi-Fi", []part{{10, wifi}, {1, loss(0.3, 0.3)}, {9, wifi}}, "55555555554444444444"},
		{"2 % are lost", []part{{5, wifi}, {25, loss(0, 0.02)}}, "555555554444444444444444444444"},
		{"5 % are lost", []part{{5, wifi}, {25, loss(0, 0.05)}}, "555555444444433333333333333333"},
		{"5 % are lost on the way up", []part{{5, wifi}, {25, loss(0.05, 0)}}, "555555444444433333333333333333"},
		{"20 % are lost", []part{{5, wifi}, {25, loss(0, 0.2)}}, "555554422211111111111111111111"},
		{"from another continent", []part{{20, rtt(250 * ms)}}, "55555444444444444444"},
		{"400 ms round trip", []part{{5, wifi}, {25, rtt(400 * ms)}}, "555554444443333333333333333333"},
		{"800 ms round trip", []part{{5, wifi}, {25, rtt(800 * ms)}}, "555554422211111111111111111111"},
		{"half of the wish", []part{{8, wifi}, {22, carries(wish / 2)}}, "555555555444444444444444444444"},
		{"a third of the wish", []part{{8, wifi}, {22, carries(wish / 3)}}, "555555554444443333333333333333"},
		{"a tenth of the wish", []part{{8, wifi}, {22, carries(wish / 10)}}, "555555554433222222222222222222"},
		{"the estimate has to be found", []part{{4, carries(300 * kbits)}, {16, wifi}}, "55555555555555555555"},
		{"somebody shares a screen, and the estimate follows", []part{{8, wifi}, {2, carries(wish / 3)}, {10, wifi}}, "55555555444444444444"},
		{"recovery", []part{{5, wifi}, {15, loss(0, 0.2)}, {25, wifi}}, "555554422211111111111122233333344444444444444"},
		{"plugged in again, and the estimate has to be found again", []part{{5, wifi}, {5, cable}, {4, carries(300 * kbits)}, {21, wifi}}, "55555111111122233333344444444444444"},
		{"the cable is pulled", []part{{5, wifi}, {5, cable}, {25, wifi}}, "55555111111122233333344444444444444"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, news := play(tt.parts); got != tt.scores {
				t.Errorf("\nscores %s\nwant   %s\nnews   %s", got, tt.scores, news)
			}
		})
	}
}

// The participant hears its figures at once and every 5 s, everyone of another
// score only; of small changes one in 2 s.
func TestWhoHearsOfIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		parts []part
		news  string
	}{
		{"nothing happens", []part{{12, wifi}}, "f....f....f."},
		{"it comes about", []part{{3, cable}, {3, wifi}}, "...f.."},
		{"step by step", []part{{4, wifi}, {12, loss(0.2, 0)}}, "f...c.c..c....f."},
		{"the cable is pulled, and just before it was bad", []part{{4, wifi}, {1, rtt(time.Second)}, {3, cable}}, "f...cc.."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if scores, got := play(tt.parts); got != tt.news {
				t.Errorf("\nnews   %s\nwant   %s\nscores %s", got, tt.news, scores)
			}
		})
	}
}

// A connection that is at the edge of a class, and noisy, does not flap.
func TestNoiseDoesNotFlap(t *testing.T) {
	t.Parallel()
	// 3 % and 7 % are at the edge, with a downlink that carries the wish or 0.7 of it.
	for _, mean := range []float64{0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13} {
		var (
			r       = rand.New(rand.NewPCG(1, 2))
			m       Meter
			changes int
		)
		for second := range 600 {
			lost := 0
			for range 300 { // packets
				if r.Float64() < mean {
					lost++
				}
			}
			in := loss(float64(lost)/300, 0)
			in.RTT += time.Duration(r.IntN(40)) * ms
			in.Estimate = media.Bitrate(float64(wish) * (0.7 + 0.6*r.Float64()))
			if m.Update(in, start.Add(time.Duration(second)*time.Second)) == Changed {
				changes++
			}
		}
		t.Logf("%.0f %% of losses: %d changes in 10 min, then %d", 100*mean, changes, m.Score())
		if changes > 12 {
			t.Errorf("%.0f %% of losses: %d changes in 10 min", 100*mean, changes)
		}
	}
}

// Whatever a participant reports, the room hears little of it.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	var (
		r      = rand.New(rand.NewPCG(3, 4))
		m      Meter
		now    = start
		ratios = []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 0.5, 1, 1e300}
		rates  = []media.Bitrate{0, 1, wish, math.MaxUint64}
		times  = []time.Duration{math.MinInt64, -1, 0, time.Second, math.MaxInt64}
		heard  []time.Time
		in     Input
	)
	for range 100_000 {
		now = now.Add(time.Duration(r.IntN(200)) * ms)
		switch r.IntN(40) {
		case 0:
			in = wifi
		case 1:
			in = cable
		case 2:
			in = Input{
				RTT:    times[r.IntN(len(times))],
				LossUp: ratios[r.IntN(len(ratios))], LossDown: ratios[r.IntN(len(ratios))],
				Estimate: rates[r.IntN(len(rates))], Wanted: rates[r.IntN(len(rates))],
			}
		}
		if m.Update(in, now) == Changed {
			heard = append(heard, now)
		}
		if s := m.Score(); s < Bad || s > Best {
			t.Fatalf("score %d", s)
		}
		if l := in.Loss(); !(l >= 0 && l <= 1) {
			t.Fatalf("loss %v", l)
		}
	}
	if len(heard) < 100 {
		t.Fatalf("only %d changes", len(heard))
	}
	for i := 2; i < len(heard); i++ {
		if within := heard[i].Sub(heard[i-2]); within < changeEvery {
			t.Fatalf("three changes within %v", within)
		}
	}
}

// How often it is asked does not matter, nor that a clock was set back.
func TestAnyPaceIsTheSame(t *testing.T) {
	t.Parallel()
	var slow, fast Meter
	now := start
	for i := range 60 * 20 {
		in := wifi
		if i > 10*20 {
			in = loss(0, 0.05)
		}
		fast.Update(in, now)
		fast.Update(in, now.Add(-time.Hour))
		if i%20 == 0 {
			slow.Update(in, now)
			if d := math.Abs(slow.sunk - fast.sunk); d > 2 {
				t.Fatalf("after %v: R differs by %.1f", now.Sub(start), d)
			}
		}
		now = now.Add(time.Second / 20)
	}
	if slow.Score() != 3 || fast.Score() != 3 {
		t.Errorf("scores %d and %d, want 3", slow.Score(), fast.Score())
	}
}

// The scale: what each impairment alone comes to in the end.
func TestRating(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   Input
		r    float64
	}{
		{"nothing known", Input{}, 91.3},
		{"the estimate not known", Input{Wanted: wish}, 91.3},
		{"a round trip that cannot be", Input{RTT: -time.Hour}, 91.3},
		{"good Wi-Fi", wifi, 89.8},
		{"400 ms", Input{RTT: 400 * ms}, 75.2},
		{"5 %", Input{LossDown: 0.05}, 75.5},
		{"a third of the wish", Input{Estimate: 1, Wanted: 3}, 75.4},
		{"all of them", Input{RTT: 400 * ms, LossDown: 0.05, Estimate: 1, Wanted: 3}, worst},
		{"a wish for nothing", Input{Estimate: 1}, 91.3},
	} {
		if got := rating(tt.in); math.Abs(got-tt.r) > 0.1 {
			t.Errorf("%s: R = %.2f, want %.1f", tt.name, got, tt.r)
		}
	}
}
