package sfu

import (
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
)

const (
	// exampleEvery is how often a loop tells whose a figure was that it observes often.
	exampleEvery = time.Second
	// latencyOf is of how many turns one is looked at for its latency: to find its
	// bucket takes as long as to send half a packet.
	latencyOf = 8
)

// firsts is what happens once of a participant's media. The media loop owns it.
type firsts struct {
	joined  time.Time // by join_room
	awaited bool      // somebody published then
	flowed  bool      // a packet has come from it, or left for it
	sent    bool      // one has left for it
}

// noteFlow notes that a packet has come or left.
func (lk *link) noteFlow(now time.Time) {
	if !lk.first.flowed {
		lk.first.flowed = true
		lk.loop.tally.set.Session.JoinStep[metrics.StepMedia].Observe(since(lk.first.joined, now))
	}
}

// begun notes that the first packet of what the slot has taken up is about to leave.
func (d *downTrack) begun(now time.Time) {
	lk, count := d.link, d.link.loop.tally.set
	if !d.sent.taken.IsZero() {
		count.Media.FirstPacket[d.kind].Observe(since(d.sent.taken, now))
	}
	d.sent.fresh = false
	lk.noteFlow(now)
	if lk.first.awaited && !lk.first.sent {
		metrics.ObserveOf(count.Session.FirstMedia, since(lk.first.joined, now), string(lk.id))
	}
	lk.first.sent = true
}

// waits notes that the slot is not to show what it has taken up, for now: how long
// that lasts is not the server's doing.
func (d *downTrack) waits() { d.sent.taken = time.Time{} }

// flowing is how recent a track's newest packet is if it flows: Opus sends every 400 ms
// in a pause.
const flowing = time.Second

// flows reports whether there is something to take up.
func (t *upTrack) flows(now time.Time) bool {
	return !t.muted && !t.newest.IsZero() && now.Sub(t.newest) < flowing
}

// noteDecision notes that the forwarder is about to be pointed elsewhere.
func (d *downTrack) noteDecision(feed media.Feed, layer media.Layer) {
	flows, _ := d.fwd.Layer()
	if current := d.fwd.Current(); current == 0 || feed == 0 || feed == current && layer.Spatial == flows.Spatial {
		d.aim.decided = time.Time{} // nothing to go over from, or to
	} else if feed != d.fwd.Target() || layer.Spatial != d.aim.layer.Spatial {
		d.aim.decided = d.link.loop.rhythm.now
	}
	d.aim.switched = time.Time{}
}

// observeSwitch observes how long it took to go over to what flows by now.
func (d *downTrack) observeSwitch(now time.Time) {
	if !d.aim.switched.IsZero() {
		now = d.aim.switched
	}
	if !d.aim.decided.IsZero() {
		d.link.loop.tally.set.Media.Switch.Observe(since(d.aim.decided, now))
	}
	d.aim.decided, d.aim.switched = time.Time{}, time.Time{}
}

// observeLatency observes how long that packet of the batch has been here that came
// first, now that all have been handed to the kernel. A batch of which nobody was sent
// anything tells nothing.
func (l *mediaLoop) observeLatency() {
	if !l.fans.forwarded() {
		return
	}
	if l.rhythm.turns++; l.rhythm.turns%latencyOf != 0 {
		return
	}
	var longest *arrival
	for i := range l.batch.arrivals {
		a := &l.batch.arrivals[i]
		if !a.again && (longest == nil || a.pkt.Arrival.Before(longest.pkt.Arrival)) {
			longest = a
		}
	}
	if longest == nil {
		return
	}
	now := l.rhythm.now.Add(time.Since(l.rhythm.began))
	latency := since(longest.pkt.Arrival, now)
	h := l.tally.set.Media.ForwardLatency
	if now.Before(l.due.latency) {
		h.Observe(latency)
		return
	}
	l.due.latency = now.Add(exampleEvery)
	metrics.ObserveOf(h, latency, string(longest.track.link.id))
}

// forwarded reports whether anything has left in this turn.
func (f *fans) forwarded() bool {
	for _, fan := range f.all {
		for _, n := range fan.tally.forwarded {
			if n > 0 {
				return true
			}
		}
	}
	return false
}

// observeRTT observes a round trip, and now and then whose it is.
func (lk *link) observeRTT(rtt time.Duration) {
	l := lk.loop
	if l.rhythm.now.Before(l.due.rtt) {
		l.tally.set.RTT.Observe(rtt.Seconds())
		return
	}
	l.due.rtt = l.rhythm.now.Add(exampleEvery)
	metrics.ObserveOf(l.tally.set.RTT, rtt.Seconds(), string(lk.id))
}

// heldFor returns how long the oldest of what is held back has waited.
func (lk *link) heldFor(now time.Time) (longest time.Duration) {
	for _, d := range lk.down.tracks {
		if q := &d.queue; q.len() > 0 {
			longest = max(longest, now.Sub(q.packets[q.first].since))
		}
	}
	return longest
}

// since returns how many seconds lie between, none where clocks were read in another order.
func since(from, to time.Time) float64 { return max(0, to.Sub(from).Seconds()) }
