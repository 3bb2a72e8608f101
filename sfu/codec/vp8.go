package codec

import "sfu/sfu/media"

// The bits of a VP8 payload descriptor (RFC 7741, 4.2).
const (
	vp8Extended  = 0x80 // X: the next byte says what follows
	vp8Start     = 0x10 // S: a partition starts here
	vp8Partition = 0x07 // PID: which one

	vp8HasPictureID = 0x80 // I
	vp8HasTL0       = 0x40 // L
	vp8HasTID       = 0x20 // T
	vp8HasKeyIdx    = 0x10 // K

	vp8LongPictureID = 0x80 // M: 15 bits, not 7
	vp8Sync          = 0x20 // Y
	vp8KeyIdx        = 0x1f

	// The first bit of the frame itself (RFC 7741, 4.3).
	vp8Inter = 0x01 // P: predicted from frames before
)

func parseVP8(pkt *media.Packet) bool {
	r := reader{rest: pkt.Payload}
	first := r.byte()
	var d media.VP8Descriptor
	if first&vp8Extended != 0 {
		readVP8Extension(&r, &d)
	}
	d.Size = uint8(len(pkt.Payload) - len(r.rest))
	frame := r.byte() // a descriptor with nothing behind it describes nothing
	if r.short {
		return false
	}
	pkt.VP8 = d
	pkt.FrameStart = first&(vp8Start|vp8Partition) == vp8Start
	pkt.Keyframe = pkt.FrameStart && frame&vp8Inter == 0
	return true
}

func readVP8Extension(r *reader, d *media.VP8Descriptor) {
	has := r.byte()
	if has&vp8HasPictureID != 0 {
		d.PictureIDBits = 7
		d.PictureID = uint16(r.byte())
		if d.PictureID&vp8LongPictureID != 0 {
			d.PictureIDBits = 15
			d.PictureID = d.PictureID&^vp8LongPictureID<<8 | uint16(r.byte())
		}
	}
	if has&vp8HasTL0 != 0 {
		d.HasTL0 = true
		d.TL0PICIDX = r.byte()
	}
	if has&(vp8HasTID|vp8HasKeyIdx) != 0 { // one byte for both, either may be void
		b := r.byte()
		if d.HasTID = has&vp8HasTID != 0; d.HasTID {
			d.TID, d.Sync = b>>6, b&vp8Sync != 0
		}
		if d.HasKeyIdx = has&vp8HasKeyIdx != 0; d.HasKeyIdx {
			d.KeyIdx = b & vp8KeyIdx
		}
	}
}

// PatchVP8 writes picture id, TL0PICIDX and KEYIDX of out over those in
// payload, whose descriptor was parsed as in. Widths stay as they are, so the
// length does too; fields that in does not have are not written.
func PatchVP8(payload []byte, in, out media.VP8Descriptor) {
	at := 2 // behind the two bytes of flags, which all that follows needs
	switch in.PictureIDBits {
	case 7:
		payload[at] = uint8(out.PictureID) &^ vp8LongPictureID
		at++
	case 15:
		payload[at] = uint8(out.PictureID>>8) | vp8LongPictureID
		payload[at+1] = uint8(out.PictureID)
		at += 2
	}
	if in.HasTL0 {
		payload[at] = out.TL0PICIDX
		at++
	}
	if in.HasKeyIdx {
		payload[at] = payload[at]&^vp8KeyIdx | out.KeyIdx&vp8KeyIdx
	}
}
