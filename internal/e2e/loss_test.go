package e2e

import (
	"testing"
	"time"

	"sfu/sfu/media"
)

// missing returns what share of the packets that other's source sent has not
// reached p, counted between the first and the last that did.
func (p *peer) missing(other *peer, source string) float64 {
	index := other.source(source).index
	return ask(p.endpoint, func() float64 {
		first, last, n := ^uint32(0), uint32(0), 0
		for _, st := range p.down.byMid {
			for _, r := range st.packets {
				if r.stamp.sender == other.ordinal && r.stamp.source == index {
					first, last, n = min(first, r.stamp.seq), max(last, r.stamp.seq), n+1
				}
			}
		}
		return 1 - float64(n)/float64(last-first+1)
	})
}

func TestLossIsRepaired(t *testing.T) {
	for name, loss := range map[string]struct{ up, down float64 }{
		"on the way up":   {up: 0.05},
		"on the way down": {down: 0.05},
		"both ways":       {up: 0.05, down: 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.allowed.loss = true
				ann, bob := w.join("ann"), w.join("bob")
				w.everyoneReceivesEveryone(time.Second)
				for _, p := range []*peer{ann, bob} {
					p.link.lossy(loss.up, loss.down)
				}
				w.run(15 * time.Second)
				for _, p := range []*peer{ann, bob} {
					p.link.lossy(0, 0)
				}
				w.run(2 * time.Second)
				if up, down := ann.link.lost(); loss.up > 0 && up < 40 || loss.down > 0 && down < 40 {
					t.Fatalf("the network lost only %d up and %d down", up, down)
				}
				for _, p := range []*peer{ann, bob} {
					other := others(w.peers, p)[0]
					if share := p.missing(other, "camera"); share > 0.001 {
						t.Errorf("%s misses %.2f %% of %s's camera", p.name, 100*share, other.name)
					}
					// Browsers neither answer nor send NACKs for Opus: it hides loss by itself.
					if share := p.missing(other, "microphone"); share > loss.up+loss.down+0.02 {
						t.Errorf("%s misses %.2f %% of %s's microphone", p.name, 100*share, other.name)
					}
				}
			})
		})
	}
}

func TestRepairIsFrugal(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.loss = true
		ann, bob, cas := w.join("ann"), w.join("bob"), w.join("cas")
		w.everyoneReceivesEveryone(time.Second)
		ann.link.lossy(0.05, 0)
		w.run(10 * time.Second)
		ann.link.lossy(0, 0)
		w.run(time.Second)
		up, _ := ann.link.lost()
		camera := ask(ann.endpoint, func() uplinkFeedback { return ann.source("camera").feedback })
		if camera.repeated > 2*up {
			t.Errorf("the network lost %d datagrams, the server made ann repeat %d", up, camera.repeated)
		}
		if n := len(camera.keyframeRequests); n > 5 {
			t.Errorf("the server asked for %d keyframes for loss that was repaired", n)
		}

		bob.link.lossy(0, 0.05)
		repaired, spurious := bob.repairs()
		w.run(10 * time.Second)
		more, waste := bob.repairs()
		if more, waste = more-repaired, waste-spurious; more < 40 || waste > more/10 {
			t.Errorf("bob: %d packets came again for good, %d for nothing", more, waste)
		}
		if share := cas.missing(bob, "camera"); share > 0 {
			t.Errorf("cas, whose line is good, misses %.2f %% of bob's camera", 100*share)
		}
		if n := ask(bob.endpoint, func() int { return bob.source("camera").feedback.repeated }); n > 0 {
			t.Errorf("bob's uplink is good, but he repeated %d packets", n)
		}
	})
}

// repairs returns how many retransmissions were of use so far, and how many
// were not.
func (p *peer) repairs() (good, spurious int) {
	p.do(func() {
		for _, st := range p.down.byMid {
			good += st.repaired
			spurious += st.spurious
		}
	})
	return good, spurious
}

func TestProbesThatRepeatOldPacketsAreNotForwardedTwice(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.hostile = true // duplicates are refused, and so counted
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		w.run(time.Second)
		for range 4 { // as Chromium probes for bandwidth
			ann.do(func() {
				u := ann.source("camera")
				for i := range uint16(50) {
					u.repeat(u.bound.Load(), u.seq-i)
				}
			})
			w.run(500 * time.Millisecond)
		}
		bob.receivesOnly(ann)
		if n := value(w.count.PacketsRefused[media.DropDuplicate]); n != 200 {
			t.Errorf("%v of 200 repeated packets were refused as duplicates", n)
		}
		// That none was forwarded twice, the stories say.
	})
}

func TestDatagramsThatTheNetworkDoublesCountOnce(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.hostile = true // duplicates are refused, and so counted
		stop := w.net.double(0.2)
		w.joinAll("ann", "bob", "cas")
		w.everyoneReceivesEveryone(2 * time.Second)
		w.run(3 * time.Second)
		stop()
		if refused, twice := sum(w.count.PacketsRefused[:]), value(w.count.PacketsRefused[media.DropDuplicate]); twice == 0 || twice != refused {
			t.Errorf("refused %s", w.refused())
		}
		// That nothing was forwarded twice, stories say.
	})
}

func TestPacketsThatOvertakeEachOtherAreNotTakenForLost(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		ann.do(func() { ann.source("camera").swaps = true })
		w.run(5 * time.Second)
		bob.receivesOnly(ann)
		if n := ask(ann.endpoint, func() int { return ann.source("camera").feedback.nacked }); n > 0 {
			t.Errorf("the server asked again for %d packets that had only been overtaken", n)
		}
		if _, spurious := bob.repairs(); float64(spurious) > value(w.count.ProbePackets) {
			t.Errorf("bob got %d packets a second time", spurious)
		}
		cas := w.join("cas") // whose keyframe begins with its second packet
		cas.receives(time.Second, ann, bob)
	})
}
