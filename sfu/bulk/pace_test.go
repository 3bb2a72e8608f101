package bulk

import (
	"testing"
	"time"

	"sfu/sfu/media"
)

// sent plays a sender that always has a message of this size, for that long,
// and returns how many bytes went.
func (p *Pace) sent(rate media.Bitrate, size int, small bool, now *time.Time, long time.Duration) (n int) {
	for end := now.Add(long); now.Before(end); {
		p.Fill(rate, *now)
		wait := p.Wait(small)
		if wait == 0 {
			p.Take(size, small)
			n += size
		}
		*now = now.Add(max(wait, time.Millisecond))
	}
	return n
}

func TestMessagesGoAtTheRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		size  int
		small bool
		least int // bytes in 20 s at 200 kbit/s, which carry 500,000
		most  int
	}{
		{"chunks of a file", 16 << 10, false, 440_000, 500_000},
		{"the largest messages", 64 << 10, false, 440_000, 540_000},
		{"a flood of chat", 100, true, 290_000, 330_000},
		{"a flood of nothing but headers", 1, true, 7_000, 9_000},
	} {
		var p Pace
		now := began
		if n := p.sent(200*kbit, tt.size, tt.small, &now, 20*time.Second); n < tt.least || n > tt.most {
			t.Errorf("%s: %d bytes went, not %d to %d", tt.name, n, tt.least, tt.most)
		}
	}
}

func TestSmallMessagesDoNotWaitForBulk(t *testing.T) {
	t.Parallel()
	var p Pace
	p.Fill(64*kbit, began)
	p.Take(64<<10, false)
	if wait := p.Wait(false); wait < 8*time.Second || wait > 9*time.Second {
		t.Errorf("the next chunk waits %v", wait)
	}
	for i := range 100 {
		if wait := p.Wait(true); wait > 0 {
			t.Fatalf("chat message %d waits %v", i, wait)
		}
		p.Take(100, true)
	}
	if wait := p.Wait(false); wait < 10*time.Second {
		t.Errorf("the file does not pay for the chat: it waits %v", wait)
	}
}

// Whoever calls his flood a chat gains nothing: both together stay at the rate.
func TestSmallAndLargeTogetherStayAtTheRate(t *testing.T) {
	t.Parallel()
	var p Pace
	now, n := began, 0
	for range 20_000 { // 20 s
		p.Fill(200*kbit, now)
		for p.Wait(true) == 0 {
			p.Take(1000, true)
			n += 1000
		}
		for p.Wait(false) == 0 {
			p.Take(16<<10, false)
			n += 16 << 10
		}
		now = now.Add(time.Millisecond)
	}
	if n < 450_000 || n > 550_000 {
		t.Errorf("%d bytes went in a time that carries 500,000", n)
	}
}

func TestIdleTimeIsNotSaved(t *testing.T) {
	t.Parallel()
	var p Pace
	p.Fill(64*kbit, began)
	now := began.Add(time.Hour)
	if n := p.sent(64*kbit, 1000, false, &now, time.Second); n > 8000+start+1000 {
		t.Errorf("%d bytes went in a second", n)
	}
	now = now.Add(time.Hour)
	if n := p.sent(64*kbit, 1000, true, &now, time.Second); n > 8000+burst+4000+1000 {
		t.Errorf("%d bytes of small messages went in a second", n)
	}
}

func TestWithoutALimitNothingWaits(t *testing.T) {
	t.Parallel()
	var p Pace
	p.Fill(0, began)
	p.Take(1<<30, false)
	p.Take(1<<30, true)
	if p.Wait(false)+p.Wait(true) > 0 {
		t.Error("a message waits")
	}
	if n := p.Within(time.Second, 10, 1000); n != 1000 {
		t.Errorf("%d bytes within a second, not the most", n)
	}
	p.Fill(64*kbit, began.Add(time.Hour)) // and what went is no debt
	if p.Wait(false)+p.Wait(true) > 0 {
		t.Error("a message waits for those before the limit")
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rate media.Bitrate
		want int
	}{{1, 2000}, {64 * kbit, 2400}, {1000 * kbit, 37_500}, {1 << 60, 100_000}} {
		var p Pace
		p.Fill(tt.rate, began)
		if got := p.Within(300*time.Millisecond, 2000, 100_000); got != tt.want {
			t.Errorf("%d bytes within 300 ms of %d bit/s, want %d", got, tt.rate, tt.want)
		}
	}
}
