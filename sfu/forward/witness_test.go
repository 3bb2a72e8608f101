package forward

import (
	"testing"

	"sfu/sfu/media"
	"sfu/sfu/seqnum"
)

// witness offers packets of layered feeds to a forwarder and remembers all that
// became of them, to hold it against what must be true of any stream.
type witness struct {
	t     *testing.T
	f     *Forwarder
	fates map[source]sent   // of every packet offered
	out   map[uint64]source // what went out, by outgoing number
	top   uint64            // the highest of these
	first uint64

	flows media.Feed // what flowed when the last packet was offered
	reign int        // how often that changed
}

func newWitness(t *testing.T, seq uint16, timestamp uint32) *witness {
	return &witness{
		t: t, f: New(media.Video, 90000, seq, timestamp),
		fates: map[source]sent{}, out: map[uint64]source{},
		first: 1<<16 + uint64(seq), top: 1<<16 + uint64(seq) - 1,
	}
}

// offer forwards pkt unless it was offered before: rings drop duplicates.
func (w *witness) offer(pkt *media.Packet) Verdict {
	w.t.Helper()
	src := source{pkt.Feed, pkt.ESN}
	if old, ok := w.fates[src]; ok {
		return old.verdict
	}
	w.follow()
	v := w.f.Forward(pkt)
	w.follow()
	reign := w.reign
	if w.flows != pkt.Feed {
		reign = -1
	}
	w.fates[src] = sent{pkt, v, reign}
	if v.Drop != media.Kept {
		// After a cut, what is late does not go out by itself.
		if v.Drop == media.DropLayer && reign >= 0 && w.f.Map(pkt).Drop == media.Kept {
			w.t.Fatalf("packet %d was dropped, and would be sent again", pkt.ESN)
		}
		return v
	}
	out := seqnum.Unwrap(w.top, v.Seq)
	if old, ok := w.out[out]; ok {
		w.t.Fatalf("number %d was given to %v and to %v", out, old, src)
	}
	w.out[out] = src
	w.top = max(w.top, out)
	if feed, esn, ok := w.f.Source(v.Seq); !ok || feed != pkt.Feed || esn != pkt.ESN {
		w.t.Fatalf("number %d is %d of feed %d (%v), was %d of feed %d", out, esn, feed, ok, pkt.ESN, pkt.Feed)
	}
	if m := w.f.Map(pkt); m != v {
		w.t.Fatalf("number %d maps to %+v, went out as %+v", out, m, v)
	}
	return v
}

// follow counts the changes of what flows.
func (w *witness) follow() {
	if flows := w.f.Current(); flows != w.flows {
		w.flows = flows
		w.reign++
	}
}

// finish holds all that went out against the rules of RTP, in the order of the
// numbers.
func (w *witness) finish() {
	w.t.Helper()
	var last *sent
	for out := w.first; out <= w.top; out++ {
		src, ok := w.out[out]
		if !ok {
			w.vacant(out)
			continue
		}
		s := w.fates[src]
		if last != nil && int32(s.verdict.Timestamp-last.verdict.Timestamp) < 0 {
			w.t.Fatalf("number %d turns the time back by %d", out, last.verdict.Timestamp-s.verdict.Timestamp)
		}
		if m := w.f.Map(s.pkt); m != s.verdict && m.Drop != media.DropLate && m.Drop != media.DropPadding {
			w.t.Fatalf("number %d maps to %+v, went out as %+v", out, m, s.verdict)
		}
		last = &s
	}
}

// vacant checks a number that nothing went out as: it is left for a packet that
// never came, or only after a cut, or marks a frame that was not finished.
func (w *witness) vacant(out uint64) {
	w.t.Helper()
	feed, esn, ok := w.f.Source(uint16(out))
	src := source{feed, esn}
	if s, came := w.fates[src]; ok && came && s.span >= 0 && s.verdict.Drop == media.DropLayer {
		w.t.Fatalf("number %d is left for packet %d of feed %d, which was %v", out, esn, feed, s.verdict.Drop)
	}
}

// decodable checks a frame that was made: if any of it went out, then all of it
// that came did, and so did all that it is predicted from.
func (w *witness) decodable(e *encoder, m *made) {
	w.t.Helper()
	if kept, _ := w.shares(m); kept == 0 {
		return
	}
	reigns := map[int]bool{} // those in which the decoder got some of it
	for _, pkt := range m.packets {
		if s, came := w.fates[source{pkt.Feed, pkt.ESN}]; came && s.span >= 0 && s.decodes() {
			reigns[s.span] = true
		}
	}
	for _, pkt := range m.packets {
		if s, came := w.fates[source{pkt.Feed, pkt.ESN}]; came && reigns[s.span] && !s.decodes() {
			w.t.Fatalf("a part of %v of picture %d was left out: %s", m.layer, m.picture, w.story(e, m))
		}
	}
	for _, ref := range m.refs {
		if _, left := w.shares(ref); left > 0 {
			w.t.Fatalf("%v of picture %d needs %v of picture %d: %s\n%s",
				m.layer, m.picture, ref.layer, ref.picture, w.story(e, m), w.story(e, ref))
		}
	}
}

// decodes reports whether a packet went out for the decoder.
func (s sent) decodes() bool { return s.verdict.Drop == media.Kept && !s.verdict.Hollow }

// waits reports whether a packet did not go out, but has a place, so that it can
// be asked for: its feed did not flow when it came.
func (w *witness) waits(s sent) bool {
	v := w.f.Map(s.pkt)
	return (s.span < 0 || s.verdict.Drop == media.DropKeyframe) && v.Drop == media.Kept && !v.Hollow
}

// shares returns how many packets of m went out for the decoder, and how many
// came and did not.
func (w *witness) shares(m *made) (kept, left int) {
	for _, pkt := range m.packets {
		s, came := w.fates[source{pkt.Feed, pkt.ESN}]
		switch {
		case !came:
		case s.decodes():
			kept++
		case w.waits(s):
		default:
			left++
		}
	}
	return kept, left
}
