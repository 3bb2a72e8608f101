package e2e

import (
	"fmt"
	"testing"
	"time"

	"sfu/signaling/wire"
)

// keyframeTrip is how long the picture may stand still for want of a keyframe:
// the request may have to wait for the one before (browsers ignore it for
// 300 ms), it travels to the publisher and the keyframe to the subscriber.
const keyframeTrip = 320*time.Millisecond + 4*oneWay + 30*time.Millisecond + 2*pulsesPerFrame*pulseEvery

// flowing is the longest time between two pictures while nothing is lost.
const flowing = pulsesPerFrame*pulseEvery + pulseEvery

// moves checks that since then no two pictures of other's camera were further
// apart than this.
func (p *peer) moves(other *peer, since time.Time, atMost time.Duration) {
	p.w.t.Helper()
	s := p.screenOf(other, "camera")
	if longest, at := s.longestFreeze(since, time.Now()); longest > atMost {
		p.w.t.Errorf("%s saw %s stand still for %v, %v after that began to matter", p.name, other.name, longest, at.Sub(since))
	}
}

func TestATileGetsThePictureThatFillsIt(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		began := time.Now()
		for _, tile := range []struct {
			width, height int
			want          uint16
		}{{160, 90, 320}, {640, 360, 640}, {320, 180, 320}, {1920, 1080, 1280}, {160, 90, 320}, {0, 0, 1280}} {
			bob.tile(ann, tile.width, tile.height)
			bob.shows(ann, tile.want, keyframeTrip)
			w.run(200 * time.Millisecond)
		}
		// Until the new picture is there, the old one goes on.
		bob.moves(ann, began, flowing)
	})
}

func TestASwitchInTheMiddleOfAPictureIsSeenAsOne(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(func() []*reel {
			reels := simulcast()
			reels[1].between, reels[2].slow = true, true
			return reels
		}))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		began := time.Now()
		for range 4 {
			bob.tile(ann, 640, 360)
			bob.shows(ann, 640, keyframeTrip)
			bob.tile(ann, 1280, 720)
			bob.shows(ann, 1280, keyframeTrip)
		}
		bob.moves(ann, began, flowing+pulseEvery)
		if s := bob.screenOf(ann, "camera"); s.torn < 4 {
			t.Errorf("only %d pictures were left unfinished", s.torn)
		}
	})
}

func TestTilesOfOneRoomDoNotDisturbEachOther(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob, cas := w.join("bob", sending()), w.join("cas", sending())
		bob.shows(ann, 1280, time.Second)
		cas.shows(ann, 1280, time.Second)
		w.run(settled)
		began := time.Now()
		for range 3 {
			cas.tile(ann, 160, 90)
			cas.shows(ann, 320, keyframeTrip)
			cas.tile(ann, 640, 360)
			cas.shows(ann, 640, keyframeTrip)
		}
		bob.moves(ann, began, flowing)
		cas.moves(ann, began, flowing)
		if bob.sees(ann).width != 1280 {
			t.Errorf("bob sees %v", bob.sees(ann))
		}
	})
}

func TestASizeThatComesLateIsTakenUpWhenItIsThere(t *testing.T) {
	play(t, func(w *world) {
		late := time.Now().Add(4 * time.Second)
		ann := w.join("ann", filming(func() []*reel {
			reels := simulcast()
			reels[1].from = time.Now().Add(2 * time.Second)
			reels[2].from = late
			return reels
		}))
		bob := w.join("bob", sending())
		bob.shows(ann, 320, time.Second)
		began := time.Now()
		bob.shows(ann, 640, 3*time.Second)
		bob.shows(ann, 1280, 3*time.Second)
		if d := time.Since(late); d > time.Second {
			t.Errorf("bob saw the largest size %v after it came", d)
		}
		bob.moves(ann, began, flowing+pulseEvery) // a large picture is spread
	})
}

func TestASizeThatNeverComesIsReplacedByTheNext(t *testing.T) {
	for _, c := range []struct {
		missing []int
		want    uint16
	}{{[]int{2}, 640}, {[]int{1, 2}, 320}, {[]int{0, 2}, 640}, {[]int{0, 1}, 1280}, {[]int{1}, 1280}} {
		t.Run(fmt.Sprint(c.missing), func(t *testing.T) {
			play(t, func(w *world) {
				ann := w.join("ann", filming(without(c.missing...)))
				bob := w.join("bob", sending())
				bob.shows(ann, c.want, 2*time.Second)
				w.run(settled)
				began := time.Now()
				w.run(2 * time.Second)
				bob.moves(ann, began, flowing)
			})
		})
	}
}

