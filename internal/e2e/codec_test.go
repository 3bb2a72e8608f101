package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

// turns makes a layered camera of one encoding go on in another format, as
// setParameters does with a codec.
func (p *peer) turns(reels []*reel) {
	p.do(func() {
		u := p.encodings("camera")[0]
		b := *u.bound.Load()
		n := b.types[reels[0].format]
		b.pt, b.rtxPT = n.media, n.rtx
		u.bound.Store(&b)
		u.reel, u.wantKey = reels[0], true
		u.epoch++
	})
}

func TestAnotherCodecComesThrough(t *testing.T) {
	play(t, func(w *world) {
		one := func() []*reel { return simulcast()[:1] }
		ann := w.join("ann", filming(one))
		bob, fox := w.join("bob", sending()), w.join("fox", sending(), as(firefox))
		for _, p := range []*peer{bob, fox} {
			p.shows(ann, 320, time.Second)
		}
		w.run(settled)
		began := time.Now()
		ann.turns(svc(formatVP9)())
		for _, p := range []*peer{bob, fox} {
			p.shows(ann, 1280, keyframeTrip)
		}
		w.run(time.Second)
		ann.turns(one())
		for _, p := range []*peer{bob, fox} {
			p.shows(ann, 320, keyframeTrip)
			// What the other codec costs is not known at first: fewer frames are sure
			// to have room.
			p.moves(ann, began, 200*time.Millisecond)
		}
	})
}

func TestWhoCannotShowACodecIsToldAndHearsAllTheSame(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(svc(formatAV1)))
		bob := w.join("bob", sending())
		fox := w.join("fox", sending(), as(firefox)) // whose AV1 these tests do not offer
		bob.shows(ann, 1280, time.Second)
		w.await(3*time.Second, "fox is told", func() bool {
			return fox.stateOf(ann) == wire.TrackState{Track: fox.trackOf(ann, "camera"), State: "paused", Reason: "codec"}
		})
		before := fox.counts()
		w.run(500 * time.Millisecond)
		after := fox.counts()
		sound := flow{ann.ordinal, ann.source("microphone").index}
		if n := after[sound] - before[sound]; n < 24 || n > 26 {
			t.Errorf("fox was sent %d of 25 packets of sound", n)
		}
		if n := fox.sees(ann); n != (size{}) {
			t.Errorf("fox sees %v", n)
		}
	})
}
