package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

// inSVC plays a story for each codec whose layers come in one stream.
func inSVC(t *testing.T, story func(w *world, camera option)) {
	for name, f := range map[string]format{"VP9": formatVP9, "AV1": formatAV1} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) { story(w, filming(svc(f))) })
		})
	}
}

func TestATileGetsTheLayersThatFillIt(t *testing.T) {
	inSVC(t, func(w *world, camera option) {
		ann := w.join("ann", camera)
		bob, cas := w.join("bob", sending()), w.join("cas", sending())
		bob.shows(ann, 1280, time.Second)
		cas.shows(ann, 1280, time.Second)
		began := time.Now()
		for _, tile := range []struct {
			width, height int
			want          uint16
		}{{160, 90, 320}, {640, 360, 640}, {320, 180, 320}, {1920, 1080, 1280}, {160, 90, 320}, {0, 0, 1280}} {
			bob.tile(ann, tile.width, tile.height)
			bob.shows(ann, tile.want, keyframeTrip)
			w.run(200 * time.Millisecond)
		}
		bob.moves(ann, began, flowing)
		cas.moves(ann, began, flowing)
		if cas.sees(ann).width != 1280 {
			w.t.Errorf("cas sees %v", cas.sees(ann))
		}
	})
}

func TestALayerThatNobodyWantsIsNotSent(t *testing.T) {
	inSVC(t, func(w *world, camera option) {
		ann := w.join("ann", camera)
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		bob.tile(ann, 160, 90)
		bob.shows(ann, 320, keyframeTrip)
		w.run(5 * oneWay)
		before := bob.counts()
		w.run(time.Second)
		n := bob.counts()[flow{ann.ordinal, ann.source("camera").index}] - before[flow{ann.ordinal, ann.source("camera").index}]
		if n < 24 || n > 26 { // pictures of one packet; all three layers are six
			w.t.Errorf("bob was sent %d packets in a second", n)
		}
	})
}

func TestFewerFramesOfManyLayers(t *testing.T) {
	inSVC(t, func(w *world, camera option) {
		ann := w.join("ann", camera)
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		track := bob.trackOf(ann, "camera")
		for _, c := range []struct{ fps, least, most int }{{13, 22, 28}, {7, 11, 15}, {0, 46, 51}} {
			bob.wish(wire.TrackWish{Track: track, FPS: c.fps})
			w.run(500 * time.Millisecond)
			before := bob.screenOf(ann, "camera").pictures()
			w.run(2 * time.Second)
			if n := bob.screenOf(ann, "camera").pictures() - before; n < c.least || n > c.most {
				w.t.Errorf("of a wish for %d pictures a second came %d in 2 s", c.fps, n)
			}
		}
	})
}

// pictures counts what was shown; the layers of a picture are one.
func (s *screen) pictures() (n int) {
	for i, p := range s.shown {
		if i == 0 || p.stamp.timestamp != s.shown[i-1].stamp.timestamp {
			n++
		}
	}
	return n
}

func TestLayersAreRepairedUnderLoss(t *testing.T) {
	inSVC(t, func(w *world, camera option) {
		w.allowed.loss = true
		ann := w.join("ann", camera)
		bob := w.join("bob", sending("microphone"))
		bob.shows(ann, 1280, time.Second)
		bob.do(func() { bob.down.prompt, bob.shuffle.share = true, 0.02 })
		began := time.Now()
		ann.link.bursty(0.02, 0, 3)
		bob.link.bursty(0, 0.02, 3)
		for range 4 {
			bob.tile(ann, 160, 90)
			bob.shows(ann, 320, 4*keyframeTrip)
			w.run(400 * time.Millisecond)
			bob.tile(ann, 1280, 720)
			bob.shows(ann, 1280, 4*keyframeTrip)
			w.run(400 * time.Millisecond)
		}
		bob.moves(ann, began, keyframeTrip)
	})
}
