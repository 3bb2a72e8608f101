package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

const (
	talk    = 30 // in -dBov
	silence = 100
)

// says changes how loud a peer's microphone is, and returns the number of the
// first packet that is so loud.
func (p *peer) says(level uint8) (first uint32) {
	p.do(func() {
		u := p.source("microphone")
		u.level = level
		first = u.count + 1
	})
	return first
}

// voices returns how many packets of each voice arrive in a while.
func (p *peer) voices(while time.Duration) map[string]int {
	before := p.counts()
	p.w.run(while)
	after := p.counts()
	out := make(map[string]int)
	for f, n := range after {
		if n > before[f] {
			out[p.w.peers[f.sender-1].name] = n - before[f]
		}
	}
	return out
}

// heardAt returns when packet number n of other's voice arrived at p.
func (p *peer) heardAt(other *peer, n uint32) (at, captured time.Time) {
	p.do(func() {
		for _, st := range p.down.byMid {
			for _, r := range st.packets {
				if r.stamp.sender == other.ordinal && r.stamp.seq == n {
					at, captured = r.at, r.stamp.captured
				}
			}
		}
	})
	return at, captured
}

func TestInACrowdTheLoudestFewAreHeardAndNobodyIsCutShort(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.quiet = true
		for _, name := range crowd(12) {
			w.enter(name, sending("microphone"))
		}
		all := w.peers
		ear := all[11]
		for _, p := range all {
			w.await(5*time.Second, p.name+" connects", func() bool { return ask(p.endpoint, func() bool { return p.connected }) })
			p.says(silence)
		}
		w.run(3 * time.Second) // whoever was loud when it came in is quiet again
		if heard := ear.voices(500 * time.Millisecond); len(heard) != 0 {
			t.Errorf("in a silent room %v are heard", heard)
		}
		for _, p := range all[:4] {
			p.says(talk)
		}
		w.run(time.Second)
		if heard := ear.voices(500 * time.Millisecond); len(heard) != 4 {
			t.Errorf("of four who talk %v are heard", heard)
		}

		comesIn := func(p *peer, level uint8) {
			t.Helper()
			first := p.says(level)
			w.run(200 * time.Millisecond)
			for n := first - 2; n <= first+1; n++ { // and a breath before
				at, captured := ear.heardAt(p, n)
				if at.IsZero() || n >= first && at.Sub(captured) > 2*oneWay+20*time.Millisecond {
					t.Errorf("%s begins with packet %d; packet %d is heard %v after it was said", p.name, first, n, at.Sub(captured))
				}
			}
		}
		comesIn(all[4], talk)    // a place was free
		comesIn(all[5], talk-20) // louder than one of five
		w.run(time.Second)
		heard := ear.voices(500 * time.Millisecond)
		if len(heard) != 5 || heard["p6"] != 25 {
			t.Errorf("of six who talk %v are heard", heard)
		}

		// Who is pinned is heard by who pinned him, however quiet.
		ear.wish(wire.TrackWish{Track: ear.trackOf(all[8], "microphone"), Pinned: true})
		w.run(5 * oneWay)
		if heard := ear.voices(500 * time.Millisecond); heard["p9"] != 25 || len(heard) != 6 {
			t.Errorf("with p9 pinned %v are heard", heard)
		}
		if heard := all[10].voices(500 * time.Millisecond); heard["p9"] != 0 {
			t.Errorf("p11 hears %v", heard)
		}
	})
}
