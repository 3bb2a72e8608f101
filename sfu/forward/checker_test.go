package forward

import (
	"testing"

	"sfu/sfu/media"
	"sfu/sfu/seqnum"
)

// checker offers packets to a forwarder and holds every verdict against the
// rules, with a memory that has no bound.
type checker struct {
	t *testing.T
	f *Forwarder

	sent  map[uint64]sent       // by outgoing number
	taken map[source]bool       // every packet offered
	above map[media.Feed]uint64 // the number above all of a feed that have places

	first    uint64 // outgoing number
	top      uint64 // the highest outgoing number with a place
	head     *media.Packet
	headV    Verdict
	midFrame bool
	picture  uint16
	reached  uint32 // the highest timestamp
	spans    int    // how many the forwarder made, at most
}

type source struct {
	feed media.Feed
	esn  uint64
}

type sent struct {
	pkt     *media.Packet
	verdict Verdict
	span    int
}

func newChecker(t *testing.T, kind media.Kind, seq uint16, timestamp uint32) *checker {
	return &checker{
		t:       t,
		f:       New(kind, 90000, seq, timestamp),
		sent:    map[uint64]sent{},
		taken:   map[source]bool{},
		above:   map[media.Feed]uint64{},
		first:   1<<16 + uint64(seq),
		top:     1<<16 + uint64(seq) - 1,
		reached: timestamp,
	}
}

// offer forwards pkt unless it was offered before: rings drop duplicates.
func (c *checker) offer(pkt *media.Packet) {
	c.t.Helper()
	src := source{pkt.Feed, pkt.ESN}
	if c.taken[src] {
		return
	}
	c.taken[src] = true
	before := c.f.Current()
	newest := pkt.ESN >= c.above[pkt.Feed]
	v := c.f.Forward(pkt)
	switch {
	case v.Drop != media.Kept:
		c.dropped(pkt, v, before, newest)
	case before != c.f.Current():
		c.switched(pkt, v, before)
	case pkt.Feed == before && newest:
		c.flowed(pkt, v)
	default:
		c.filled(pkt, v, before)
	}
}

func (c *checker) dropped(pkt *media.Packet, v Verdict, before media.Feed, newest bool) {
	c.t.Helper()
	if c.f.Current() != before {
		c.t.Fatal("a dropped packet switched")
	}
	if pkt.Feed != before || pkt.Feed == 0 {
		mayBegin := c.f.kind == media.Audio || pkt.Keyframe
		if pkt.Feed != 0 && pkt.Feed == c.f.Target() && newest && mayBegin && !pkt.Padding {
			c.t.Fatalf("packet %+v should have begun its feed: %v", pkt.Header, v.Drop)
		}
		return
	}
	if newest && !pkt.Padding {
		c.t.Fatalf("a new packet of the current feed was dropped: %v", v.Drop)
	}
	if newest {
		// Places for what is missing below it, none for itself.
		c.top += pkt.ESN - c.above[pkt.Feed]
		c.above[pkt.Feed] = pkt.ESN + 1
		c.reach(pkt.Timestamp + c.headV.Timestamp - c.head.Timestamp)
		c.spans++
	}
}

func (c *checker) flowed(pkt *media.Packet, v Verdict) {
	c.t.Helper()
	out := c.top + 1 + pkt.ESN - c.above[pkt.Feed]
	if v.Seq != uint16(out) {
		c.t.Fatalf("number %d, want %d", v.Seq, uint16(out))
	}
	if v.Timestamp-c.headV.Timestamp != pkt.Timestamp-c.head.Timestamp {
		c.t.Fatalf("timestamp %d after %d does not keep the feed's distance", v.Timestamp, c.headV.Timestamp)
	}
	c.leads(out, pkt, v)
}

