//go:build !race

package e2e

import (
	"testing"
	"time"
)

func TestANewcomerOnAThinLink(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(3, 500e3, 50*time.Millisecond)
		began := time.Now()
		w.run(4 * time.Second)
		w.run(2 * time.Second)
		for _, p := range th.voices() {
			if late := th.bob.firstMedia(p, "microphone").Sub(began); late > 500*time.Millisecond {
				t.Errorf("the sound of %s came after %v", p.name, late)
			}
			// The first probes and pictures fill the queue for a moment.
			if share := th.bob.audible(p, began, began.Add(2*time.Second), 200*time.Millisecond); share < 0.25 {
				t.Errorf("bob hears %.1f %% of what %s says in the first 2 s", 100*share, p.name)
			}
			th.bob.hearsWell(began.Add(2*time.Second), time.Now().Add(-time.Second), p)
		}
		seen := 0
		for _, p := range th.cast {
			s := th.bob.screenOf(p, "camera")
			if len(s.shown) > 0 {
				t.Logf("%s is seen after %v", p.name, s.shown[0].at.Sub(began))
				if s.shown[0].at.Sub(began) < 2*time.Second {
					seen++
				}
			}
		}
		if seen == 0 {
			t.Errorf("%d of 3 pictures were there within 2 s", seen)
		}
		th.queueStaysShort(began.Add(2*time.Second), time.Now())
	})
}

func TestANewcomerOnAFastLink(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(3, 20e6, 50*time.Millisecond)
		began := time.Now()
		for _, p := range th.cast {
			th.bob.shows(p, 1280, time.Until(began.Add(2*time.Second)))
		}
		t.Logf("all are full after %v", time.Since(began))
		w.run(4 * time.Second)
		th.picturesMove(began.Add(time.Second), time.Now(), 0.05) // each may stop once for 0.2 s, when the full size begins
		th.bob.hearsWell(th.bob.firstMedia(th.cast[0], "microphone"), time.Now().Add(-time.Second), th.voices()...)
	})
}