func TestASizeThatStopsIsReplacedAndComesBack(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		began := time.Now()
		breaks := func(broken bool) { // as bandwidth estimation does, which tells nobody
			ann.do(func() { ann.encodings("camera")[2].reel.broken = broken })
		}
		breaks(true)
		bob.shows(ann, 640, 2*time.Second)
		breaks(false)
		bob.shows(ann, 1280, 2*time.Second)
		bob.moves(ann, began, 1500*time.Millisecond)
	})
}

func TestAPinnedPictureIsTheLargest(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		track := bob.trackOf(ann, "camera")
		bob.wish(wire.TrackWish{Track: track, Width: 160, Height: 90})
		bob.shows(ann, 320, keyframeTrip)
		bob.wish(wire.TrackWish{Track: track, Width: 160, Height: 90, Pinned: true})
		bob.shows(ann, 1280, keyframeTrip)
		bob.wish(wire.TrackWish{Track: track, Width: 160, Height: 90})
		bob.shows(ann, 320, keyframeTrip)
	})
}

func TestAPausedPictureKeepsItsSound(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		track := bob.trackOf(ann, "camera")
		bob.wish(wire.TrackWish{Track: track, Paused: true})
		w.run(5 * oneWay)
		camera, sound := flow{ann.ordinal, ann.source("camera").index}, flow{ann.ordinal, ann.source("microphone").index}
		before := bob.counts()
		w.run(time.Second)
		after := bob.counts()
		if n := after[camera] - before[camera]; n != 0 {
			t.Errorf("bob was sent %d packets of a picture that he paused", n)
		}
		if n := after[sound] - before[sound]; n != 50 {
			t.Errorf("bob was sent %d of 50 packets of the voice behind a paused picture", n)
		}
		bob.wish(wire.TrackWish{Track: track, Width: 640, Height: 360})
		began := time.Now()
		bob.shows(ann, 640, keyframeTrip)
		w.run(time.Second)
		bob.moves(ann, began.Add(keyframeTrip), flowing)
	})
}

func TestTheClientIsToldWhatThereIsToSee(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		w.run(settled)
		track := bob.trackOf(ann, "camera")
		told := func(within time.Duration, want wire.TrackState) {
			t.Helper()
			want.Track = track
			w.await(within, fmt.Sprintf("bob is told %+v", want), func() bool { return bob.stateOf(ann) == want })
		}
		told(500*time.Millisecond, wire.TrackState{State: "active", Width: 1280, Height: 720})
		bob.tile(ann, 160, 90)
		told(time.Second, wire.TrackState{State: "active", Width: 320, Height: 180})
		bob.wish(wire.TrackWish{Track: track, Paused: true})
		told(500*time.Millisecond, wire.TrackState{State: "paused", Reason: "wish"})
		bob.wish(wire.TrackWish{Track: track})
		told(time.Second, wire.TrackState{State: "active", Width: 1280, Height: 720})
		ann.muteReels(true)
		told(500*time.Millisecond, wire.TrackState{State: "paused", Reason: "muted"})
		ann.muteReels(false)
		told(time.Second, wire.TrackState{State: "active", Width: 1280, Height: 720})
		ann.do(func() {
			for _, u := range ann.encodings("camera") {
				u.reel.broken = true
			}
		})
		w.run(2 * time.Second) // no keyframe is left to begin with
		cas := w.join("cas", sending())
		w.await(3*time.Second, "cas is told that he waits", func() bool {
			return cas.stateOf(ann) == wire.TrackState{Track: track, State: "paused", Reason: "waiting"}
		})
		if n := len(eventsOf[*wire.TrackState](bob)); n > 12 {
			t.Errorf("bob was told %d times", n)
		}
	})
}

// muteReels mutes a layered camera as our client does: all encodings stop.
func (p *peer) muteReels(muted bool) {
	p.do(func() {
		for _, u := range p.encodings("camera") {
			u.muted = muted
			u.activate(!muted)
		}
		p.send(&wire.UpdateTrack{MID: p.source("camera").tr.Mid(), Muted: muted})
	})
}
