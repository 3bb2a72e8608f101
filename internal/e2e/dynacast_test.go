package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

// wanted returns which of its camera's encodings the peer was last told to
// make, nil if it never was told.
func (p *peer) wanted() map[string]bool {
	all := eventsOf[*wire.Layers](p)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1].Active
}

// sent returns how many packets of each encoding the peer's camera has sent.
func (p *peer) sent() (counts [3]uint32) {
	p.do(func() {
		for i, u := range p.encodings("camera") {
			counts[i] = u.count
		}
	})
	return counts
}

func TestWhatNobodyWantsIsNotEncoded(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		bob.tile(ann, 640, 360)
		began := time.Now()
		bob.shows(ann, 640, keyframeTrip)
		w.await(7*time.Second, "ann is told to stop what nobody wants", func() bool {
			told := ann.wanted()
			return told != nil && !told["q"] && told["h"] && !told["f"]
		})
		if d := time.Since(began); d < 4*time.Second || d > 6*time.Second {
			t.Errorf("ann was told %v after the last one went", d)
		}
		w.run(5 * oneWay)
		before := ann.sent()
		if n := value(w.count.EncodingsOff); n != 2 {
			t.Errorf("%v encodings are counted as off", n)
		}
		w.run(time.Second)
		after := ann.sent()
		if before[0] != after[0] || before[1] == after[1] || before[2] != after[2] {
			t.Errorf("in a second ann's packets went from %v to %v", before, after)
		}

		bob.tile(ann, 1280, 720)
		w.await(150*time.Millisecond, "ann is told to make the large one", func() bool { return ann.wanted()["f"] })
		bob.shows(ann, 1280, keyframeTrip)
		bob.moves(ann, began, flowing)
	})
}

func TestAnEncodingComesBackAtOnceForWhoeverWantsIt(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob, cas := w.join("bob", sending()), w.join("cas", sending())
		for _, p := range []*peer{bob, cas} {
			p.shows(ann, 1280, time.Second)
			p.tile(ann, 160, 90)
		}
		w.await(7*time.Second, "ann makes the small one only", func() bool {
			told := ann.wanted()
			return told != nil && told["q"] && !told["h"] && !told["f"]
		})
		began := time.Now()
		for range 5 { // to and fro: nobody stops an encoder for a moment
			cas.tile(ann, 1280, 720)
			cas.shows(ann, 1280, keyframeTrip)
			cas.tile(ann, 160, 90)
			cas.shows(ann, 320, keyframeTrip)
			w.run(500 * time.Millisecond)
		}
		if n := len(eventsOf[*wire.Layers](ann)); n > 4 {
			t.Errorf("ann was told %d times", n)
		}
		bob.moves(ann, began, flowing)
		cas.moves(ann, began, flowing)
	})
}

func TestACameraThatNobodyWatchesRests(t *testing.T) {
	for name, wishes := range map[string]struct{ away, back wire.TrackWish }{
		"paused": {wire.TrackWish{Paused: true}, wire.TrackWish{}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				ann := w.join("ann", filming(simulcast))
				bob := w.join("bob", sending())
				bob.shows(ann, 1280, time.Second)
				wishes.away.Track, wishes.back.Track = bob.trackOf(ann, "camera"), bob.trackOf(ann, "camera")
				bob.wish(wishes.away)
				w.run(7 * time.Second)
				before := ann.sent()
				w.run(7 * time.Second)
				if after := ann.sent(); after != before {
					t.Errorf("nobody watches, and ann's packets went from %v to %v", before, after)
				}
				if codes := ann.errors(); len(codes) > 0 {
					t.Errorf("ann obeys and is told %v", codes)
				}
				bob.wish(wishes.back)
				bob.shows(ann, 1280, keyframeTrip)
			})
		})
	}
}

func TestAnEmptyRoomWantsNothingAndTheFirstGuestAtOnce(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		w.run(8 * time.Second)
		before := ann.sent()
		w.run(time.Second)
		if after := ann.sent(); after != before {
			t.Errorf("ann is alone, and her packets went from %v to %v", before, after)
		}
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		bob.leave()
		w.run(8 * time.Second)
		before = ann.sent()
		w.run(time.Second)
		if after := ann.sent(); after != before {
			t.Errorf("ann is alone again, and her packets went from %v to %v", before, after)
		}
	})
}
