package sfu

import (
	"time"

	"sfu/sfu/forward"
	"sfu/sfu/media"
)

const (
	// paceFactor is how many times the estimate leaves at most: as much as makes
	// a queue here shorter, and hardly one on the way, where sound would wait
	// behind it. Publishers pace too; it is keyframes from a fast uplink that are
	// spread here. docs/allocation.md is measured with it.
	paceFactor = 1.1
	// paceEvery is how often something leaves of what waits.
	paceEvery = 5 * time.Millisecond
	// burst is how much may leave at once after a pause, in the time that the rate takes
	// for it: most frames, but no keyframe. Each frame that waits costs a turn of
	// its own, in which less leaves together. (libwebrtc: SetSendBurstInterval, 40 ms.)
	burst = 20 * time.Millisecond
	// overslept is how late a turn may be, on a machine that has other things to do,
	// without that making the rate lower.
	overslept = 50 * time.Millisecond
	// longestHold is about how long a packet is to wait: where more waits than
	// leaves within it, the rate rises.
	longestHold = time.Second
	// tooLate is how long what waits before a keyframe may have to wait for to be
	// sent all the same.
	tooLate = 100 * time.Millisecond
	// together is how many packets of one picture leave before those of the next, where
	// many may leave at once: they are equally long, and cheaper together.
	together = 16
	// maxHeld bounds what waits of one picture, in packets: a keyframe of half a
	// megabyte.
	maxHeld = 512
)

// pacer spreads the pictures of one subscriber, so that a keyframe does not fill
// the queues on the way. Sound passes it by, and so do repairs, which pictures
// then wait for. Each picture waits in a queue of its own, and they take turns.
// The media loop owns it.
type pacer struct {
	count, bytes int // of all queues
	turn         int // whose it is: an index of the link's slots

	credit float64 // bytes that may leave now; negative after a burst
	filled time.Time
}

// queue is what waits of one picture, in the order of its sequence numbers.
type queue struct {
	packets []held
	first   int
	given   numbers // up, last; none when that is too long ago to be asked for
	newest  uint16  // the highest number that came, whether it had to wait or not
	began   bool
}

// follows takes the next packet's number, and reports whether it is the newest.
func (q *queue) follows(seq uint16) bool {
	if q.began && int16(seq-q.newest) < 0 {
		return false
	}
	q.newest, q.began = seq, true
	q.given.any = q.given.any && seq-q.given.last < asked // the numbers come round again
	return true
}

// waits reports whether a packet is in the queue.
func (q *queue) waits(seq uint16) bool {
	for i := q.first; i < len(q.packets); i++ {
		if q.packets[i].verdict.Seq == seq {
			return true
		}
	}
	return false
}

// asked is how far back the numbers lie that a subscriber may ask for: no ring
// keeps more.
const asked = videoRing

// held is a packet by its name: the publisher's ring keeps the packet.
type held struct {
	feed    media.Feed
	esn     uint64
	size    int
	verdict forward.Verdict
	since   time.Time
}

// numbers is a range of sequence numbers, both ends included.
type numbers struct {
	first, last uint16
	any         bool
}

func (n numbers) contains(seq uint16) bool { return n.any && seq-n.first <= n.last-n.first }

// refill adds what has become free since it was looked last; what is to leave has
// waited for its turn since it came.
func (p *pacer) refill(estimate media.Bitrate, came, now time.Time) {
	if now.Equal(p.filled) {
		return // most packets come in batches
	}
	rate := max(paceFactor*float64(estimate)/8, float64(p.bytes)/longestHold.Seconds())
	if !p.filled.IsZero() {
		p.credit += rate * now.Sub(p.filled).Seconds()
	}
	p.credit = min(p.credit, rate*(burst+min(now.Sub(came), overslept)).Seconds())
	p.filled = now
}

// delay returns how long it takes until all that waits has left.
func (p *pacer) delay(estimate media.Bitrate) time.Duration {
	return time.Duration(float64(p.bytes) / (paceFactor * float64(estimate) / 8) * float64(time.Second))
}

