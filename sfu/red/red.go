package red

import "iter"

// A payload is a header for every block, then the blocks, the oldest first.
// RFC 2198, 3: the header of a redundant block has 4 bytes,
//
//	F=1 (1 bit) | payload type (7) | timestamp offset (14) | block length (10)
//
// that of the primary block one, F=0 and the payload type; it reaches to the
// end.
const (
	more         = 0x80 // F: another header follows
	redundantLen = 4
)

// Primary returns the newest block of a RED payload, which is the packet as it
// would be without RED, and its payload type; ok is false when the payload is
// malformed or has nothing in the newest block.
func Primary(payload []byte) (primary []byte, pt uint8, ok bool) {
	header, start, ok := split(payload)
	if !ok {
		return nil, 0, false
	}
	return payload[start:], payload[header], true
}

// SetPayloadType writes pt into every block header of a payload that Primary
// took, in place: the payload types of blocks are the receiver's numbers.
func SetPayloadType(payload []byte, pt uint8) {
	header, _, ok := split(payload)
	if !ok {
		return
	}
	for i := 0; i < header; i += redundantLen {
		payload[i] = more | pt
	}
	payload[header] = pt &^ more
}

// Blocks goes over the redundant blocks, the newest first, each with how much
// older than the packet it is in timestamp units. That the n-th is the n-th
// packet before is not to be relied on: Chromium skips one that is too big to be
// a block. A block may be empty, and a malformed payload has none.
func Blocks(payload []byte) iter.Seq2[uint32, []byte] {
	return func(yield func(offset uint32, block []byte) bool) {
		header, end, ok := split(payload)
		if !ok {
			return
		}
		for i := header - redundantLen; i >= 0; i -= redundantLen {
			offset, length := redundant(payload[i:])
			if !yield(offset, payload[end-length:end]) {
				return
			}
			end -= length
		}
	}
}

// Recover finds the copy of the packet with timestamp missing in the payload of
// the packet with timestamp; ok is false when there is none. Where one packet is
// missing between two, its timestamp is in their middle, or else it is another
// packet that is missing and there is no copy of that time.
func Recover(payload []byte, timestamp, missing uint32) (block []byte, ok bool) {
	for offset, block := range Blocks(payload) {
		if timestamp-offset == missing && len(block) > 0 {
			return block, true
		}
	}
	return nil, false
}

// split returns where the primary block has its header and where it starts; ok
// is false when headers or blocks do not fit the payload.
func split(payload []byte) (header, start int, ok bool) {
	blocks := 0
	for header < len(payload) && payload[header]&more != 0 {
		if header+redundantLen > len(payload) {
			return 0, 0, false
		}
		_, length := redundant(payload[header:])
		blocks += length
		header += redundantLen
	}
	start = header + 1 + blocks
	return header, start, start < len(payload)
}

// redundant reads the header of a redundant block.
func redundant(h []byte) (offset uint32, length int) {
	return uint32(h[1])<<6 | uint32(h[2])>>2, int(h[2]&3)<<8 | int(h[3])
}
