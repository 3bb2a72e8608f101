package codec

import "sfu/sfu/media"

// The bits of a VP9 payload descriptor (RFC 9628, 4.2).
const (
	vp9HasPictureID = 0x80 // I
	vp9Inter        = 0x40 // P: predicted from pictures before
	vp9HasLayers    = 0x20 // L
	vp9Flexible     = 0x10 // F: references are listed, there is no TL0PICIDX
	vp9Begin        = 0x08 // B: first packet of a frame of one spatial layer
	vp9HasStructure = 0x02 // V: the scalability structure follows

	vp9LongPictureID  = 0x80 // M: 15 bits, not 7
	vp9MoreReferences = 0x01 // N: another P_DIFF follows
	vp9MaxReferences  = 3

	vp9HasSizes    = 0x10 // Y: a width and a height for each layer
	vp9HasPictures = 0x08 // G: the pictures of a group are described
)

func parseVP9(pkt *media.Packet) bool {
	r := reader{rest: pkt.Payload}
	first := r.byte()
	if first&vp9HasPictureID != 0 && r.byte()&vp9LongPictureID != 0 {
		r.byte()
	}
	var spatial byte
	if first&vp9HasLayers != 0 {
		spatial = r.byte() >> 1 & 7
		if first&vp9Flexible == 0 {
			r.byte() // TL0PICIDX
		}
	}
	if first&vp9Flexible != 0 && first&vp9Inter != 0 && !skipVP9References(&r) {
		return false
	}
	if first&vp9HasStructure != 0 {
		skipVP9Structure(&r)
	}
	r.byte() // a descriptor with nothing behind it describes nothing
	if r.short {
		return false
	}
	pkt.FrameStart = first&vp9Begin != 0
	// An upper layer of a key picture is not inter-predicted either, but
	// without the lowest one there is nothing to start from.
	pkt.Keyframe = pkt.FrameStart && first&vp9Inter == 0 && spatial == 0
	return true
}

// skipVP9References reports false when the list goes on beyond what the format
// allows.
func skipVP9References(r *reader) bool {
	for range vp9MaxReferences {
		if r.byte()&vp9MoreReferences == 0 {
			return true
		}
	}
	return false
}

// skipVP9Structure skips the scalability structure (RFC 9628, 4.2.1).
func skipVP9Structure(r *reader) {
	head := r.byte()
	if head&vp9HasSizes != 0 {
		layers := uint64(head>>5) + 1
		r.take(4 * layers)
	}
	if head&vp9HasPictures != 0 {
		for range r.byte() {
			references := r.byte() >> 2 & 3
			r.take(uint64(references))
		}
	}
}

// PatchVP9 writes picture id and TL0PICIDX of out over those in payload, whose
// descriptor was parsed as in. Widths stay as they are, so the length does too;
// fields that in does not have are not written.
func PatchVP9(payload []byte, in, out media.VP9Descriptor) {
	at := 1 // behind the flags
	switch in.PictureIDBits {
	case 7:
		payload[at] = uint8(out.PictureID) &^ vp9LongPictureID
		at++
	case 15:
		payload[at] = uint8(out.PictureID>>8) | vp9LongPictureID
		payload[at+1] = uint8(out.PictureID)
		at += 2
	}
	if in.HasTL0 {
		payload[at+1] = out.TL0PICIDX // behind the layer
	}
}
