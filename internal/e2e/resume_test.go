package e2e

import (
	"slices"
	"testing"
	"time"

	"sfu/sfu"
	"sfu/signaling/wire"
)

// drops loses the peer's socket, and nothing else.
func (p *peer) drops() { p.sock.close() }

// resumes opens another socket and takes the session up again.
func (p *peer) resumes() {
	p.w.t.Helper()
	p.dial(ask(p.endpoint, func() string { return p.resume }))
	p.w.await(time.Second, p.name+" is welcomed back", func() bool {
		welcomes := eventsOf[*wire.Welcome](p)
		last := welcomes[len(welcomes)-1]
		return len(welcomes) > 1 && last.Resumed && last.Participant.ID == p.me.ID
	})
}

func TestALostSocketDoesNotInterruptMedia(t *testing.T) {
	play(t, func(w *world) {
		peers := w.joinAll("ann", "bob", "cas")
		ann, bob, cas := peers[0], peers[1], peers[2]
		w.everyoneReceivesEveryone(2 * time.Second)
		bob.drops()
		w.run(10 * time.Second)
		cas.leave()
		dan := w.join("dan")
		w.run(time.Second)
		bob.resumes()
		w.run(50 * time.Millisecond)
		bob.do(func() {
			_, knowsCas := bob.roster.rows[cas.me.ID]
			_, knowsDan := bob.roster.rows[dan.me.ID]
			if knowsCas || !knowsDan || len(bob.roster.rows) != 2 {
				t.Errorf("bob's roster after the resume: %v", bob.roster.rows)
			}
		})
		w.everyoneReceivesEveryone(time.Second) // bob's slots message is checked, too
		if n := len(eventsOf[*wire.ParticipantLeft](ann)); n != 1 {
			t.Errorf("ann was told of %d who left, not of cas alone", n)
		}
		// That nothing of bob's media was missing, the accounts say.
	})
}

func TestAnOfferThatWasOpenIsMadeAgainToWhoResumes(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.do(func() { ann.talks.withholds = true })
		guests = append(guests, w.join("late"))
		w.await(time.Second, "the server offers ann more slots", func() bool { return len(offersTo(ann)) == 1 })
		ann.drops() // and the offer goes down with the socket
		ann.do(func() { ann.talks.withholds, ann.talks.held = false, nil })
		ann.resumes()
		ann.receives(500*time.Millisecond, guests...)
		if ids := offersTo(ann); !slices.Equal(ids, []uint64{1, 1}) {
			t.Errorf("the server sent offers %v, not the same one twice", ids)
		}
	})
}

func TestWhatHappenedWhileTheSocketWasLostIsMadeUpFor(t *testing.T) {
	play(t, func(w *world) {
		ann, guests := w.crowded()
		ann.drops()
		guests = append(guests, w.join("late")) // needs slots, and so an offer
		guests[0].leave()
		w.run(20 * time.Second) // longer than an offer may stay unanswered
		ann.resumes()
		ann.receives(time.Second, guests[1:]...)
	})
}

func TestALostSocketThatDoesNotComeBackEndsTheSession(t *testing.T) {
	playWith(t, sfu.Config{ResumeTime: 5 * time.Second}, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		bob.drops()
		w.run(4500 * time.Millisecond)
		ann.receivesOnly(bob)
		w.allowed.leaves++
		if why := ann.told(500*time.Millisecond, bob); why != "lost" {
			t.Errorf("bob is gone because %q", why)
		}
		bob.vanish()
		w.holds(1, 1, 0)

		late := w.stranger("late")
		late.dial(bob.resume)
		w.await(time.Second, "the old session is refused", func() bool {
			return slices.Equal(late.errors(), []wire.Code{wire.CodeNotFound})
		})
		late.vanish()
	})
}

func TestASessionHasOneSocketAndTheNewestWins(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		old := ann.sock
		ann.resumes() // the server has not noticed that the old one is dead
		w.await(time.Second, "the old socket is closed", old.dead)
		w.run(time.Second)
		ann.receives(time.Second, bob)
		bob.receives(time.Second, ann)
	})
}

func TestNobodyResumesASessionByGuessing(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		for _, token := range []string{"x", ann.me.ID, ann.me.ID + ".", ann.resume + "x", ann.resume[:len(ann.resume)-1]} {
			thief := w.stranger("thief")
			thief.dial(token)
			w.await(time.Second, "the thief is refused", func() bool {
				return slices.Equal(thief.errors(), []wire.Code{wire.CodeNotFound})
			})
			thief.vanish()
		}
		if ann.sock.dead() {
			t.Error("a thief closed ann's socket")
		}
	})
}
