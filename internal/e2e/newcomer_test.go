package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

func TestANewcomerIsShownTheNewestKeyframeAtOnce(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob, cas := w.join("bob", sending()), w.join("cas", sending())
		track := bob.trackOf(ann, "camera")
		small := wire.TrackWish{Track: track, Width: 160, Height: 90}
		for _, p := range []*peer{bob, cas} {
			p.shows(ann, 1280, time.Second)
			p.wish(small)
			p.shows(ann, 320, keyframeTrip)
		}
		cas.wish(wire.TrackWish{Track: track, Paused: true})
		w.run(2 * time.Second)
		bob.do(func() { bob.down.askKeyframe(bob.down.flows[flow{ann.ordinal, ann.source("camera").index}].mid) })
		w.run(400 * time.Millisecond) // the keyframe is here, with few packets behind it
		requests := func() int {
			return ask(ann.endpoint, func() int { return len(ann.encodings("camera")[0].feedback.keyframeRequests) })
		}
		asked, replayed := requests(), value(w.count.KeyframesReplayed)
		cas.wish(small)
		began := time.Now()
		w.run(2*oneWay + 5*time.Millisecond)
		s := cas.screenOf(ann, "camera")
		newest := s.shown[len(s.shown)-1]
		if newest.at.Before(began) || began.Sub(newest.captured) > 100*time.Millisecond {
			t.Errorf("cas sees a picture that came %v after his wish and was taken %v before it",
				newest.at.Sub(began), began.Sub(newest.captured))
		}
		w.run(time.Second)
		if n := requests(); n != asked {
			t.Errorf("ann was asked for %d keyframes for it", n-asked)
		}
		if n := value(w.count.KeyframesReplayed) - replayed; n != 1 {
			t.Errorf("%v keyframes were replayed", n)
		}
		bob.moves(ann, began, flowing)
	})
}

func TestAStaleKeyframeIsNotReplayed(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(5 * time.Second)
		replayed := value(w.count.KeyframesReplayed)
		cas := w.join("cas", sending())
		cas.shows(ann, 1280, keyframeTrip)
		if n := value(w.count.KeyframesReplayed) - replayed; n != 0 {
			t.Errorf("%v keyframes were replayed", n)
		}
	})
}
