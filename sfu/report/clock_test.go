package report

import (
	"testing"
	"time"
)

// path carries a publisher's reports to a Clock.
type path struct {
	clock Clock
	start time.Time     // when the publisher's clock showed ntp
	ntp   uint64        // its clock then
	set   time.Duration // by how much it was set since
}

func newPath() *path { return &path{start: time.Unix(5000, 0), ntp: 0xdead << 32} }

func (p *path) shows(at time.Duration) uint64 {
	return p.ntp + NTP(time.Unix(0, int64(at+p.set))) - NTP(time.Unix(0, 0))
}

// report sends a report at a time after start that arrives late by delay.
func (p *path) report(at, delay time.Duration) {
	p.clock.Note(p.shows(at), p.start.Add(at+delay))
}

// lag returns how late the clock takes what the publisher's shows at.
func (p *path) lag(t *testing.T, at time.Duration) time.Duration {
	t.Helper()
	local, ok := p.clock.Local(p.shows(at))
	if !ok {
		t.Fatal("the clock does not know")
	}
	return local.Sub(p.start.Add(at)).Round(10 * time.Microsecond)
}

func TestClockKnowsNothingAtFirst(t *testing.T) {
	t.Parallel()
	var c Clock
	if _, ok := c.Local(1 << 40); ok {
		t.Error("known before any report")
	}
	c.Note(0, time.Unix(5000, 0))
	if _, ok := c.Local(1 << 40); ok {
		t.Error("known from a report without a time")
	}
}

func TestClockBelievesTheFastestReport(t *testing.T) {
	t.Parallel()
	p := newPath()
	ms := time.Millisecond
	for _, step := range []struct{ at, delay, want time.Duration }{
		{0, 40 * ms, 40 * ms},
		{1 * time.Second, 15 * ms, 15 * ms},
		{1 * time.Second, 30 * ms, 15*ms + 3*time.Microsecond}, // 15 ms later, 200 ppm
		{2 * time.Second, 60 * ms, 15*ms + 209*time.Microsecond},
		{3 * time.Second, 10 * ms, 10 * ms},
	} {
		p.report(step.at, step.delay)
		if got := p.lag(t, step.at); got != step.want.Round(10*time.Microsecond) {
			t.Errorf("after %v: %v late, want %v", step.at, got, step.want)
		}
	}
}

func TestClockFollows(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	for _, c := range []struct {
		name string
		at   func(i int) (delay, set time.Duration) // of the report in second i
		want time.Duration                          // after 300 s, from the publisher's clock as it is then
		off  time.Duration                          // at most
	}{
		{"a clock that is slow by 100 ppm", func(i int) (time.Duration, time.Duration) {
			return 20 * ms, -time.Duration(i) * 100 * time.Microsecond
		}, 20 * ms, 0},
		{"a clock that is fast by 100 ppm", func(i int) (time.Duration, time.Duration) {
			return 20 * ms, time.Duration(i) * 100 * time.Microsecond
		}, 20 * ms, 0},
		{"a path that became longer by 40 ms", func(i int) (time.Duration, time.Duration) {
			if i < 50 {
				return 20 * ms, 0
			}
			return 60 * ms, 0
		}, 60 * ms, 0},
		{"a path that became shorter", func(i int) (time.Duration, time.Duration) {
			if i < 299 {
				return 120 * ms, 0
			}
			return 20 * ms, 0
		}, 20 * ms, 0},
		{"a clock that was set forward", func(i int) (time.Duration, time.Duration) {
			if i < 289 {
				return 20 * ms, 0
			}
			return 20 * ms, time.Hour
		}, 20 * ms, 0},
		{"a clock that was set back", func(i int) (time.Duration, time.Duration) {
			if i < 289 {
				return 20 * ms, 0
			}
			return 20 * ms, -time.Hour
		}, 20 * ms, 0},
		{"no queue that fills for a while", func(i int) (time.Duration, time.Duration) {
			if i < 291 {
				return 20 * ms, 0
			}
			return 3 * time.Second, 0
		}, 20 * ms, 0},
		{"no queue that is full half the time", func(i int) (time.Duration, time.Duration) {
			if i%20 < 10 {
				return 20 * ms, 0
			}
			return 900 * ms, 0
		}, 20 * ms, 3 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPath()
			for i := range 300 {
				var delay time.Duration
				delay, p.set = c.at(i)
				p.report(time.Duration(i)*time.Second, delay)
			}
			got := p.lag(t, 299*time.Second)
			if got < c.want-c.off || got > c.want+c.off {
				t.Errorf("%v late, want %v", got, c.want)
			}
		})
	}
}

func TestClockIgnoresAbsurdReports(t *testing.T) {
	t.Parallel()
	p := newPath()
	p.report(0, 20*time.Millisecond)
	before := p.clock
	odd := []uint64{0, 1, 1 << 31, 1 << 32, p.ntp + 1<<33, p.ntp - 1<<33, p.ntp + 1<<63, 1<<64 - 1}
	for i := range 200 {
		p.clock.Note(odd[i%len(odd)], p.start.Add(time.Duration(i)*time.Second))
	}
	if p.clock.distance != before.distance {
		t.Errorf("absurd reports moved the clock by %v", p.clock.distance-before.distance)
	}
	// One that says the same again and again is ignored between others that agree.
	for i := range 200 {
		at := time.Duration(200+i) * time.Second
		p.report(at, 20*time.Millisecond)
		p.clock.Note(p.shows(at+time.Hour), p.start.Add(at))
	}
	if got := p.lag(t, 400*time.Second); got != 20*time.Millisecond {
		t.Errorf("a liar among others moved the clock to %v", got)
	}
}

func TestClockRecoversFromAnAbsurdStart(t *testing.T) {
	t.Parallel()
	p := newPath()
	p.clock.Note(p.ntp+1<<62, p.start)
	for i := range 12 {
		p.report(time.Duration(i+1)*time.Second, 20*time.Millisecond)
	}
	if got := p.lag(t, 12*time.Second); got != 20*time.Millisecond {
		t.Errorf("%v late", got)
	}
}

// Nothing that a publisher claims panics, and after ten seconds of honest
// reports no more than a leap is left of it.
func FuzzClock(f *testing.F) {
	f.Add(uint64(1), uint64(1<<63), uint64(1<<64-1), int64(1e9), uint32(48000))
	f.Add(uint64(1<<63), uint64(1<<63-1), uint64(0), int64(-1e18), uint32(0))
	f.Add(uint64(0xdead<<32), uint64(0xbeef<<32), uint64(0xdead<<32+1), int64(1<<63-1), uint32(1<<32-1))
	f.Fuzz(func(t *testing.T, a, b, c uint64, wait int64, rate uint32) {
		p := newPath()
		var l Timeline
		now := p.start
		for i := range 12 {
			ntp := [...]uint64{a, b, c}[i%3]
			p.clock.Note(ntp, now)
			p.clock.Local(ntp)
			l.Note(ntp, rate)
			l.At(&p.clock, now, rate)
			l.At(&p.clock, now.Add(time.Duration(wait)), rate)
			now = now.Add(time.Duration(uint64(wait) % uint64(time.Hour)))
		}
		since := now.Sub(p.start)
		for i := range 12 {
			p.report(since+time.Duration(i)*time.Second, 20*time.Millisecond)
		}
		at := since + 11*time.Second
		if got := p.lag(t, at); got > 20*time.Millisecond || got < 20*time.Millisecond-leap {
			t.Errorf("%v late after honest reports", got)
		}
	})
}