// passes takes a packet of size into account and reports whether it may leave at
// once.
func (p *pacer) passes(size int, estimate media.Bitrate, came, now time.Time) bool {
	p.refill(estimate, came, now)
	if p.count > 0 || p.credit < 0 {
		return false
	}
	p.credit -= float64(size)
	return true
}

func (q *queue) len() int { return len(q.packets) - q.first }

// push puts a packet where its number belongs: who saw a later one first would
// ask for those before it.
func (q *queue) push(h held) {
	if q.first > len(q.packets)/2 && len(q.packets) == cap(q.packets) {
		q.packets = q.packets[:copy(q.packets, q.packets[q.first:])]
		q.first = 0
	}
	q.packets = append(q.packets, h)
	for i := len(q.packets) - 1; i > q.first && int16(h.verdict.Seq-q.packets[i-1].verdict.Seq) < 0; i-- {
		q.packets[i], q.packets[i-1] = q.packets[i-1], q.packets[i]
	}
}

func (q *queue) pop() held {
	h := q.packets[q.first]
	q.first++
	if q.first == len(q.packets) {
		q.packets, q.first = q.packets[:0], 0
	}
	return h
}

// holds keeps a packet back where it would leave in too large a burst.
func (d *downTrack) holds(pkt *media.Packet, v *forward.Verdict) bool {
	o, l := &d.link.out, d.link.loop
	if !d.link.limited(l.rhythm.now) {
		return false
	}
	estimate := o.beside()
	late := !d.queue.follows(v.Seq)
	if late && d.queue.len() == 0 { // a repair
		return false
	}
	if !late && pkt.Keyframe && pkt.FrameStart && pkt.Layer.Spatial == 0 && o.pacer.delay(estimate) > tooLate {
		d.giveUp() // a keyframe makes up for all before it
	}
	size := len(pkt.Payload) + packetCost
	if o.pacer.passes(size, estimate, pkt.Arrival, l.rhythm.now) {
		return false
	}
	if d.queue.len() == maxHeld {
		d.link.out.fan.tally.settle(d.kind, media.DropCongested)
		return true
	}
	d.queue.push(held{pkt.Feed, pkt.ESN, size, *v, l.rhythm.now})
	o.pacer.count++
	o.pacer.bytes += size
	d.link.out.fan.due = l.rhythm.now.Add(paceEvery)
	return true
}

// giveUp lets go of what waits of a picture. It is not sent again, either.
func (d *downTrack) giveUp() {
	q := &d.queue
	if q.len() == 0 {
		return
	}
	q.given = numbers{q.packets[q.first].verdict.Seq, q.packets[len(q.packets)-1].verdict.Seq, true}
	for q.len() > 0 {
		d.take()
		d.link.out.fan.tally.settle(d.kind, media.DropCongested)
	}
}

// take takes the next packet off the queue.
func (d *downTrack) take() held {
	h := d.queue.pop()
	d.link.out.pacer.count--
	d.link.out.pacer.bytes -= h.size
	return h
}

// release sends what may leave by now, of each picture in turn.
func (lk *link) release(now time.Time) {
	p := &lk.out.pacer
	if p.count == 0 {
		return
	}
	for p.refill(lk.out.beside(), now.Add(-overslept), now); p.count > 0 && p.credit >= 0; {
		d := lk.next()
		for n := 0; n < together && d.queue.len() > 0 && p.credit >= 0; n++ {
			d.resume()
		}
	}
}

// next returns the picture whose turn it is, of those that wait: there is one.
func (lk *link) next() *downTrack {
	p := &lk.out.pacer
	for {
		d := lk.down.tracks[p.turn%len(lk.down.tracks)]
		p.turn++
		if d.queue.len() > 0 {
			return d
		}
	}
}

// resume sends the first packet that waits, if it is still there: its publisher may
// have begun anew, or have sent so much that its ring is over it.
func (d *downTrack) resume() {
	l, h := d.link.loop, d.take()
	d.link.out.pacer.credit -= float64(h.size)
	if e := l.feeds.by[h.feed]; e != nil {
		if pkt := e.ring.Get(h.esn); pkt != nil {
			d.send(d.bound.Load(), pkt, &h.verdict)
			return
		}
	}
	d.link.out.fan.tally.settle(d.kind, media.DropLate)
}
