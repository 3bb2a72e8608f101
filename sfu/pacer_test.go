package sfu

import (
	"math"
	"slices"
	"testing"
	"time"

	"sfu/sfu/forward"
	"sfu/sfu/media"
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

// Who comes round late, on a machine that has other things to do, sends what became
// free meanwhile: as much as what is to leave has waited for. Idle time is saved for
// a frame only.
func TestALateTurnMakesUpForIt(t *testing.T) {
	t.Parallel()
	const rate media.Bitrate = 7_272_727 // with paceFactor a byte each microsecond
	start := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		since  time.Duration // the last turn
		late   time.Duration // what came since
		credit float64
	}{
		"a frame after a pause":    {time.Second, 0, 20_000},
		"a turn in time":           {5 * time.Millisecond, 5 * time.Millisecond, 5_000},
		"a late one":               {40 * time.Millisecond, 40 * time.Millisecond, 40_000},
		"late after a pause":       {time.Second, 30 * time.Millisecond, 50_000},
		"one that is far too late": {time.Second, time.Second, 70_000},
	} {
		p := pacer{filled: start}
		now := start.Add(tt.since)
		p.refill(rate, now.Add(-tt.late), now)
		if math.Abs(p.credit-tt.credit) > 10 {
			t.Errorf("%s: %.0f bytes may leave, want %.0f", name, p.credit, tt.credit)
		}
	}
}

func TestAFileIsAsFastAsItsFastestWindow(t *testing.T) {
	t.Parallel()
	var f file
	now, bytes := time.Unix(1_800_000_000, 0), 0
	for i, tt := range []struct {
		more int // in the next window
		want media.Bitrate
	}{{0, 0}, {30_000, 800_000}, {0, 800_000}, {15_000, 400_000}, {0, 400_000}, {0, 0}} {
		bytes += tt.more
		if got := f.rate(bytes, now); got != tt.want {
			t.Errorf("window %d: %d bit/s, want %d", i, got, tt.want)
		}
		if got := f.rate(bytes+99_999, now.Add(fileWindow/2)); got != tt.want {
			t.Errorf("within window %d: %d bit/s, want %d", i, got, tt.want)
		}
		now = now.Add(fileWindow)
	}
}
