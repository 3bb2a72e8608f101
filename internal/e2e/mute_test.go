package e2e

import (
	"testing"
	"time"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

func TestMuteStopsForwardingAtTheMessageAndUnmuteBeginsWithAKeyframe(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		cas := w.join("cas")
		w.everyoneReceivesEveryone(time.Second)
		for _, source := range []string{"camera", "microphone"} {
			u := ann.source(source)
			ann.mute(source, true) // and goes on sending, as Firefox does
			sent := ask(ann.endpoint, func() uint32 { return u.count })
			w.run(2 * time.Second)
			for _, p := range []*peer{bob, cas} {
				p.do(func() {
					f := p.down.flows[flow{ann.ordinal, u.index}]
					if f.newest > sent {
						t.Errorf("%s received %s packet %d; ann muted after %d", p.name, source, f.newest, sent)
					}
				})
			}
			bob.receivesOnly(ann, cas)
			ann.mute(source, false)
			w.everyoneReceivesEveryone(500 * time.Millisecond)
		}
		if n := value(w.count.PacketsDropped[media.DropMuted]); n < 2*2*100 {
			t.Errorf("%v packets were dropped because of mute", n)
		}
		// That video goes on with a keyframe and without a gap, the stories say.
	})
}

func TestTheOthersAreToldOfMute(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		muted := func(p *peer) bool {
			for _, row := range p.roster.rows[ann.me.ID].Tracks {
				if row.Source == "camera" {
					return row.Muted
				}
			}
			return false
		}
		ann.mute("camera", true)
		w.await(50*time.Millisecond, "bob hears of it", func() bool {
			return ask(bob.endpoint, func() bool { return muted(bob) })
		})
		cas := w.join("cas") // hears of it in welcome
		if !ask(cas.endpoint, func() bool { return muted(cas) }) {
			t.Error("cas was not told that ann's camera is muted")
		}
		cas.receivesOnly(ann, bob)
		ann.mute("camera", false)
		cas.receives(500*time.Millisecond, ann, bob)
		if ask(cas.endpoint, func() bool { return muted(cas) }) {
			t.Error("cas was not told that ann's camera is on again")
		}
	})
}

func TestWhoJoinsMutedIsHeardOnlyAfterUnmute(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		bob := w.join("bob", muted("camera"))
		ann.receivesOnly(bob) // his microphone alone
		bob.mute("camera", false)
		ann.receives(500*time.Millisecond, bob)
	})
}

func TestWhoSendsNothingThoughNotMutedIsTold(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		ann.mute("microphone", true)
		ann.do(func() { ann.source("microphone").stopped = true }) // as she said
		u := ann.source("camera")
		ann.do(func() { u.stopped = true }) // as she did not say
		w.await(6*time.Second, "ann is told", func() bool {
			errors := eventsOf[*wire.Error](ann)
			return len(errors) == 1 && errors[0].Code == wire.CodeNoMedia && errors[0].MID == u.tr.Mid() && !errors[0].Fatal
		})
		ann.do(func() { u.stopped = false })
		bob.receives(time.Second, ann)
		w.run(6 * time.Second)
		if n := len(ann.errors()); n != 1 {
			t.Errorf("ann is told %d times", n)
		}
	})
}
