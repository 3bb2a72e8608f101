package estimate

import (
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	t.Parallel()
	var l latency
	now := began
	// hear lets a feedback on three packets arrive. They took so long on the way,
	// the receiver kept the first for 40 ms, and the feedback took 20 ms.
	hear := func(way time.Duration) {
		now = now.Add(100 * ms)
		var results []Result
		for i := range 3 {
			at := now.Add(-20*ms - way - time.Duration(2-i)*20*ms)
			results = append(results, Result{Packet: Packet{At: at}, Received: true, Arrival: time.Hour + at.Add(way).Sub(began)})
		}
		results = append(results, Result{Packet: Packet{At: now}})
		l.add(results, began, now)
	}
	hear(30 * ms)
	if l.rtt != 50*ms || l.queue != 0 {
		t.Errorf("the first round trip took %v, %v of it in queues", l.rtt, l.queue)
	}
	for range 30 {
		hear(130 * ms)
	}
	if l.rtt < 145*ms || l.rtt > 150*ms || l.queue != 100*ms {
		t.Errorf("with a queue it takes %v, %v more", l.rtt, l.queue)
	}
	for range 700 { // 70 s: the way is a longer one now
		hear(130 * ms)
	}
	if l.queue != 0 {
		t.Errorf("of another path %v are taken for a queue", l.queue)
	}
	l.add(nil, began, now)
	l.add([]Result{{Packet: Packet{At: now}}}, began, now)
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	var b backlog
	now := began
	// cuts counts how often less is to be sent while a queue stands.
	cuts := func(queue time.Duration, lossy bool, length time.Duration) (n int) {
		for range length / (50 * ms) {
			now = now.Add(50 * ms)
			if b.drain(queue, 50*ms, lossy, now) {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		name   string
		queue  time.Duration
		lossy  bool
		length time.Duration
		want   int
	}{
		{"no queue", 0, false, time.Second, 0},
		{"a short one", 50 * ms, false, time.Second, 0},
		{"a short one that is full", 50 * ms, true, 150 * ms, 1},
		{"it drains", 20 * ms, true, time.Second, 0},
		{"a long one for a moment", 200 * ms, false, 250 * ms, 0},
		{"that was all", 20 * ms, false, time.Second, 0},
		{"a long one", 200 * ms, false, 2 * time.Second, mostCuts},
		{"it has shrunk, but not enough", 120 * ms, false, 2 * time.Second, mostCuts},
		{"it drains again", 10 * ms, false, time.Second, 0},
		{"one that is not ours", 200 * ms, false, 4 * time.Second, mostCuts},
		{"is left alone while it stays", 220 * ms, false, time.Second, 0},
		{"but not when ours comes on top", 290 * ms, false, 900 * ms, mostCuts},
		{"it goes", 0, false, time.Second, 0},
		{"and the next one is ours again", 200 * ms, false, 800 * ms, mostCuts},
		{"that goes, too", 0, false, 4 * time.Second, 0},
		{"somebody fills whatever room is made", 200 * ms, false, 7 * time.Second, mostCuts},
		{"whatever comes on top", 290 * ms, false, 10 * time.Second, 0},
		{"and when it wavers", 20 * ms, false, 2 * time.Second, 0},
		{"it is a rival's", 120 * ms, false, 5 * time.Second, 0},
		{"until there is none", 20 * ms, false, goneTime + 50*ms, 0},
		{"then the next one is ours again", 200 * ms, false, 800 * ms, mostCuts},
		{"or was there for so long", 200 * ms, false, foreignTime + rivalTime - time.Second, 0},
		{"that it is looked at again", 200 * ms, false, 4 * time.Second, mostCuts},
	} {
		if got := cuts(tt.queue, tt.lossy, tt.length); got != tt.want {
			t.Errorf("%s: less was to be sent %d times, not %d", tt.name, got, tt.want)
		}
	}
}
