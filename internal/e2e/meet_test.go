package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

func TestTwoParticipantsSeeAndHearEachOther(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		ann.receives(time.Second, bob)
		bob.receives(time.Second, ann)
		w.run(3 * time.Second)
	})
}

func TestThreeWhoComeAtOnceSeeAndHearEachOther(t *testing.T) {
	play(t, func(w *world) {
		w.joinAll("ann", "bob", "cas")
		w.everyoneReceivesEveryone(2 * time.Second)
	})
}

func TestTenSeeAndHearEachOther(t *testing.T) {
	play(t, func(w *world) {
		w.joinAll(crowd(10)...)
		w.everyoneReceivesEveryone(3 * time.Second)
	})
}

func TestBrowsersThatNumberEverythingDifferentlyUnderstandEachOther(t *testing.T) {
	play(t, func(w *world) {
		w.join("ann", as(chromium))
		w.join("bob", as(firefox))
		w.join("cas", as(chromium))
		w.everyoneReceivesEveryone(time.Second)
	})
}

func TestMediaFlowsSoonAfterJoining(t *testing.T) {
	play(t, func(w *world) {
		const soon = 400 * time.Millisecond // ICE and DTLS take 270 ms of it
		ann := w.join("ann")
		w.run(time.Second)
		began := time.Now()
		bob := w.join("bob")
		w.run(soon)
		for _, source := range []string{"microphone", "camera"} {
			if took := bob.firstMedia(ann, source).Sub(began); took < 0 || took > soon {
				t.Errorf("the newcomer gets the %s after %v", source, took)
			}
			if took := ann.firstMedia(bob, source).Sub(began); took < 0 || took > soon {
				t.Errorf("the newcomer's %s comes after %v", source, took)
			}
		}
	})
}

func TestALateJoinerIsSentAKeyframeFirst(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.run(10 * time.Second) // no keyframe of ann's is recent
		bob := w.join("bob")
		bob.receives(time.Second, ann)
		requests := ask(ann.endpoint, func() int { return len(ann.source("camera").feedback.keyframeRequests) })
		if requests != 1 {
			t.Errorf("%d keyframes were asked for, not 1", requests)
		}
		// That the camera's section begins on a keyframe, its story says.
	})
}

func TestWhoSendsNothingReceivesAllTheSame(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		watcher := w.join("watcher", sending())
		watcher.receives(time.Second, ann)
		ann.receivesOnly()
	})
}

func TestRoomsDoNotHearEachOther(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann", in("here")), w.join("bob", in("here"))
		cas, dan := w.join("cas", in("there")), w.join("dan", in("there"))
		w.everyoneReceivesEveryone(time.Second)
		for _, p := range []*peer{ann, bob, cas, dan} {
			if n := ask(p.endpoint, func() int { return len(p.roster.rows) }); n != 1 {
				t.Errorf("%s knows of %d others", p.name, n)
			}
		}
	})
}

func TestAScreenIsSeenBesidesTheCamera(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		bob.receives(time.Second, ann)
		lines := bob.lines()
		ann.share("screen")
		ann.share("screen_audio")
		bob.receives(time.Second, ann)
		if n := bob.lines(); n != lines {
			t.Errorf("a screen took bob from %d m-lines to %d: there was a slot", lines, n)
		}
	})
}

func TestWhoSpeaksIsToldToEveryone(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		for _, p := range []*peer{ann, bob} {
			p.do(func() { p.source("microphone").level = 90 })
		}
		loudest := func(p *peer) string {
			return ask(p.endpoint, func() string {
				if len(p.levels) == 0 {
					return ""
				}
				return p.levels[0].Participant
			})
		}
		w.run(2 * time.Second)
		if who := loudest(bob); who != "" {
			t.Errorf("%q speaks in a silent room", who)
		}
		ann.do(func() { ann.source("microphone").level = 20 })
		w.await(time.Second, "both hear of ann", func() bool {
			return loudest(bob) == ann.me.ID && loudest(ann) == ann.me.ID
		})
		ann.do(func() { ann.source("microphone").level = 90 })
		w.await(3*time.Second, "ann falls silent", func() bool { return loudest(bob) == "" })
	})
}

func TestARoomThatIsFullSaysSo(t *testing.T) {
	play(t, func(w *world) {
		for _, p := range crowd(50) {
			w.enter(p, sending(), places(1))
		}
		w.run(10 * time.Millisecond)
		late := w.enter("late", sending(), places(1))
		w.await(time.Second, "the last one is refused", func() bool {
			codes := late.errors()
			return len(codes) == 1 && codes[0] == wire.CodeRoomFull
		})
		w.run(2 * time.Second)
		late.vanish()
	})
}
