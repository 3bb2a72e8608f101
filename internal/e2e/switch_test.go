package e2e

import (
	"fmt"
	"testing"
	"time"
)

// TestLayersSwitchAndPacketsAreRepairedUnderLoss lets a tile grow and shrink on
// a line that loses packets in bursts and lets them overtake each other.
func TestLayersSwitchAndPacketsAreRepairedUnderLoss(t *testing.T) {
	for _, way := range []string{"up", "down"} {
		for _, loss := range []float64{0, 0.01, 0.05, 0.1} {
			t.Run(fmt.Sprintf("%s %v", way, loss), func(t *testing.T) {
				play(t, func(w *world) {
					w.allowed.loss = true
					ann := w.join("ann", filming(simulcast))
					bob := w.join("bob", sending()) // ann is sent nothing, so no report tells her round trip
					bob.shows(ann, 1280, time.Second)
					bob.do(func() { bob.down.prompt = true })
					w.run(1500 * time.Millisecond) // for the round trip to be measured
					if way == "up" {
						ann.link.bursty(loss, 0, 3)
						ann.do(func() {
							for _, u := range ann.encodings("camera") {
								u.swaps = loss > 0
							}
						})
					} else {
						bob.link.bursty(0, loss, 3)
						bob.do(func() { bob.shuffle.share = loss })
					}
					repair := 2*oneWay + 60*time.Millisecond
					if way == "down" && loss > 0.01 { // so much that some repeats are lost too, and are asked for at the next pulse
						repair += 2*oneWay + pulseEvery
					}
					rounds := 6
					if loss == 0 {
						rounds = 2
					}
					w.switchUnderLoss(ann, bob, rounds, repair)
				})
			})
		}
	}
}

// switchUnderLoss lets bob's tile of ann grow and shrink, and checks how soon
// lost packets are there and that the picture goes on.
func (w *world) switchUnderLoss(ann, bob *peer, rounds int, repair time.Duration) {
	w.t.Helper()
	began := time.Now()
	for range rounds {
		bob.tile(ann, 160, 90)
		bob.shows(ann, 320, 4*keyframeTrip)
		w.run(400 * time.Millisecond)
		bob.tile(ann, 1280, 720)
		bob.shows(ann, 1280, 4*keyframeTrip)
		w.run(400 * time.Millisecond)
	}
	bob.moves(ann, began, keyframeTrip)
	recoveries := ask(bob.endpoint, func() []time.Duration {
		f := bob.down.flows[flow{ann.ordinal, ann.source("camera").index}]
		return bob.down.byMid[f.mid].recoveries
	})
	took := p99(recoveries)
	if took > repair {
		w.t.Errorf("of %d packets that came late, 1 %% took longer than %v", len(recoveries), took)
	}
	s := bob.screenOf(ann, "camera")
	longest, _ := s.longestFreeze(began, time.Now())
	w.t.Logf("%d pictures, longest pause %v; %d packets came late, 99 %% of them within %v; %d never came",
		len(s.shown), longest, len(recoveries), took, s.lost)
}
