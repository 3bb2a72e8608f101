package forward

import (
	"sfu/sfu/media"
	"sfu/sfu/seqnum"
)

// Verdict is the decision about one packet. When Drop is media.Kept the packet
// goes out with Seq, Timestamp and Marker, and with the counters of pictures
// that its format has.
type Verdict struct {
	Drop      media.Drop
	Seq       uint16
	Timestamp uint32
	Marker    bool
	Hollow    bool // goes out as padding: it fills a place, but nobody is to decode it
	VP8       media.VP8Descriptor
	VP9       media.VP9Descriptor
	Frame     uint16 // frame_number of the dependency descriptor
	Targets   uint32 // active decode targets to tell; 0: as they are
}

// Forwarder joins the feeds that one down slot carries, one after another, into
// one continuous RTP stream. Create it with New; the media loop owns it.
//
// The numbers of a packet are never counted but mapped: a span says what was
// added to them, so that a packet which comes late, or is sent again, gets the
// numbers that it would have had in time.
type Forwarder struct {
	kind     media.Kind
	midFrame bool // the newest packet sent did not end its picture
	clock    uint32

	target, current media.Feed
	layer           media.Layer // at most, of the target

	// The feed that flowed until the last switch, and the number from which on
	// its packets came too late for it. No feed after a Cut.
	previous media.Feed
	left     uint64
	fresh    uint64 // number of the first packet after the last Cut

	// What the next feed goes on from.
	reached moment
	last    pictures

	span    span // the newest; it grows while current flows
	choice  choice
	past    history
	targets targets
	refused refusals
}

// New returns a forwarder whose stream begins at seq and timestamp, which are
// random (RFC 3550, 5.1).
func New(kind media.Kind, clock uint32, seq uint16, timestamp uint32) *Forwarder {
	return &Forwarder{
		kind:    kind,
		clock:   clock,
		reached: moment{timestamp: timestamp},
		span:    span{out: 1<<16 + uint64(seq)},
		past:    newHistory(kind),
	}
}

// SetTarget says which feed the slot is to carry, and at most which layer of it.
// A video feed begins at its next keyframe and the one before goes on until then,
// as it was; an audio feed begins with its next packet. Another layer of the feed
// that flows begins where it can be decoded. Feed 0 is nothing: there is nothing
// to wait for, so the current feed ends at once.
func (f *Forwarder) SetTarget(feed media.Feed, layer media.Layer) {
	if feed != f.target {
		f.refused = refusals{}
	}
	f.target, f.layer = feed, layer
	switch feed {
	case 0:
		f.Cut()
	case f.current:
		f.choice.limit, f.choice.starved = layer, 0
	}
}

// Cut ends the current feed at once: the slot shows another participant now,
// or the publisher muted. A target that is set begins as after SetTarget.
// What went out before can still be found, but see Over.
func (f *Forwarder) Cut() { f.current, f.previous = 0, 0 }

// NeedsKeyframe reports whether a keyframe of the target is needed: it does not
// flow yet, or what is wanted of it cannot be decoded without one.
func (f *Forwarder) NeedsKeyframe() bool {
	switch {
	case f.kind != media.Video || f.target == 0:
		return false
	case f.target != f.current, f.choice.starved == starving:
		return true
	case f.span.gate.target != 0:
		return f.targets.stuck(f.choice.limit)
	}
	return f.span.gate.lacks(f.choice.spatials.best(f.choice.limit))
}

// Target returns the feed that the slot is to carry.
func (f *Forwarder) Target() media.Feed { return f.target }

// Current returns the feed that flows now, 0 when none does.
func (f *Forwarder) Current() media.Feed { return f.current }

// Layer returns the highest layer of the current feed that flowed lately; ok is
// false while nothing flows.
func (f *Forwarder) Layer() (layer media.Layer, ok bool) {
	if f.current == 0 {
		return media.Layer{}, false
	}
	return f.choice.lately.layer(f.span.gate.layer), true
}

// Offset returns what is added to the current feed's timestamps; ok is false
// while nothing flows. Sender reports need it.
func (f *Forwarder) Offset() (offset uint32, ok bool) {
	if f.current == 0 {
		return 0, false
	}
	return f.span.timestamp, true
}

// Forward decides about a packet that a ring took: each is offered once.
func (f *Forwarder) Forward(pkt *media.Packet) Verdict {
	switch pkt.Feed {
	case 0:
		return Verdict{Drop: media.DropLayer}
	case f.current:
		return f.flow(pkt)
	case f.target:
		return f.await(pkt)
	}
	return f.straggle(pkt, media.DropLayer)
}

// Over reports whether nobody waits for number seq any more: it is of a picture that
// was cut, and the next begins, or began, with a keyframe.
func (f *Forwarder) Over(seq uint16) bool {
	return f.kind == media.Video && (f.current == 0 || seqnum.Unwrap(f.span.next()-1, seq) < f.fresh)
}

// Source finds the packet that went out as seq. It also finds one that would
// have gone out as seq, had it come.
func (f *Forwarder) Source(seq uint16) (feed media.Feed, esn uint64, ok bool) {
	out := seqnum.Unwrap(f.span.next()-1, seq)
	s := &f.span
	if !s.gave(out) {
		if s = f.past.gave(out); s == nil {
			return 0, 0, false
		}
	}
	return s.feed, s.first + (out - s.out), true
}

