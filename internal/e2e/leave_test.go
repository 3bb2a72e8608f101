package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// told waits until p hears that other is gone, and returns why.
func (p *peer) told(within time.Duration, other *peer) string {
	p.w.t.Helper()
	var why string
	p.w.await(within, fmt.Sprintf("%s hears that %s is gone", p.name, other.name), func() bool {
		return ask(p.endpoint, func() bool {
			l, gone := p.roster.left[other.me.ID]
			why = l.reason
			return gone
		})
	})
	return why
}

// holds checks how much the server still knows of.
func (w *world) holds(participants, tracks, downTracks int) {
	w.t.Helper()
	c := w.count
	if n := int(value(c.Participants)); n != participants {
		w.t.Errorf("the server holds %d participants, not %d", n, participants)
	}
	for kind := range media.Kind(media.NumKinds) {
		if n := int(value(c.UpTracks[kind])); n != tracks {
			w.t.Errorf("the server holds %d %s tracks, not %d", n, kind, tracks)
		}
		if n := int(value(c.DownTracks[kind])); n != downTracks {
			w.t.Errorf("%d %s slots carry something, not %d", n, kind, downTracks)
		}
	}
}

func TestALeaveIsToldAtOnce(t *testing.T) {
	play(t, func(w *world) {
		peers := w.joinAll("ann", "bob", "cas")
		ann, bob, cas := peers[0], peers[1], peers[2]
		w.everyoneReceivesEveryone(2 * time.Second)
		bob.leave()
		for _, p := range []*peer{ann, cas} {
			if why := p.told(50*time.Millisecond, bob); why != "left" {
				t.Errorf("bob is gone because %q", why)
			}
		}
		ann.receivesOnly(cas)
		cas.receivesOnly(ann)
		w.holds(2, 2, 2)
	})
}

func TestWhoeverIsLostIsToldWithinTenSeconds(t *testing.T) {
	for name, lose := range map[string]func(*peer){
		"killed":        (*peer).crash,
		"cable pulled":  (*peer).die,
		"media cut off": func(p *peer) { p.w.allowed.loss = true; p.link.cut() },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				peers := w.joinAll("ann", "bob", "cas")
				ann, bob, cas := peers[0], peers[1], peers[2]
				w.everyoneReceivesEveryone(2 * time.Second)
				lose(bob)
				for _, p := range []*peer{ann, cas} {
					if why := p.told(10*time.Second, bob); why != "lost" {
						t.Errorf("bob is gone because %q", why)
					}
				}
				w.run(100 * time.Millisecond)
				w.holds(2, 2, 2)
				bob.vanish()
				ann.receivesOnly(cas)
				cas.receivesOnly(ann)
			})
		})
	}
}

func TestACrowdThatComesAndGoesLeavesNothingBehind(t *testing.T) {
	play(t, func(w *world) {
		stays := w.join("stays")
		lines := stays.lines()
		for i := range 50 {
			guest := w.join(fmt.Sprintf("guest %d", i+1))
			stays.receives(time.Second, guest)
			guest.receives(time.Second, stays)
			guest.leave()
			stays.told(time.Second, guest)
		}
		if n := stays.lines(); n != lines {
			t.Errorf("who stays had %d m-lines and has %d", lines, n)
		}
		w.run(100 * time.Millisecond)
		w.holds(1, 1, 0)
	})
}

func TestSlotsGrowWithTheRoomAndNeverShrink(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		const first = 2*3 + 2 + 1 // places, own sources, data
		if n := ann.lines(); n != first {
			t.Fatalf("ann starts with %d m-lines, not %d", n, first)
		}
		var guests []*peer
		for _, name := range crowd(9) {
			guests = append(guests, w.join(name))
			ann.receives(2*time.Second, guests...)
			switch n := ann.lines(); {
			case len(guests) <= 3 && n != first:
				t.Errorf("with %d others ann has %d m-lines, not %d", len(guests), n, first)
			case len(guests) > 3 && n < 2*len(guests)+3:
				t.Errorf("with %d others ann has %d m-lines", len(guests), n)
			}
		}
		lines, offers := ann.lines(), len(eventsOf[*wire.Offer](ann))
		if offers > 2 {
			t.Errorf("the server made %d offers for 6 more guests: it should grow in steps", offers)
		}
		for _, g := range guests {
			g.leave()
		}
		for _, name := range crowd(9) {
			guests = append(guests[1:], w.join(name))
		}
		ann.receives(2*time.Second, guests...)
		if n := ann.lines(); n != lines {
			t.Errorf("the second crowd took ann from %d m-lines to %d", lines, n)
		}
		if n := len(eventsOf[*wire.Offer](ann)); n != offers {
			t.Errorf("the second crowd cost ann %d offers", n-offers)
		}
	})
}

func TestADrainingServerWaitsForItsRooms(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		empty := w.server.Drain("https://b.example.org", time.Minute)
		w.await(time.Second, "ann is told where to go on", func() bool {
			told := eventsOf[*wire.Moved](ann)
			return len(told) == 1 && *told[0] == wire.Moved{URL: "https://b.example.org", AfterMS: 60_000}
		})
		w.run(30 * time.Second)
		select {
		case <-empty:
			t.Error("ann is not waited for")
		default:
		}
		ann.leave()
		<-empty
	})
}

func TestAServerThatStopsTellsEveryoneAndLetsNobodyIn(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.server.Drain("https://b.example.org", time.Minute)
		late := w.enter("late", sending())
		w.await(time.Second, "the newcomer is refused", func() bool {
			return slices.Equal(late.errors(), []wire.Code{wire.CodeDraining})
		})
		late.vanish()
		ann.drops()
		ann.resumes() // a draining server still takes back who was there
		w.allowed.leaves++
		check(t, w.door.Close())
		check(t, w.server.Close())
		if codes := ann.errors(); !slices.Equal(codes, []wire.Code{wire.CodeDraining}) {
			t.Errorf("ann is told %v", codes)
		}
		w.holds(0, 0, 0)
	})
}
