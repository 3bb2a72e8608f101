package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

func TestFewerFramesAreHigherTemporalLayersLess(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(time.Second)
		track := bob.trackOf(ann, "camera")
		for _, c := range []struct{ fps, least, most int }{{13, 22, 28}, {7, 11, 15}, {0, 46, 51}, {13, 22, 28}} {
			bob.wish(wire.TrackWish{Track: track, FPS: c.fps})
			w.run(500 * time.Millisecond)
			before := len(bob.screenOf(ann, "camera").shown)
			w.run(2 * time.Second)
			if n := len(bob.screenOf(ann, "camera").shown) - before; n < c.least || n > c.most {
				t.Errorf("of a wish for %d pictures a second came %d in 2 s", c.fps, n)
			}
		}
	})
}
