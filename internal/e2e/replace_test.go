package e2e

import (
	"testing"
	"time"
)

func TestAnotherCameraOfAnotherSizeComesThrough(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob, cas := w.join("bob", sending()), w.join("cas", sending())
		for _, p := range []*peer{bob, cas} {
			p.shows(ann, 1280, time.Second)
		}
		w.run(settled)
		cas.tile(ann, 160, 90)
		cas.shows(ann, 320, keyframeTrip)
		began := time.Now()
		portrait := []size{{180, 320}, {360, 640}, {720, 1280}}
		ann.do(func() { // replaceTrack: the same streams go on, with a keyframe
			for i, u := range ann.encodings("camera") {
				u.reel.sizes, u.wantKey = portrait[i:i+1], true
			}
		})
		bob.shows(ann, 720, keyframeTrip)
		cas.shows(ann, 180, keyframeTrip)
		bob.moves(ann, began, flowing)
		cas.moves(ann, began, flowing)
		w.await(time.Second, "bob is told the new size", func() bool { return bob.stateOf(ann).Width == 720 })
	})
}

func TestAStreamThatBeginsAnewComesThrough(t *testing.T) {
	for name, change := range map[string]func(*uplink){
		"numbers jump": func(u *uplink) { u.seq += 20000; u.clock += 1 << 30 },
		"SSRC changes": func(u *uplink) {
			b := *u.bound.Load()
			b.ssrc += 0x1000
			u.bound.Store(&b)
			u.count = 0 // the new SSRC says again what it belongs to
			u.seq, u.clock = 0x7000, 12345
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.allowed.hostile = true // what jumps is refused until it is believed
				ann := w.join("ann", filming(simulcast))
				bob := w.join("bob", sending())
				bob.shows(ann, 1280, time.Second)
				w.run(time.Second)
				began := time.Now()
				ann.do(func() {
					for _, u := range ann.encodings("camera") {
						change(u)
						u.epoch++
						u.wantKey = true
					}
				})
				w.run(3 * time.Second)
				bob.moves(ann, began, keyframeTrip)
				if bob.sees(ann).width != 1280 {
					t.Errorf("bob sees %v", bob.sees(ann))
				}
			})
		})
	}
}

func TestAMutedCameraComesBackInTheSizeThatIsWanted(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		bob.tile(ann, 640, 360)
		bob.shows(ann, 640, keyframeTrip)
		ann.muteReels(true)
		w.run(8 * time.Second)
		ann.muteReels(false)
		began := time.Now()
		w.run(2 * time.Second)
		bob.moves(ann, began.Add(keyframeTrip), flowing)
		if bob.sees(ann).width != 640 {
			t.Errorf("bob sees %v", bob.sees(ann))
		}
	})
}