// Map returns the verdict that Forward gave for a packet found by Source,
// without changing anything: it is how a packet is sent again.
func (f *Forwarder) Map(pkt *media.Packet) Verdict {
	s := &f.span
	if !s.holds(pkt.Feed, pkt.ESN) {
		s = f.past.holds(pkt.Feed, pkt.ESN)
	}
	switch {
	case s != nil:
		return s.verdict(pkt)
	case pkt.Padding:
		return Verdict{Drop: media.DropPadding}
	}
	return Verdict{Drop: media.DropLate}
}

// flow decides about a packet of the current feed.
func (f *Forwarder) flow(pkt *media.Packet) (v Verdict) {
	if pkt.ESN < f.span.end {
		return f.fill(pkt)
	}
	f.reach(pkt)
	switch {
	case pkt.Padding:
		f.choice.hidden = f.choice.hidden || pkt.ESN != f.span.end
		f.closeOver(pkt.ESN)
		v.Drop = media.DropPadding
	case f.kind == media.Video && f.choice.concerns(pkt) && !f.admits(pkt):
		v.Drop = media.DropLayer
	default:
		f.span.end = pkt.ESN + 1
		f.span.number(pkt, &v)
		f.midFrame = f.kind == media.Video && !v.Marker
		f.last.note(pkt, &v)
	}
	return v
}

// fill decides about a packet of the current feed that comes late.
func (f *Forwarder) fill(pkt *media.Packet) Verdict {
	v := f.Map(pkt)
	switch {
	case v.Drop == media.DropLate && !f.span.gate.passes(pkt):
		return Verdict{Drop: media.DropLayer}
	case v.Drop == media.Kept && !pkt.Padding && described(pkt):
		f.targets.fill(pkt, !v.Hollow)
	}
	return v
}

// await decides about a packet of a target that does not flow yet.
func (f *Forwarder) await(pkt *media.Packet) Verdict {
	if f.kind == media.Video && !pkt.Keyframe {
		return f.straggle(pkt, media.DropKeyframe)
	}
	// A feed that flowed before goes on above all its numbers in use: one below
	// has a place already, or came when the feed was cut.
	if pkt.ESN < f.used(pkt.Feed) {
		return f.straggle(pkt, media.DropLate)
	}
	if pkt.Padding {
		return Verdict{Drop: media.DropPadding}
	}
	timestamp, ok := f.resume(pkt)
	if !ok {
		return Verdict{Drop: media.DropKeyframe}
	}
	f.begin(pkt, timestamp)
	return f.flow(pkt)
}

// straggle decides about a packet of a feed that does not flow now: it still
// fills its place if the feed flowed until the last switch and the packet is
// from before. Otherwise the reason is drop.
func (f *Forwarder) straggle(pkt *media.Packet, drop media.Drop) Verdict {
	if pkt.Feed != f.previous || pkt.ESN >= f.left {
		return Verdict{Drop: drop}
	}
	return f.Map(pkt)
}

// begin makes the feed of pkt, which is to be its first packet and to go out with
// timestamp, the current one.
func (f *Forwarder) begin(pkt *media.Packet, timestamp uint32) {
	next := span{
		feed:      pkt.Feed,
		first:     pkt.ESN,
		end:       pkt.ESN,
		out:       f.span.next(),
		timestamp: timestamp - pkt.Timestamp,
		gate:      gate{layer: f.layer},
		opens:     f.kind == media.Audio,
	}
	if f.midFrame {
		// A missing number tells the receiver that the frame before will not be
		// finished; without it this packet would seem to be its next.
		next.out++
	}
	if f.last.any {
		next.pictures = f.last.lead(pkt)
	}
	if f.current == 0 {
		f.fresh = next.out
	}
	f.previous, f.left = f.current, f.span.end
	f.current = pkt.Feed
	f.reached = moment{timestamp, pkt.Capture, pkt.HasCapture, pkt.Arrival}
	f.choice = choice{limit: f.layer, timestamp: ^pkt.Timestamp}
	f.targets, f.refused = targets{}, refusals{}
	f.advance(next)
}

// closeOver leaves out number esn of the current feed, which lies ahead, so
// that the subscriber sees no gap there. The numbers below it that have not
// come keep their places.
func (f *Forwarder) closeOver(esn uint64) {
	f.split(esn)
	f.span.first, f.span.end = esn+1, esn+1
}

// split ends the newest span below number esn of the current feed, which lies
// ahead, and begins another one there that is the same yet.
func (f *Forwarder) split(esn uint64) {
	f.span.end = esn
	next := f.span
	next.first = esn
	next.out = f.span.next()
	next.opens = false
	f.advance(next)
}

// advance puts next in the place of the newest span, which is remembered if it
// has given any number.
func (f *Forwarder) advance(next span) {
	if !f.span.empty() {
		f.past.add(f.span)
	}
	f.span = next
}

// used returns the number above all those of feed that have places.
func (f *Forwarder) used(feed media.Feed) uint64 {
	end := f.past.used(feed)
	if f.span.feed == feed {
		end = max(end, f.span.end)
	}
	return end
}
