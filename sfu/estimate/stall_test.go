package estimate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// For a moment nothing gets through: the radio is elsewhere, or the browser has
// no CPU. Then everything comes at once, and the path is as it was.
func TestAStallIsForgotten(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, stall := range []time.Duration{200 * ms, 500 * ms, s} {
		for _, rate := range []float64{0.3 * mega, 2 * mega} {
			t.Run(fmt.Sprintf("%v at %.1f", stall, rate/mega), func(t *testing.T) {
				t.Parallel()
				l := path(3, step{0, 3 * mega})
				f := l.flow(Config{})
				f.wanted = wants(3 * mega)
				f.every = 100 * ms
				f.rate = func(f *flow) float64 {
					if l.now > 20*s && (l.now-20*s)%(15*s) == stall+l.delay { // the browser says at once what it read
						f.receiver.last = 0
					}
					return min(rate, float64(f.est.Bitrate()))
				}
				stallAt := func(at time.Duration) time.Duration { // how much longer it takes
					if since := (at - 20*s) % (15 * s); at > 20*s && since < stall {
						return stall - since
					}
					return 0
				}
				l.jitter = func(*rand.Rand) time.Duration { return stallAt(l.now) }
				l.run(95 * s)
				for at := 35 * s; at < 95*s; at += 15 * s {
					before, after := f.trace.at(at-s), f.trace.at(at+stall+2*s)
					within(t, fmt.Sprintf("%v: of the estimate two seconds after it", at), after/before, 0.7, 2)
				}
				within(t, "throughput", f.trace.throughput(30*s, 95*s)/rate, 0.95, 1.1)
			})
		}
	}
}

// After a cut that was none of the path's the rate is soon as high again as what
// arrives, and not before the queue is known to be empty.
func TestWhatArrivesIsProved(t *testing.T) {
	t.Parallel()
	a := aimd{rate: 1 * mega, min: 30_000, max: 20 * mega}
	a.decrease(0.1*mega, 50*ms, began)
	if a.prove(0.5*mega, began.Add(proveAfter)); a.rate > 0.1*mega {
		t.Errorf("%.0f at once, by what was sent before", a.rate)
	}
	if a.prove(0.5*mega, began.Add(proveAfter+ms)); a.rate != provedShare*0.5*mega {
		t.Errorf("%.0f when half a megabit arrives", a.rate)
	}
	if a.prove(0.2*mega, began.Add(time.Second)); a.rate != provedShare*0.5*mega {
		t.Errorf("%.0f when less arrives, for less is sent", a.rate)
	}
}

// A probe may look beyond what arrives, though the estimate is far below it.
func TestProbesLookBeyondWhatArrives(t *testing.T) {
	t.Parallel()
	r := newRehearsal(100, 1000, 100_000)
	r.run(5 * time.Second)
	r.set(90, 1000)
	r.in.Acked = 400_000
	for r.now = r.now.Add(10 * time.Second); ; r.now = r.now.Add(25 * ms) {
		if p, ok := r.p.Update(r.in, r.now); ok {
			if p.Bitrate <= r.in.Acked {
				t.Errorf("a probe of %d, when %d arrive", p.Bitrate, r.in.Acked)
			}
			return
		}
	}
}
