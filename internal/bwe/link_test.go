package bwe

import (
	"math/rand/v2"
	"time"
)

// step is the capacity of a link from a time on, in bit/s.
type step struct {
	from time.Duration
	rate float64
}

// link is a token bucket with a queue that drops at its tail, and a wire behind
// it that takes its time and may lose packets on its own.
type link struct {
	w     *world
	steps []step
	queue time.Duration         // of the capacity, and after that it drops
	delay time.Duration         // of the wire, one way
	lose  func(*rand.Rand) bool // nil: never

	tokens  float64 // bits
	filled  time.Duration
	waiting []parcel
	bits    int
	arrived time.Duration // of the last packet: the wire does not reorder
}

// parcel is a packet on the link. Either lands or lost is called when the
// packet arrives, or would have.
type parcel struct {
	bytes int
	at    time.Duration
	lands func(queued time.Duration)
	lost  func(full bool)
}

const (
	bucket = 8 * 1500             // bits: one packet
	jitter = 2 * time.Millisecond // of the wire
	mtu    = 1200                 // bytes on the wire, headers and all
	least  = 10 * mtu * 8         // bits that fit any queue
)

func (l *link) capacity(at time.Duration) float64 {
	rate := l.steps[0].rate
	for _, s := range l.steps {
		if at >= s.from {
			rate = s.rate
		}
	}
	return rate
}

// carried returns how many bits the link could carry in a stretch of time.
func (l *link) carried(from, to time.Duration) (bits float64) {
	const tick = 10 * time.Millisecond
	for at := from; at < to; at += tick {
		bits += l.capacity(at) * tick.Seconds()
	}
	return bits
}

func (l *link) send(bytes int, lands func(time.Duration), lost func(full bool)) {
	p := parcel{bytes, l.w.now, lands, lost}
	room := max(l.capacity(l.w.now)*l.queue.Seconds(), least)
	if float64(l.bits+8*bytes) > room {
		l.w.after(time.Duration(float64(l.bits)/l.capacity(l.w.now)*float64(time.Second))+l.delay, func() { lost(true) })
		return
	}
	l.waiting = append(l.waiting, p)
	l.bits += 8 * bytes
	if len(l.waiting) == 1 {
		l.next()
	}
}

// next lets the first packet go as soon as there are tokens for it.
func (l *link) next() {
	rate := l.capacity(l.w.now)
	l.tokens = min(l.tokens+rate*(l.w.now-l.filled).Seconds(), bucket)
	l.filled = l.w.now
	missing := float64(8*l.waiting[0].bytes) - l.tokens
	if missing > 0.5 {
		l.w.after(time.Duration(missing/rate*float64(time.Second))+1, l.next)
		return
	}
	p := l.waiting[0]
	l.waiting, l.bits, l.tokens = l.waiting[1:], l.bits-8*p.bytes, -missing
	l.pass(p)
	if len(l.waiting) > 0 {
		l.next()
	}
}

// pass lets a packet over the wire.
func (l *link) pass(p parcel) {
	queued := l.w.now - p.at
	l.arrived = max(l.arrived, l.w.now+l.delay+time.Duration(l.w.rng.Int64N(int64(jitter))))
	in := l.arrived - l.w.now
	if l.lose != nil && l.lose(l.w.rng) {
		l.w.after(in, func() { p.lost(false) })
		return
	}
	l.w.after(in, func() { p.lands(queued) })
}

func randomLoss(share float64) func(*rand.Rand) bool {
	return func(r *rand.Rand) bool { return r.Float64() < share }
}

// gilbert loses packets in bursts of some length on average (E. N. Gilbert,
// Capacity of a Burst-Noise Channel, 1960).
func gilbert(share, length float64) func(*rand.Rand) bool {
	bad := false
	leave := 1 / length
	enter := leave * share / (1 - share)
	return func(r *rand.Rand) bool {
		if bad {
			bad = r.Float64() >= leave
		} else {
			bad = r.Float64() < enter
		}
		return bad
	}
}