func (c *checker) switched(pkt *media.Packet, v Verdict, before media.Feed) {
	c.t.Helper()
	if pkt.Feed != c.f.Target() || pkt.Feed != c.f.Current() {
		c.t.Fatalf("packet of feed %d switched to %d, the target is %d", pkt.Feed, c.f.Current(), c.f.Target())
	}
	if c.f.kind == media.Video && !pkt.Keyframe {
		c.t.Fatal("video switched without a keyframe")
	}
	out := c.top + 1
	if c.midFrame {
		out++
	}
	if v.Seq != uint16(out) {
		c.t.Fatalf("number %d after a switch, want %d", v.Seq, uint16(out))
	}
	if c.head != nil {
		if int32(v.Timestamp-c.reached) <= 0 {
			c.t.Fatalf("timestamp %d after a switch, %d was reached", v.Timestamp, c.reached)
		}
		if mask := uint16(1)<<pkt.VP8.PictureIDBits - 1; v.VP8.PictureID != (c.picture+1)&mask {
			c.t.Fatalf("picture %d after a switch from picture %d", v.VP8.PictureID, c.picture)
		}
	}
	if c.f.kind == media.Audio && !v.Marker {
		c.t.Fatal("audio switched without a marker")
	}
	c.spans++
	c.leads(out, pkt, v)
}

// leads notes a packet above all others that went out.
func (c *checker) leads(out uint64, pkt *media.Packet, v Verdict) {
	c.t.Helper()
	c.top, c.head, c.headV = out, pkt, v
	c.above[pkt.Feed] = pkt.ESN + 1
	c.midFrame = c.f.kind == media.Video && !pkt.Marker
	c.picture = v.VP8.PictureID
	c.reach(v.Timestamp)
	c.note(out, pkt, v)
}

func (c *checker) reach(timestamp uint32) {
	if int32(timestamp-c.reached) > 0 {
		c.reached = timestamp
	}
}

// filled checks a late packet that fills its place.
func (c *checker) filled(pkt *media.Packet, v Verdict, before media.Feed) {
	c.t.Helper()
	if before == 0 {
		c.t.Fatal("a packet went out while nothing flows")
	}
	out := seqnum.Unwrap(c.top, v.Seq)
	if out > c.top {
		c.t.Fatalf("late packet %d leads", v.Seq)
	}
	c.note(out, pkt, v)
}

func (c *checker) note(out uint64, pkt *media.Packet, v Verdict) {
	c.t.Helper()
	if old, ok := c.sent[out]; ok {
		c.t.Fatalf("number %d was given to %+v and to %+v", out, old.pkt.Header, pkt.Header)
	}
	if pkt.Padding != v.Hollow {
		c.t.Fatalf("padding %v, hollow %v", pkt.Padding, v.Hollow)
	}
	c.sent[out] = sent{pkt, v, c.spans}
	c.inverts(out)
}

// inverts checks that the packet sent as out is found by its number and goes
// out as it did.
func (c *checker) inverts(out uint64) {
	c.t.Helper()
	s := c.sent[out]
	feed, esn, ok := c.f.Source(uint16(out))
	if !ok || feed != s.pkt.Feed || esn != s.pkt.ESN {
		c.t.Fatalf("number %d is %d of feed %d (%v), was %d of feed %d", out, esn, feed, ok, s.pkt.ESN, s.pkt.Feed)
	}
	if v := c.f.Map(s.pkt); v != s.verdict {
		c.t.Fatalf("number %d maps to %+v, went out as %+v", out, v, s.verdict)
	}
}

func (c *checker) cut() {
	c.f.Cut()
	if c.f.Current() != 0 {
		c.t.Fatal("a feed flows after a cut")
	}
}

// finish checks all that went out, in the order of the numbers.
func (c *checker) finish() {
	c.t.Helper()
	var last *sent
	for out := c.first; out <= c.top; out++ {
		s, ok := c.sent[out]
		if !ok {
			continue
		}
		if last != nil && int32(s.verdict.Timestamp-last.verdict.Timestamp) < 0 {
			c.t.Fatalf("number %d turns the time back by %d", out, last.verdict.Timestamp-s.verdict.Timestamp)
		}
		if c.spans-s.span < len(c.f.past.spans) {
			c.inverts(out)
		}
		if feed, esn, ok := c.f.Source(uint16(out)); ok && (feed != s.pkt.Feed || esn != s.pkt.ESN) {
			c.t.Fatalf("number %d was another packet", out)
		}
		last = &s
	}
}
