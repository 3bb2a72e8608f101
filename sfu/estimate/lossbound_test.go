package estimate

import (
	"math/rand/v2"
	"testing"
	"time"
)

// lossy is a path for a lossBound: a capacity in kbit/s above which packets are
// lost, and losses at random.
type lossy struct {
	bound    lossBound
	rng      *rand.Rand
	now      time.Duration
	capacity float64
	random   float64
}

func newLossy(capacity, random float64) *lossy {
	return &lossy{capacity: capacity, random: random, rng: rand.New(rand.NewPCG(1, 2))}
}

// run sends for a while as fast as the bound allows, or at rate if that is
// less, and returns the bound. The rate by delay is 1000 kbit/s: there is no
// queue that it could see.
func (l *lossy) run(length time.Duration, rate float64) float64 {
	const delay, most = 1000, 5000
	got := float64(delay)
	for end := l.now + length; l.now < end; {
		sending := min(rate, got)
		arrived := 0
		for range 10 {
			l.now += time.Duration(mtu * 8 / (sending * kilo) * float64(time.Second))
			p := l.random
			if sending > l.capacity {
				p += (1 - p) * (sending - l.capacity) / sending
			}
			r := Result{Packet: Packet{At: began.Add(l.now), Size: mtu}, Received: l.rng.Float64() >= p}
			if r.Received {
				arrived++
			}
			l.bound.add(r)
		}
		got = l.bound.update(delay, sending*float64(arrived)/10, most, sending < 0.65*got)
	}
	return got
}

func TestLossBound(t *testing.T) {
	t.Parallel()
	const free = 1e9
	for _, tt := range []struct {
		name             string
		capacity, random float64
		least, most      float64
	}{
		{"nothing lost", free, 0, 1000, 1000},
		{"1 % lost at random", free, 0.01, 950, 1000},
		{"5 % lost at random", free, 0.05, 850, 1000},
		{"10 % lost at random", free, 0.10, 700, 1000},
		{"half is lost at random: as if it were too much", free, 0.5, 0, 300},
		{"more than it carries is lost", 400, 0, 300, 520},
		{"and 3 % of the rest too", 400, 0.03, 250, 520},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLossy(tt.capacity, tt.random)
			l.run(20*time.Second, free)
			for range 20 {
				if got := l.run(time.Second, free); got < tt.least || got > tt.most {
					t.Errorf("after %v the bound is %.0f kbit/s, not between %.0f and %.0f", l.now, got, tt.least, tt.most)
				}
			}
		})
	}
}

func TestLossBoundAfterwards(t *testing.T) {
	t.Parallel()
	l := newLossy(400, 0)
	if got := l.run(20*time.Second, 1e9); got > 500 {
		t.Fatalf("%.0f kbit/s on a path of 400", got)
	}
	if !l.bound.congested() && l.bound.state == lossFree {
		t.Error("and it does not know why")
	}
	l.capacity = 1e9
	if got := l.run(10*time.Second, 1e9); got < 900 {
		t.Errorf("10 s after the losses ended the bound is %.0f kbit/s", got)
	}
}

// Little is sent, so that nothing shows that the losses have ended: a probe may.
func TestProbeLiftsTheLossBound(t *testing.T) {
	t.Parallel()
	l := newLossy(400, 0)
	l.run(20*time.Second, 1e9)
	l.capacity = 1e9
	held := l.run(5*time.Second, 150)
	if held > 700 {
		t.Fatalf("150 kbit/s got through, and the bound is %.0f", held)
	}
	l.bound.probed(900)
	if got := l.bound.result(1000); got < 900 {
		t.Errorf("right after a probe of 900 kbit/s the bound is %.0f", got)
	}
	if got := l.run(5*time.Second, 150); got < 900 {
		t.Errorf("a probe of 900 kbit/s got through, and the bound is %.0f", got)
	}
	l = newLossy(400, 0.2)
	before := l.run(20*time.Second, 1e9)
	l.bound.probed(900)
	if got := l.bound.result(1000); got > before {
		t.Errorf("where a fifth is lost, a probe lifts it from %.0f to %.0f", before, got)
	}
}
