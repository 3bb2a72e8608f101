package bwe

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A link that is offered twice what it carries carries what it can, and its
// queue is as long as it may be.
func TestLinkCarriesItsCapacity(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	l := &link{w: w, steps: []step{{0, 1e6}, {5 * time.Second, 2e6}}, queue: queue, delay: ms50}
	var carried, waited []sample
	lost := 0
	w.every(time.Duration(float64(8*mtu)/4e6*float64(time.Second)), func() {
		sent := w.now
		l.send(mtu, func(queued time.Duration) {
			carried = append(carried, sample{w.now, 8 * mtu})
			waited = append(waited, sample{sent, queued.Seconds()})
		}, func(bool) { lost++ })
	})
	w.run(10 * time.Second)
	if bits := total(carried, 0); math.Abs(bits/15e6-1) > 0.02 {
		t.Errorf("%.1f Mbit were carried, of 15", bits/1e6)
	}
	if q := percentile(waited, 0.95); q < 0.28 || q > 0.32 {
		t.Errorf("packets waited for %.3f s", q)
	}
	if share := float64(lost) / float64(lost+len(carried)); math.Abs(share-0.62) > 0.03 {
		t.Errorf("%.2f were lost", share)
	}
}

func TestGilbert(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	lose := gilbert(0.02, 5)
	lost, bursts, before := 0, 0, false
	const packets = 200_000
	for range packets {
		now := lose(r)
		if now {
			lost++
		}
		if now && !before {
			bursts++
		}
		before = now
	}
	if share, length := float64(lost)/packets, float64(lost)/float64(bursts); math.Abs(share-0.02) > 0.003 || math.Abs(length-5) > 0.5 {
		t.Errorf("%.3f were lost, in bursts of %.1f", share, length)
	}
}

// Keyframes and all, a camera costs what it is said to.
func TestCameraKeepsItsRate(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	bits := make([]float64, len(encodingRates))
	c := newCamera(w, func(f *frame) {
		for _, bytes := range f.packets {
			bits[f.of.spatial] += float64(8 * (bytes - headers))
		}
	})
	w.every(10*time.Second, func() { c.ask(c.encodings[1]) })
	w.run(60 * time.Second)
	for i, rate := range encodingRates {
		if got := bits[i] / 60; math.Abs(got/rate-1) > 0.05 {
			t.Errorf("encoding %d has %.0f bit/s, want %.0f", i, got, rate)
		}
	}
}

// A picture is frozen when the next one is late, and not when there are fewer.
func TestFreezes(t *testing.T) {
	t.Parallel()
	s := &screen{}
	at := time.Second
	show := func(gap time.Duration, times int) {
		for range times {
			at += gap
			s.sent++
			s.show(&picture{frame: &frame{}, order: s.sent}, at)
		}
	}
	show(33*time.Millisecond, 100)
	show(4*33*time.Millisecond, 100)
	if s.frozen != 0 {
		t.Errorf("frozen for %v", s.frozen)
	}
	show(time.Second, 1)
	show(33*time.Millisecond, 100)
	if s.frozen != time.Second {
		t.Errorf("frozen for %v", s.frozen)
	}
	if got := s.share(at + 2*time.Second); got < 0.13 || got > 0.14 {
		t.Errorf("frozen for %.2f of the time", got)
	}
}

// What builds on a picture that is missing waits for it.
func TestPicturesWaitForTheirBase(t *testing.T) {
	t.Parallel()
	s := &screen{}
	key := &frame{key: true}
	next := &frame{base: key}
	upper := &frame{base: next, temporal: 2}
	at := time.Second
	shows := func(f *frame, order, want int) {
		t.Helper()
		at += frameTime
		s.show(&picture{frame: f, order: order}, at)
		if s.shown.order != want {
			t.Errorf("picture %d is shown after %d, want %d", s.shown.order, order, want)
		}
	}
	shows(key, 1, 1)
	shows(upper, 3, 1)
	shows(next, 2, 3)
	shows(&frame{base: key, temporal: 1}, 1, 3)
	shows(&frame{base: &frame{}}, 4, 3)
	shows(&frame{key: true}, 5, 5)
}
