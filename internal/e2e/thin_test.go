//go:build !race

package e2e

import (
	"bytes"
	"testing"
	"time"

	"sfu/signaling/wire"
)

func TestAThinLinkKeepsTheSound(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(4, 300e3, 50*time.Millisecond)
		w.run(8 * time.Second)
		began := time.Now()
		w.run(20 * time.Second)
		th.bob.hearsWell(began, time.Now().Add(-time.Second), th.voices()...)
		th.queueStaysShort(began, time.Now())
		off := 0
		for _, p := range th.cast {
			switch s := th.bob.stateOf(p); {
			case s.State == wire.StatePaused && s.Reason == wire.PausedByBandwidth:
				off++
			case s.State != wire.StateActive || th.bob.sees(p).width != 320:
				t.Errorf("of %s bob is told %+v, and sees %v", p.name, s, th.bob.sees(p))
			}
		}
		if off == 0 || off == len(th.cast) {
			t.Errorf("%d of %d pictures are off", off, len(th.cast))
		}
		th.narrow.carries(5e6)
		for _, p := range th.cast {
			w.await(30*time.Second, p.name+" is back", func() bool { return th.bob.stateOf(p).State == wire.StateActive })
		}
		w.run(time.Second)
		back := time.Now()
		w.run(3 * time.Second)
		th.picturesMove(back, time.Now(), 0.05)
	})
}

func TestOneThinLinkSlowsNobodyElse(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(2, 10e6, 20*time.Millisecond)
		w.run(4 * time.Second)
		for _, p := range th.cast {
			th.bob.shows(p, 1280, 4*time.Second)
		}
		w.run(time.Second)
		began := time.Now()
		dan := w.stranger("dan", sending())
		narrow(400e3, 50*time.Millisecond, dan.link)
		dan.dial("")
		w.run(10 * time.Second)
		end := time.Now()
		th.picturesMove(began, end, 0)
		if n := th.changes(began, end); n > 0 {
			t.Errorf("bob's pictures changed %d times while dan came and was slow", n)
		}
		th.bob.hearsWell(began, end.Add(-time.Second), th.voices()...)
		for _, p := range th.cast {
			if dan.sees(p).width == 1280 {
				t.Errorf("dan sees %s as large as bob", p.name)
			}
		}
		dan.hearsWell(began.Add(4*time.Second), end.Add(-time.Second), th.voices()...)
	})
}

func TestWhoNeverSendsFeedbackSeesPictures(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(2, 0, 0)
		eve := w.stranger("eve", sending())
		eve.endpoint.hears.silent = true
		eve.dial("")
		began := time.Now()
		for _, p := range th.cast {
			eve.shows(p, 1280, 5*time.Second)
		}
		w.run(5 * time.Second)
		for _, p := range th.cast {
			if share := eve.screenOf(p, "camera").frozen(began.Add(4*time.Second), time.Now()); share > 0 {
				t.Errorf("%s is frozen for %.1f %%", p.name, 100*share)
			}
		}
	})
}

// A keyframe of the largest picture is 60 kB: half a second of this link.
func TestAKeyframeLetsSoundPass(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(1, 1e6, 20*time.Millisecond)
		ann := th.cast[0]
		ann.do(func() {
			for _, u := range ann.encodings("camera")[:2] {
				u.reel.broken = true
			}
			large := ann.encodings("camera")[2].reel
			large.costs.rate = 500e3
			large.costs.key = 60_000
		})
		th.bob.shows(ann, 1280, 5*time.Second)
		w.run(10 * time.Second)
		for range 3 {
			began := time.Now()
			th.bob.do(func() { th.bob.down.askKeyframe(th.bob.down.flows[flow{ann.ordinal, ann.source("camera").index}].mid) })
			w.run(4 * time.Second)
			if share := th.bob.audible(ann, began, began.Add(3*time.Second), 100*time.Millisecond); share < 0.99 {
				t.Errorf("%.1f %% of the sound came within 100 ms of a keyframe", 100*share)
			}
			th.queueStaysShort(began, began.Add(3*time.Second))
		}
	})
}

func TestAFileAndPicturesShareALink(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(2, 1e6, 50*time.Millisecond)
		ann := th.cast[0]
		w.run(8 * time.Second)
		file := ann.opens("file", nil)
		th.bob.finds(ann, "file")
		began := time.Now()
		piece := bytes.Repeat([]byte("x"), 16<<10)
		for range 40 { // 640 KiB: 5 s of the whole link
			check(t, file.Send(piece))
		}
		w.run(20 * time.Second)
		heard := th.bob.countHeard(ann, "file")
		end := time.Now()
		if heard < 8 {
			t.Errorf("in %v %d of 40 pieces came", end.Sub(began), heard)
		}
		t.Logf("%d pieces came", heard)
		for _, p := range th.cast {
			if frozen := th.bob.screenOf(p, "camera").frozen(began, end); frozen > 0.25 {
				t.Errorf("%s is frozen for %.1f %%", p.name, 100*frozen)
			}
		}
		th.bob.hearsWell(began, end.Add(-time.Second), th.voices()...)
		if tr := th.narrow.between(began, end); tr.p95 > 160*time.Millisecond || tr.dropped > 0.02 {
			t.Errorf("5 %% waited for more than %v, %.1f %% were dropped", tr.p95, 100*tr.dropped)
		}
	})
}
