package estimate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sfu/sfu/media"
)

// rehearsal is a Prober on a path of some capacity: what a probe finds becomes
// the estimate half a second later. Rates are in kbit/s.
type rehearsal struct {
	p        Prober
	in       ProbeInput
	capacity media.Bitrate
	now      time.Time
	finds    time.Time
	rate     media.Bitrate
}

func newRehearsal(estimate, wanted, capacity int) *rehearsal {
	r := &rehearsal{now: began, capacity: media.Bitrate(capacity) * 1000}
	r.in = ProbeInput{RTT: 50 * ms, ALR: true}
	r.set(estimate, wanted)
	return r
}

func (r *rehearsal) set(estimate, wanted int) {
	r.in.Estimate, r.in.Wanted = media.Bitrate(estimate)*1000, media.Bitrate(wanted)*1000
	r.in.Acked = r.in.Estimate / 3
}

// run returns the probes of a while, as "2.5:900" for one of 900 kbit/s after
// 2.5 s.
func (r *rehearsal) run(length time.Duration) string {
	var told []string
	for end := r.now.Add(length); r.now.Before(end); r.now = r.now.Add(25 * ms) {
		if !r.finds.IsZero() && r.now.After(r.finds) {
			r.in.Estimate = max(r.in.Estimate, min(r.rate, r.capacity))
			r.finds = time.Time{}
		}
		p, ok := r.p.Update(r.in, r.now)
		if !ok {
			continue
		}
		told = append(told, fmt.Sprintf("%.1f:%d", r.now.Sub(began).Seconds(), p.Bitrate/1000))
		r.finds, r.rate = r.now.Add(500*ms), p.Bitrate
	}
	return strings.Join(told, " ")
}

func TestProber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		story func(r *rehearsal) string
		want  string
	}{
		{"nobody answers yet", func(r *rehearsal) string {
			r.in.RTT = 0
			return r.run(5 * time.Second)
		}, ""},
		{"3 and 6 times at the start, on to twice of what is wanted, then now and then", func(r *rehearsal) string {
			return r.run(4 * time.Second)
		}, "0.0:300 0.2:600 0.7:1200 1.2:2400 3.2:4800"},
		{"a path that carries no more: more and more seldom", func(r *rehearsal) string {
			r.capacity = 400 * 1000
			return r.run(15 * time.Second)
		}, "0.0:300 0.2:600 0.7:800 3.7:800 6.7:800 9.7:800 12.7:800"},
		{"half of the rest is found: go on at once", func(r *rehearsal) string {
			r.capacity = 900 * 1000
			return r.run(1500 * ms)
		}, "0.0:300 0.2:600 0.7:1200 1.2:1300"},
		{"nothing is wanted: twice of what is sent is enough", func(r *rehearsal) string {
			r.set(100, 0)
			r.in.Acked = 500 * 1000
			return r.run(20 * time.Second)
		}, "0.0:300 0.2:600 5.2:1000"},
		{"nothing is wanted, and nothing much is sent", func(r *rehearsal) string {
			r.set(100, 0)
			return r.run(20 * time.Second)
		}, "0.0:300 0.2:600"},
		{"the estimate is used: half as much again, for longer", func(r *rehearsal) string {
			r.in.ALR, r.capacity = false, 600*1000
			r.run(time.Second)
			r.set(600, 1000)
			told := r.run(4 * time.Second)
			return fmt.Sprint(told, " ", r.p.last.Duration)
		}, "3.7:900 50ms"},
		{"not while packets wait or get lost", func(r *rehearsal) string {
			r.run(500 * ms)
			r.in.Usage = Overusing
			told := r.run(10 * time.Second)
			r.in.Usage, r.in.Limit = Normal, LimitLoss
			told += r.run(10 * time.Second)
			r.in.Limit = LimitSilence
			return told + r.run(10*time.Second)
		}, ""},
		{"a drop is probed for when the queues are empty again", func(r *rehearsal) string {
			r.capacity = 1000 * 1000
			r.set(1000, 0)
			r.run(10 * time.Second)
			r.set(400, 0)
			r.in.Queue = 50 * ms
			told := r.run(2*time.Second) + ","
			r.in.Queue = 5 * ms
			return told + r.run(time.Second)
		}, ",12.0:850"},
		{"but not when they stay full", func(r *rehearsal) string {
			r.capacity = 1000 * 1000
			r.set(1000, 0)
			r.run(10 * time.Second)
			r.set(400, 0)
			r.in.Queue = 50 * ms
			told := r.run(dropMemory + 100*ms)
			r.in.Queue = 5 * ms
			return told + r.run(3*time.Second)
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.story(newRehearsal(100, 1000, 100_000)); got != tt.want {
				t.Errorf("probes %q, not %q", got, tt.want)
			}
		})
	}
}

// Signs that the path has become a better one bring the next probe forward.
func TestProberSeesABetterPath(t *testing.T) {
	t.Parallel()
	for name, better := range map[string]func(in *ProbeInput){
		"the estimate grew by itself": func(in *ProbeInput) { in.Estimate += in.Estimate / 10 },
		"bursts pass faster":          func(in *ProbeInput) { in.Burst *= 2 },
	} {
		r := newRehearsal(100, 1000, 0)
		r.in.Burst = 100 * 1000
		r.run(4500 * ms) // the last probe was 1.3 s ago, the next is due 1.7 s later
		better(&r.in)
		if got := r.run(800 * ms); got == "" {
			t.Errorf("%s, and nothing was probed for", name)
		}
		if r.p.interval != wantedInterval {
			t.Errorf("%s, and the next probe takes %v", name, r.p.interval)
		}
	}
}

// What passed for a moment only counts as a failure.
func TestProberWaitsWhetherAFindHolds(t *testing.T) {
	t.Parallel()
	r := newRehearsal(100, 400, 1000)
	r.run(1300 * ms)
	if r.p.phase != found {
		t.Fatalf("a find is in phase %v", r.p.phase)
	}
	r.set(100, 1000)
	r.in.Queue = 100 * ms
	r.run(50 * ms)
	if r.p.phase != idle || r.p.interval != longestInterval {
		t.Errorf("after it was lost the phase is %v, the interval %v", r.p.phase, r.p.interval)
	}
}

func TestProbesAreCheap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		estimate media.Bitrate
		want     time.Duration
	}{
		{1_000_000, 3 * time.Second},
		{300_000, 3200 * ms},
		{100_000, 9600 * ms},
	} {
		interval := time.Duration(0)
		for range 40 {
			interval = rarer(interval, tt.estimate)
		}
		if interval > tt.want {
			t.Errorf("at %d bit/s probes come every %v, not %v", tt.estimate, interval, tt.want)
		}
	}
	r := newRehearsal(500_000, 900_000, 1_000_000)
	if got := r.run(5 * time.Second); got != "" {
		t.Errorf("at 500 Mbit/s it probes: %s", got)
	}
}
