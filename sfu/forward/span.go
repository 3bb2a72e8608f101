package forward

import "sfu/sfu/media"

// span is a run of one feed's numbers that go out with the same offsets. A loss
// does not end it: the gap goes out too, for the subscriber to ask for. What is
// left out does, and so does a change of what passes.
type span struct {
	feed       media.Feed
	timestamp  uint32 // added to timestamps
	first, end uint64 // the ESNs first..end-1 have places
	out        uint64 // the number, extended to 64 bits, of first
	pictures   pictures
	gate       gate

	// The frame with number told, as it came, says that the decode targets
	// targets are active; none does when they are 0.
	told    uint16
	targets uint32

	opens bool // first begins a talk spurt
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

// verdict returns how pkt goes out; s holds it. What has a place, but is not for
// this subscriber, leaves it to padding: a number that never comes would be
// asked for again and again.
func (s *span) verdict(pkt *media.Packet) (v Verdict) {
	if pkt.Padding || !s.gate.passes(pkt) {
		v.Hollow, v.Seq, v.Timestamp = true, s.seq(pkt), pkt.Timestamp+s.timestamp
		return v
	}
	s.number(pkt, &v)
	return v
}

func (s *span) seq(pkt *media.Packet) uint16 { return uint16(s.out + (pkt.ESN - s.first)) }

// number fills in how pkt goes out; s holds it, and its gate lets it pass.
func (s *span) number(pkt *media.Packet, v *Verdict) {
	v.Seq, v.Timestamp = s.seq(pkt), pkt.Timestamp+s.timestamp
	// To a listener another feed is another talk spurt: the marker says that the
	// playout may be adapted here (RFC 3551, 4.1).
	v.Marker = s.gate.ends(pkt) || s.opens && pkt.ESN == s.first
	switch pkt.Codec {
	case media.VP8:
		v.VP8 = pkt.VP8
		s.pictures.shiftVP8(&v.VP8)
	case media.VP9:
		v.VP9 = pkt.VP9
		s.pictures.shiftVP9(&v.VP9)
	}
	if pkt.Dependency.Raw != nil {
		v.Frame = pkt.Dependency.Frame + s.pictures.frame
		if pkt.Dependency.Frame == s.told {
			v.Targets = s.targets
		}
	}
}
