package codec

import "encoding/binary"

// NAL unit types (RFC 6184, 5.2; H.264, table 7-1).
const (
	nalSlice     = 1
	nalPartition = 2 // data partition A: it has the slice's header
	nalIDR       = 5
	nalSEI       = 6
	nalSPS       = 7
	nalPPS       = 8
	nalDelimiter = 9
	nalLast      = 23 // what is above belongs to RTP
	nalSTAPA     = 24
	nalFUA       = 28

	nalType    = 0x1f
	fuStart    = 0x80
	firstMacro = 0x80 // of a slice header: first_mb_in_slice is 0, coded as one 1 bit
)

// readH264 takes the packets of packetization modes 0 and 1, which are all
// that browsers send: single units, STAP-A and FU-A.
func (got *reading) readH264(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	switch kind := p[0] & nalType; kind {
	case nalSTAPA:
		return got.readSTAPA(p[1:])
	case nalFUA:
		if len(p) < 2 || !isNAL(p[1]&nalType) {
			return false
		}
		if p[1]&fuStart != 0 {
			got.readNAL(p[1]&nalType, p[2:])
		}
		return true
	default:
		got.readNAL(kind, p[1:])
		return isNAL(kind)
	}
}

// readSTAPA takes several units behind one another, each with its size in
// front (RFC 6184, 5.7.1).
func (got *reading) readSTAPA(p []byte) bool {
	for more := true; more; more = len(p) > 0 {
		if len(p) < 2 {
			return false
		}
		size := int(binary.BigEndian.Uint16(p))
		p = p[2:]
		if size == 0 || size > len(p) || !isNAL(p[0]&nalType) {
			return false
		}
		got.readNAL(p[0]&nalType, p[1:size])
		p = p[size:]
	}
	return true
}

func isNAL(kind byte) bool { return kind >= 1 && kind <= nalLast }

// readNAL reads a unit that begins in a packet: its type, and its body after
// the header. A keyframe is known by its sequence parameter set and not by its
// IDR slices, which nobody can decode without it. RTP does not mark the first
// packet of a frame; whatever may begin an access unit (H.264, 7.4.1.2.3)
// counts, so a frame that has parameter sets starts more than once.
func (got *reading) readNAL(kind byte, body []byte) {
	switch kind {
	case nalSPS:
		got.keyframe, got.start = true, true
		got.sizes[0] = spsSize(body)
	case nalPPS, nalSEI, nalDelimiter:
		got.start = true
	case nalSlice, nalPartition, nalIDR:
		got.start = got.start || len(body) > 0 && body[0]&firstMacro != 0
	}
}
