package sfu

import (
	"testing"
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/sfu/speaker"
)

// republish takes a track away and publishes another on the same section. Its
// streams go on: a browser keeps their SSRCs, and has long stopped to say what
// they carry.
func (s *studio) republish(old *upTrack, id media.TrackID) *upTrack {
	s.loop.unpublish(old)
	t := &upTrack{id: id, link: old.link, mid: old.mid, source: old.source, kind: old.kind, rids: old.rids}
	s.loop.publish(t)
	return t
}

func TestATrackIsPublishedAgain(t *testing.T) {
	t.Parallel()
	for _, rids := range [][]string{nil, {"q", "h", "f"}} {
		s := newStudio(t, rids...)
		s.ana.up.desc.ids.mid, s.ana.up.desc.ids.rid = 4, 10
		s.watch()
		sizes := hd
		if rids == nil {
			sizes = map[string]media.Size{"": {Width: 640, Height: 360}}
		}
		s.run(time.Second, sizes)
		again := s.republish(s.camera, "cam2")
		s.picture.carry(again, s.now)
		before := len(s.out.headers)
		s.run(1500*time.Millisecond, sizes)
		if n := len(s.out.headers) - before; n < 40 {
			t.Errorf("%d rids: %d packets came of a track that was published again", len(rids), n)
		}
	}
}

func TestNothingIsKeptOfATrackThatIsGone(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	s.watch()
	s.say(10, 111, []byte{1})
	mic := s.loop.tracks["mic"]
	s.loop.unpublish(mic)
	feeds := len(s.loop.feeds.by)
	for range 10 { // its publisher has not heard of it yet, or does not care
		s.say(10, 111, []byte{1})
		s.seqs["mic"] += 5000
		s.say(10, 111, []byte{1})
		s.say(10, 111, []byte{1})
	}
	if n := len(s.loop.feeds.by); n != feeds {
		t.Errorf("%d feeds, want %d", n, feeds)
	}
	for feed := media.Feed(1); feed <= s.loop.feeds.last; feed++ {
		if heard, _ := s.loop.voices.audible.Observe(speaker.Key(feed), 127, s.now); heard {
			t.Errorf("feed %d has a place among the loudest", feed)
		}
	}
	s.run(time.Second, nil) // speakers are told without it
	if speaking, _ := s.loop.voices.detect.Update(s.now); len(speaking) != 0 {
		t.Errorf("speaking: %v", speaking)
	}
}

func TestAPinGoesWithItsPicture(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	s.watch()
	s.bob.wish(s.now, wished{"cam", allocate.Wish{Pinned: true}})
	s.loop.unpublish(s.camera)
	for range 100 {
		s.sayFrom("eve", 5, 111, []byte{1})
	}
	before := len(s.out.headers)
	for range 10 {
		s.sayFrom("eve", 5, 111, []byte{1})
		s.say(34, 111, []byte{1})
	}
	if n := len(s.out.headers) - before; n != 0 {
		t.Errorf("ana is heard %d times by a pin on a camera that is gone", n)
	}
}

func TestWhoIsMutedTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	eves := newDownTrack(s.bob, media.Audio, 1)
	eves.bound.Store(s.sound.bound.Load())
	eves.stamp.mid = []byte("8")
	eves.carry(s.loop.tracks["eve's"], s.now)
	s.watch()
	s.loop.tracks["mic"].setMuted(true, s.now)
	for range 50 {
		s.say(0, 111, []byte{1}) // loud, and muted
	}
	before := len(s.out.headers)
	for range 50 {
		s.sayFrom("eve", 20, 111, []byte{1})
		s.now = s.now.Add(-frame)
		s.say(0, 111, []byte{1})
	}
	if n := len(s.out.headers) - before; n < 50 {
		t.Errorf("eve is heard %d times of 50 while somebody muted is louder", n)
	}
}

func TestWhatCameWhileMutedIsNotShownLater(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	camera := map[string]media.Size{"": {Width: 640, Height: 360}}
	s.run(200*time.Millisecond, camera)
	s.camera.setMuted(true, s.now)
	s.seqs[""] = 50 // a keyframe, of a browser that goes on for a while
	s.run(200*time.Millisecond, camera)
	s.camera.setMuted(false, s.now)
	s.watch()
	if n := len(s.out.headers); n != 0 {
		t.Errorf("%d packets of a muted camera were shown", n)
	}
}

func TestAFirstWordHasNothingOfTheMute(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	s.watch()
	mic := s.loop.tracks["mic"]
	mic.setMuted(true, s.now)
	s.say(20, 111, []byte{1})
	s.say(20, 111, []byte{1})
	mic.setMuted(false, s.now)
	s.say(20, 111, []byte{2})
	for _, p := range s.out.payloads {
		if p[0] == 1 {
			t.Error("a muted packet went out")
		}
	}
	if len(s.out.payloads) == 0 {
		t.Error("nothing went out")
	}
}
