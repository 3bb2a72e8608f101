package sfu

import (
	"slices"
	"testing"
	"time"

	"sfu/sfu/forward"
)

// spread makes bob's connection one that numbers packets and whose pacer has
// this much credit.
func (s *studio) spread(credit float64) {
	b := *s.picture.bound.Load()
	b.ids.transportCC = 5
	for _, d := range s.bob.down.tracks {
		d.bound.Store(&b)
	}
	s.bob.up.up = s.now
	s.bob.out.known, s.bob.out.pacer.credit, s.bob.out.pacer.filled = true, credit, s.now
}

func TestWhatComesLateKeepsItsPlace(t *testing.T) {
	t.Parallel()
	var q queue
	for _, seq := range []uint16{0xfffe, 0, 1, 0xffff, 3, 2} {
		q.push(held{verdict: forward.Verdict{Seq: seq}})
	}
	var got []uint16
	for q.len() > 0 {
		got = append(got, q.pop().verdict.Seq)
	}
	if want := []uint16{0xfffe, 0xffff, 0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("they leave as %v, not %v", got, want)
	}
}

func TestWhatWaitsIsNotSentTwice(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q")
	s.watch()
	s.run(200*time.Millisecond, only("q"))
	s.spread(-1e6)
	before := len(s.out.headers)
	s.run(100*time.Millisecond, only("q"))
	q := &s.picture.queue
	if q.len() == 0 {
		t.Fatal("nothing waits")
	}
	s.picture.answer(q.packets[q.first].verdict.Seq, s.now)
	if n := len(s.out.headers); n != before {
		t.Errorf("%d packets left, though all have to wait", n-before)
	}
}

// Sound does not wait, but takes of what pictures may.
func TestPicturesMakeRoomForSound(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q")
	s.watch()
	s.run(200*time.Millisecond, only("q"))
	s.spread(0)
	s.loop.turn([]inbound{s.packet("mic", 111, []byte{0x78, 1, 2, 3})}, s.now)
	if c := s.bob.out.pacer.credit; c >= 0 {
		t.Errorf("the sound has left a credit of %v", c)
	}
}

// From the very first packet on, or keyframes of the largest pictures fill a
// path of which nothing is known.
func TestABudgetIsSharedFromTheBeginning(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q")
	if s.bob.limited(s.now) {
		t.Error("who does not negotiate feedback is limited")
	}
	s.spread(0)
	s.bob.out.known = false
	if !s.bob.limited(s.now) {
		t.Error("who is sent nothing yet is not limited")
	}
	s.bob.out.numbered = s.now
	if at := s.now.Add(learning); s.bob.limited(at) {
		t.Error("who says nothing is limited for longer than it takes to learn")
	}
}
