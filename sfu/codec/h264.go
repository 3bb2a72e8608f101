package codec

import (
	"encoding/binary"

	"sfu/sfu/media"
)

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

// parseH264 takes the packets of packetization modes 0 and 1, which are all
// that browsers send: single units, STAP-A and FU-A.
func parseH264(pkt *media.Packet) bool {
	p := pkt.Payload
	if len(p) == 0 {
		return false
	}
	switch kind := p[0] & nalType; kind {
	case nalSTAPA:
		return parseSTAPA(pkt, p[1:])
	case nalFUA:
		if len(p) < 2 || !isNAL(p[1]&nalType) {
			return false
		}
		if p[1]&fuStart != 0 {
			pkt.Keyframe, pkt.FrameStart = judgeNAL(p[1]&nalType, p[2:])
		}
		return true
	default:
		pkt.Keyframe, pkt.FrameStart = judgeNAL(kind, p[1:])
		return isNAL(kind)
	}
}

// parseSTAPA takes several units behind one another, each with its size in
// front (RFC 6184, 5.7.1).
func parseSTAPA(pkt *media.Packet, p []byte) bool {
	var keyframe, start bool
	for more := true; more; more = len(p) > 0 {
		if len(p) < 2 {
			return false
		}
		size := int(binary.BigEndian.Uint16(p))
		p = p[2:]
		if size == 0 || size > len(p) || !isNAL(p[0]&nalType) {
			return false
		}
		k, s := judgeNAL(p[0]&nalType, p[1:size])
		keyframe, start = keyframe || k, start || s
		p = p[size:]
	}
	pkt.Keyframe, pkt.FrameStart = keyframe, start
	return true
}

func isNAL(kind byte) bool { return kind >= 1 && kind <= nalLast }

// judgeNAL says what a unit means that begins in a packet: its type, and its
// body after the header. A keyframe is known by its sequence parameter set and
// not by its IDR slices, which nobody can decode without it. RTP does not mark
// the first packet of a frame; whatever may begin an access unit (H.264,
// 7.4.1.2.3) counts, so a frame that has parameter sets starts more than once.
func judgeNAL(kind byte, body []byte) (keyframe, start bool) {
	switch kind {
	case nalSPS:
		return true, true
	case nalPPS, nalSEI, nalDelimiter:
		return false, true
	case nalSlice, nalPartition, nalIDR:
		return false, len(body) > 0 && body[0]&firstMacro != 0
	}
	return false, false
}
