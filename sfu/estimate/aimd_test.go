package estimate

import (
	"math"
	"testing"
	"time"
)

const kilo = 1e3

// about reports that a is within a share of b.
func about(a, b, share float64) bool { return math.Abs(a-b) <= share*b }

func TestAIMD(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(a *aimd)
		want   float64
	}{
		{"nothing known, nothing changed", func(a *aimd) { steady(a, time.Second, 0) }, 500 * kilo},
		{"far from the capacity 8 % a second", func(a *aimd) { steady(a, time.Second, 500*kilo) }, 540 * kilo},
		{"no further than what arrives allows", func(a *aimd) { steady(a, time.Minute, 500*kilo) }, 610 * kilo},
		{"what a probe found stays above that", func(a *aimd) { a.set(900*kilo, began); steady(a, time.Minute, 500*kilo) }, 900 * kilo},
		{"overuse: less than what arrives", func(a *aimd) { a.decrease(400*kilo, 50*ms, began) }, 340 * kilo},
		{"overuse is no reason for more", func(a *aimd) { a.decrease(900*kilo, 50*ms, began) }, 500 * kilo},
		{"overuse, when nothing is known to arrive", func(a *aimd) { a.decrease(0, 50*ms, began) }, 250 * kilo},
		{"not again before the first time shows", func(a *aimd) {
			a.decrease(400*kilo, 50*ms, began)
			a.decrease(300*kilo, 50*ms, began.Add(40*ms))
		}, 340 * kilo},
		{"but then", func(a *aimd) {
			a.decrease(400*kilo, 50*ms, began)
			a.decrease(300*kilo, 50*ms, began.Add(60*ms))
		}, 255 * kilo},
		{"or when it is far too much", func(a *aimd) {
			a.decrease(400*kilo, 50*ms, began)
			a.decrease(100*kilo, 50*ms, began.Add(10*ms))
		}, 85 * kilo},
		{"never below the least", func(a *aimd) { a.decrease(1*kilo, 50*ms, began) }, 30 * kilo},
		// 340 kbit/s are 30 frames of 2 packets of 708 bytes a second: one of these
		// in 150 ms.
		{"near the capacity a packet a response time", func(a *aimd) {
			a.decrease(400*kilo, 50*ms, began)
			steady(a, time.Second, 380*kilo)
		}, 340*kilo + 5667/0.15},
		{"far above it faster again", func(a *aimd) {
			a.decrease(400*kilo, 50*ms, began)
			steady(a, time.Second, 600*kilo)
		}, 340 * kilo * 1.08},
		{"a queue that stands: room for it to drain", func(a *aimd) { a.drain(400*kilo, 300*ms, began) }, 280 * kilo},
		{"a long one: half of it", func(a *aimd) { a.drain(400*kilo, 2*time.Second, began) }, 200 * kilo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := aimd{rate: 500 * kilo, min: 30 * kilo, max: 5 * mega}
			tt.change(&a)
			if !about(a.rate, tt.want, 0.01) {
				t.Errorf("%.0f, not %.0f", a.rate, tt.want)
			}
		})
	}
}

// steady lets time pass without overuse while so much arrives.
func steady(a *aimd, length time.Duration, acked float64) {
	now := began
	a.increase(Normal, acked, 50*ms, now)
	for range length / (50 * ms) {
		now = now.Add(50 * ms)
		a.increase(Normal, acked, 50*ms, now)
	}
}

func TestAIMDHoldsWhileTheQueueDrains(t *testing.T) {
	t.Parallel()
	a := aimd{rate: 500 * kilo, min: 30 * kilo, max: 5 * mega}
	a.increase(Normal, 500*kilo, 50*ms, began)
	a.increase(Underusing, 500*kilo, 50*ms, began.Add(time.Second))
	a.increase(Normal, 500*kilo, 50*ms, began.Add(2*time.Second))
	if !about(a.rate, 500*kilo, 0.005) {
		t.Errorf("%.0f while the queue drained", a.rate)
	}
	a.increase(Normal, 500*kilo, 50*ms, began.Add(3*time.Second))
	if !about(a.rate, 540*kilo, 0.01) {
		t.Errorf("%.0f a second later", a.rate)
	}
}

