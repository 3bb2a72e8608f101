package estimate

import "time"

const (
	rttShare   = 8                // a new sample counts for one in so many, as in TCP (RFC 6298, 2.3)
	longestRTT = time.Minute      // a longer one is a mistake
	floorTime  = 30 * time.Second // what a floor remembers, at least
)

// floor is the least value of the last one or two floorTimes. The zero floor is
// ready to use.
type floor struct {
	least [2]time.Duration // of the window that is open, and of the one before
	since time.Time        // when the first began
}

func (f *floor) add(v time.Duration, now time.Time) {
	switch past := now.Sub(f.since); {
	case f.since.IsZero() || past > 2*floorTime:
		f.least, f.since = [2]time.Duration{v, v}, now
	case past > floorTime:
		f.least, f.since = [2]time.Duration{v, f.least[0]}, now
	default:
		f.least[0] = min(f.least[0], v)
	}
}

func (f *floor) value() time.Duration { return min(f.least[0], f.least[1]) }

// latency follows how long packets are on their way. The zero latency is ready
// to use.
type latency struct {
	rtt   time.Duration // smoothed, 0 when not known
	ways  floor         // ways to the receiver, by two clocks
	queue time.Duration // how much longer than the shortest way that of every packet lately was
}

// add takes in a feedback that came at now, on packets sent after epoch. The
// packet that waited the least at the receiver tells how long the round trip
// is.
func (l *latency) add(results []Result, epoch, now time.Time) {
	var last, way, trip time.Duration
	known := false
	for _, r := range results {
		if !r.Received {
			continue
		}
		w, t := r.Arrival-r.At.Sub(epoch), now.Sub(r.At)+r.Arrival
		if !known {
			known, last, way, trip = true, r.Arrival, w, t
		}
		last, way, trip = max(last, r.Arrival), min(way, w), min(trip, t)
	}
	if !known {
		return
	}
	sample := min(max(trip-last, time.Millisecond), longestRTT)
	if l.rtt == 0 {
		l.rtt = sample
	}
	l.rtt += (sample - l.rtt) / rttShare
	l.ways.add(way, now)
	l.queue = way - l.ways.value()
}

const (
	// A queue that one packet of the last feedback found as good as empty does
	// not grow, whatever the trend says of packets that were sent at once.
	emptyQueue = 5 * time.Millisecond
	// While less than roomShare of what the last probes found arrives, a burst
	// that waits as long as burstQueue drains by itself.
	burstQueue = 25 * time.Millisecond
	roomShare  = 0.95
	// A queue that stands at standingQueue does not grow, so the trend does not
	// see it: one that is full, or one that was built up too slowly. Every
	// packet of a feedback waited in it. libwebrtc bounds such queues by its
	// congestion window (rate_control_settings.cc: 350 ms in Chromium), which
	// needs a sender that can stop; and 100 ms is all that we allow.
	standingQueue = 60 * time.Millisecond
	// It must have stood for standTime: a radio or a busy browser that is elsewhere
	// for a moment makes all packets of a feedback late, once.
	standTime = 250 * time.Millisecond
	// While more packets get lost than the path loses anyway, one of fullQueue is
	// enough: it is full.
	fullQueue = 40 * time.Millisecond
	fullLoss  = 0.05
	// What is cut for it is cut mostCuts times, since the first measure may
	// still be of what went before; no earlier than a cutGap after the last.
	mostCuts = 3
	cutGap   = 200 * time.Millisecond
	// A queue that is as long as ever after drainTime, give or take drainShare,
	// is not ours: that of a TCP flow beside us, or another path. It is excused
	// until it goes away.
	drainTime  = 3 * time.Second
	drainShare = 0.75
	// One that stands for foreignTime although we made room for it is kept up by
	// somebody who fills whatever there is. To make room for that again and again
	// is to give it everything: only a queue that grows counts, for rivalTime or
	// until there was none for goneTime. TCP Reno fills 300 ms of 4 Mbit/s again
	// within 20 s of a loss.
	foreignTime = 2 * drainTime
	rivalTime   = 2 * time.Minute
	goneTime    = 20 * time.Second
)

// backlog decides when to make room for a queue that stands to drain. The zero
// backlog is ready to use.
type backlog struct {
	since   time.Time     // when it was last begun to drain; zero when no queue stands
	stood   time.Duration // how long the queue was then, at most
	cut     time.Time
	cuts    int
	excused time.Duration // how much of it is not ours
	rival   squatter
}

// squatter is somebody on the path who fills every queue, as TCP does. The zero
// squatter is not there.
type squatter struct {
	queued time.Time // since when a queue has stood; zero when there is none
	empty  time.Time // since when there has been none
	found  time.Time // zero when there is no rival
}

// watch reports whether the queue that stands now is a rival's.
func (r *squatter) watch(standing bool, now time.Time) bool {
	switch {
	case !standing:
		r.queued = time.Time{}
		if r.empty.IsZero() {
			r.empty = now
		}
	case r.queued.IsZero():
		r.queued, r.empty = now, time.Time{}
	}
	switch {
	case r.found.IsZero():
		if standing && now.Sub(r.queued) >= foreignTime {
			r.found = now
		}
	case now.Sub(r.found) >= rivalTime, !standing && now.Sub(r.empty) >= goneTime:
		*r = squatter{} // or so it seems: if it stays, it is found again
	}
	return !r.found.IsZero()
}

// drain takes in the standing queue, and whether packets get lost, and reports
// whether less is to be sent.
func (b *backlog) drain(queue, rtt time.Duration, lossy bool, now time.Time) bool {
	most := standingQueue
	if lossy {
		most = fullQueue
	}
	b.excused = min(b.excused, max(queue, 0))
	if b.rival.watch(queue >= most, now) {
		*b = backlog{cut: b.cut, rival: b.rival}
		return false
	}
	switch past := now.Sub(b.since); {
	case queue-b.excused < most:
		*b = backlog{cut: b.cut, excused: b.excused, rival: b.rival}
		return false
	case b.since.IsZero() || past > drainTime && float64(queue) < drainShare*float64(b.stood):
		b.since, b.stood, b.cuts = now, queue, 0
	case past > drainTime:
		b.excused = queue
		return false
	}
	b.stood = max(b.stood, queue)
	if !lossy && now.Sub(b.since) < standTime {
		return false
	}
	if b.cuts >= mostCuts || now.Sub(b.cut) < max(cutGap, rtt) {
		return false
	}
	b.cuts++
	b.cut = now
	return true
}

// standing reports that the queue is being drained.
func (b *backlog) standing() bool { return !b.since.IsZero() }
