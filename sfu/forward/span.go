package forward

import "sfu/sfu/media"

// span is a run of one feed's numbers that go out with the same offsets. A loss
// does not end it: the gap goes out too, for the subscriber to ask for.
type span struct {
	feed       media.Feed
	timestamp  uint32 // added to timestamps
	first, end uint64 // the ESNs first..end-1 have places
	out        uint64 // the number, extended to 64 bits, of first
	pictures   pictures
	opens      bool // first begins a talk spurt
}

// empty reports whether s has given no number.
func (s *span) empty() bool { return s.first == s.end }

// next returns the number that follows those of s.
func (s *span) next() uint64 { return s.out + (s.end - s.first) }

// holds reports whether number esn of feed has a place in s.
func (s *span) holds(feed media.Feed, esn uint64) bool {
	return s.feed == feed && s.first <= esn && esn < s.end
}

// gave reports whether out is a number of s.
func (s *span) gave(out uint64) bool { return s.out <= out && out < s.next() }

// verdict returns how pkt goes out; s holds it.
func (s *span) verdict(pkt *media.Packet) Verdict {
	v := Verdict{
		Seq:       uint16(s.out + (pkt.ESN - s.first)),
		Timestamp: pkt.Timestamp + s.timestamp,
		// To a listener another feed is another talk spurt: the marker says that
		// the playout may be adapted here (RFC 3551, 4.1).
		Marker: pkt.Marker || s.opens && pkt.ESN == s.first,
	}
	if pkt.Codec == media.VP8 {
		v.VP8 = s.pictures.shift(pkt.VP8)
	}
	return v
}

// depth is how many spans are remembered. A span ends with a switch or with
// padding, hardly ever more than once a frame, so this is a second or more:
// longer than receivers ask for a packet. All of it is 1.3 KB, and touched only
// by what is late or is sent again.
const depth = 32

// history is the latest spans before the newest; the oldest gives way.
type history struct {
	spans [depth]span
	at    uint8 // where the next one goes
}

func (h *history) add(s span) {
	h.spans[h.at] = s
	h.at = (h.at + 1) % depth
}

// holds returns the span in which number esn of feed has a place, or nil.
func (h *history) holds(feed media.Feed, esn uint64) *span {
	for i := range h.spans {
		if s := &h.spans[i]; s.holds(feed, esn) {
			return s
		}
	}
	return nil
}

// gave returns the span that gave the number out, or nil.
func (h *history) gave(out uint64) *span {
	for i := range h.spans {
		if s := &h.spans[i]; s.gave(out) {
			return s
		}
	}
	return nil
}

// used returns the number above all those of feed that have places, 0 if none.
func (h *history) used(feed media.Feed) (end uint64) {
	for i := range h.spans {
		if s := &h.spans[i]; s.feed == feed {
			end = max(end, s.end)
		}
	}
	return end
}