func TestThroughput(t *testing.T) {
	t.Parallel()
	// flow adds packets of 500 bytes, every so often.
	flow := func(tp *throughput, from, to, every time.Duration) {
		for at := from; at < to; at += every {
			tp.add(at, 500, false)
		}
	}
	for _, tt := range []struct {
		name  string
		trace func(tp *throughput)
		want  float64 // kbit/s
	}{
		{"half a second says nothing yet", func(tp *throughput) { flow(tp, 0, 490*ms, 10*ms) }, 0},
		{"then it is known", func(tp *throughput) { flow(tp, 0, 520*ms, 10*ms) }, 400},
		{"and stays", func(tp *throughput) { flow(tp, 0, 20*time.Second, 10*ms) }, 400},
		{"it follows up within a second", func(tp *throughput) {
			flow(tp, 0, 5*time.Second, 10*ms)
			flow(tp, 5*time.Second, 6500*ms, 5*ms)
		}, 800},
		{"a pause is no sample", func(tp *throughput) {
			flow(tp, 0, 5*time.Second, 10*ms)
			flow(tp, 8*time.Second, 9*time.Second, 10*ms)
		}, 400},
		{"late packets do not swell a window", func(tp *throughput) {
			for at := time.Second; at < 10*time.Second; at += 10 * ms {
				tp.add(at, 500, false)
				tp.add(at-400*ms, 50_000, false)
			}
		}, 400},
		{"a clock that goes back begins anew", func(tp *throughput) {
			for range 100 {
				tp.add(time.Hour, 50_000, false)
				tp.add(0, 50_000, false)
			}
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tp throughput
			tt.trace(&tp)
			if !about(tp.rate, tt.want, 0.1) {
				t.Errorf("%.0f kbit/s, not %.0f", tp.rate, tt.want)
			}
		})
	}
}

// While the application sends little, a low sample moves the estimate less; when
// it ends, the next sample counts in full.
func TestThroughputWhenIdle(t *testing.T) {
	t.Parallel()
	after := func(idle, changed bool) float64 {
		tp := throughput{rate: 1000, variance: 50}
		if changed {
			tp.expectChange()
		}
		for at := time.Duration(0); at < 400*ms; at += 10 * ms {
			tp.add(at, 300, idle)
		}
		return tp.rate
	}
	if busy, idle := after(false, false), after(true, false); idle <= busy+50 {
		t.Errorf("1000 kbit/s became %.0f, and %.0f while idle", busy, idle)
	}
	if slow, fast := after(true, false), after(true, true); fast >= slow-50 {
		t.Errorf("1000 kbit/s became %.0f, and %.0f when a change was expected", slow, fast)
	}
}

func TestALR(t *testing.T) {
	t.Parallel()
	var a alr
	now := began
	send := func(rate float64, length time.Duration) bool {
		for range length / (10 * ms) {
			now = now.Add(10 * ms)
			a.add(int(rate/8/100), 1*mega, now)
		}
		return a.active
	}
	for _, tt := range []struct {
		name   string
		rate   float64
		length time.Duration
		want   bool
	}{
		{"all that there is", 1 * mega, time.Second, false},
		{"four fifths", 800 * kilo, 5 * time.Second, false},
		{"much less, for a moment", 300 * kilo, 200 * ms, false},
		{"much less", 300 * kilo, 3 * time.Second, true},
		{"a keyframe between", 2 * mega, 20 * ms, true},
		{"nothing at all", 0, 3 * time.Second, true},
		{"more again", 900 * kilo, 2 * time.Second, false},
	} {
		if got := send(tt.rate, tt.length); got != tt.want {
			t.Errorf("%s: application-limited %v", tt.name, got)
		}
	}
}
