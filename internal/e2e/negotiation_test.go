package e2e

import (
	"slices"
	"testing"
	"time"

	"sfu/signaling/wire"
)

// offersTo returns the ids of the server's offers so far.
func offersTo(p *peer) (ids []uint64) {
	for _, o := range eventsOf[*wire.Offer](p) {
		ids = append(ids, o.ID)
	}
	return ids
}

// crowded fills a room until ann is short of slots: one more guest makes the
// server offer her more.
func (w *world) crowded() (ann *peer, guests []*peer) {
	w.t.Helper()
	ann = w.join("ann")
	guests = w.joinAll(crowd(3)...)
	ann.receives(2*time.Second, guests...)
	return ann, guests
}

func TestOffersThatCrossEndWithEverybodyHavingWhatTheyWanted(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.do(func() { ann.talks.withholds = true })
		guests = append(guests, w.join("late"))
		w.await(time.Second, "the server offers ann more slots", func() bool { return len(offersTo(ann)) == 1 })

		var stray uint64
		ann.do(func() {
			ann.strayOffer()
			stray = ann.talks.offers
		})
		w.run(500 * time.Millisecond)
		if n := ask(ann.endpoint, func() int { return ann.talks.answers[stray] }); n != 0 {
			t.Error("the server answered an offer that crossed its own")
		}

		ann.relent() // the polite side rolls back, answers, and offers again
		ann.receives(time.Second, guests...)
		ann.share("screen")
		w.everyoneReceivesEveryone(2 * time.Second)
		if codes := ann.errors(); len(codes) > 0 {
			t.Errorf("crossing offers are no error, but ann was told %v", codes)
		}
	})
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.do(func() { ann.talks.silent = true })
		guests = append(guests, w.join("late"))
		w.await(time.Second, "the server offers ann more slots", func() bool { return len(offersTo(ann)) == 1 })
		ann.do(func() { ann.talks.silent = false })
		ann.receives(5*time.Second, guests...)
		if ids := offersTo(ann); !slices.Equal(ids, []uint64{1, 1}) {
			t.Errorf("the server sent offers %v, not the same one twice", ids)
		}
		w.everyoneReceivesEveryone(time.Second)
	})
}

func TestALostOfferIsSentAgain(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.do(func() { ann.talks.withholds = true })
		guests = append(guests, w.join("late"))
		w.await(time.Second, "the server offers ann more slots", func() bool { return len(offersTo(ann)) == 1 })
		ann.do(func() { ann.talks.withholds, ann.talks.held = false, nil }) // as if it never came
		ann.receives(5*time.Second, guests...)
		if ids := offersTo(ann); !slices.Equal(ids, []uint64{1, 1}) {
			t.Errorf("the server sent offers %v, not the same one twice", ids)
		}
	})
}

func TestWhoNeverAnswersIsToldToStartAnewAndTheOthersGoOn(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.do(func() { ann.talks.withholds = true })
		guests = append(guests, w.join("late"))
		w.await(time.Second, "the server offers ann more slots", func() bool { return len(offersTo(ann)) == 1 })
		w.run(14 * time.Second)
		ann.receivesOnly(guests[:3]...)
		w.await(3*time.Second, "ann is told", func() bool {
			errors := eventsOf[*wire.Error](ann)
			return len(errors) == 1 && errors[0].Code == wire.CodeNegotiationFailed && errors[0].Fatal
		})
		guests[0].told(time.Second, ann)
		w.allowed.leaves++
		ann.vanish()
		w.everyoneReceivesEveryone(time.Second)
	})
}

func TestAnAnswerThatNobodyAskedForHarmsNobody(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		ann.do(func() { ann.send(&wire.Answer{ID: 7, SDP: ann.pc.LocalDescription().SDP}) })
		w.run(100 * time.Millisecond)
		if codes := ann.errors(); !slices.Equal(codes, []wire.Code{wire.CodeUnexpected}) {
			t.Errorf("ann is told %v", codes)
		}
		ann.receivesOnly(bob)
		bob.receivesOnly(ann)
	})
}

func TestAnICERestartKeepsMediaFlowing(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.loss = true // packets of the old generation may be lost
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		for range 3 {
			before := ask(ann.endpoint, func() string { return ufragOf(ann.pc.CurrentRemoteDescription().SDP) })
			ann.do(func() {
				ann.send(&wire.Restart{})
				ann.talks.restart = true
				ann.offer()
			})
			ann.settles(time.Second)
			if after := ask(ann.endpoint, func() string { return ufragOf(ann.pc.CurrentRemoteDescription().SDP) }); after == before {
				t.Error("the server did not restart ICE")
			}
			ann.receives(time.Second, bob)
			bob.receives(time.Second, ann)
		}
	})
}

func TestAnUplinkThatIsNoLongerDeclaredIsGone(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		bob.receives(time.Second, ann)
		ann.do(func() {
			u := ann.source("camera")
			ann.send(&wire.Offer{ID: ann.talks.offers + 1, SDP: ann.pc.LocalDescription().SDP, Tracks: slices.DeleteFunc(ann.declared(),
				func(t wire.SendTrack) bool { return t.Source == u.source })})
			u.stopped = true
		})
		w.run(100 * time.Millisecond)
		bob.receivesOnly(ann)
		bob.do(func() {
			if tracks := bob.roster.rows[ann.me.ID].Tracks; len(tracks) != 1 || tracks[0].Source != "microphone" {
				t.Errorf("bob knows of %v", tracks)
			}
		})
	})
}
