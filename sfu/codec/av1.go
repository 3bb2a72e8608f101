package codec

// The bits of an AV1 aggregation header (RTP Payload Format For AV1, 4.4).
const (
	av1Continues   = 0x80 // Z: the first element goes on from the packet before
	av1NewSequence = 0x08 // N: a coded video sequence starts here

	// OBU types (AV1 specification, 6.2.2).
	obuSequenceHeader       = 1
	obuTileGroup            = 4
	obuRedundantFrameHeader = 7
)

// readAV1 looks at the header of every OBU that begins in the packet. The N bit
// alone does not make a keyframe: nobody can decode from here without the
// sequence header. Which layer a frame is of only a dependency descriptor
// tells; without one all are forwarded as one, the lowest, which then has the
// largest pictures.
func (got *reading) readAV1(payload []byte, described bool) bool {
	r := reader{rest: payload}
	head := r.byte()
	continues, newSequence := head&av1Continues != 0, head&av1NewSequence != 0
	if continues && newSequence {
		return false
	}
	for i, more := 1, true; more; i++ {
		var element []byte
		element, more = nextOBU(&r, i, int(head>>4&3))
		if r.short {
			return false
		}
		if len(element) == 0 || i == 1 && continues {
			continue // no OBU begins here
		}
		kind := element[0] >> 3 & 0xf
		if i == 1 { // before a tile group there was a frame header
			got.start = kind != obuTileGroup && kind != obuRedundantFrameHeader
		}
		if kind == obuSequenceHeader {
			got.keyframe = got.start && newSequence
			size, spatial := sequenceSize(element)
			if !described {
				spatial = 0
			}
			got.sizes[spatial] = size
		}
	}
	return true
}

// nextOBU returns the i-th OBU element of a packet and whether more follow.
// count is the W field: so many elements, the last without its size in front,
// or 0: each has its size, to the end of the packet.
func nextOBU(r *reader, i, count int) (element []byte, more bool) {
	if len(r.rest) == 0 {
		r.short = true
		return nil, false
	}
	if i == count {
		return r.take(uint64(len(r.rest))), false
	}
	element = r.take(r.leb128())
	return element, count > 0 || len(r.rest) > 0
}
