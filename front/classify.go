package front

import "encoding/binary"

// verdict is what the first bytes of a connection are.
type verdict uint8

const (
	undecided verdict = iota // more bytes are needed
	isTLS
	isHTTP
	isTURN
	isICE
	isNothing
)

const (
	// headSize is how many bytes decide: two of RFC 4571's length, and a STUN
	// header as far as its magic cookie.
	headSize = 10

	recordHandshake = 0x16       // RFC 8446, 5.1
	magicCookie     = 0x2112A442 // RFC 8489, 5
	stunHeader      = 20         // RFC 8489, 5
	firstNotSTUN    = 0x40       // the first two bits of STUN are zero
)

// classify says what a connection speaks that begins with head. It decides as
// early as it can: who speaks HTTP may send fewer bytes than a STUN header and
// wait.
func classify(head []byte) verdict {
	if len(head) == 0 {
		return undecided
	}
	switch first := head[0]; {
	case first == recordHandshake:
		return isTLS
	case 'A' <= first && first <= 'Z': // a method: RFC 9110, 9.1
		return isHTTP
	case first >= firstNotSTUN: // nor the length of any first message
		return isNothing
	case len(head) < 8:
		return undecided
	case binary.BigEndian.Uint32(head[4:]) == magicCookie:
		return isTURN
	case len(head) < headSize:
		return undecided
	case binary.BigEndian.Uint16(head) >= stunHeader && head[2] < firstNotSTUN && binary.BigEndian.Uint32(head[6:]) == magicCookie:
		return isICE
	}
	return isNothing
}
