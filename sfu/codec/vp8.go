package codec

import (
	"encoding/binary"

	"sfu/sfu/media"
)

// The bits of a VP8 payload descriptor (RFC 7741, 4.2).
const (
	vp8Extended  = 0x80 // X: the next byte says what follows
	vp8Start     = 0x10 // S: a partition starts here
	vp8Partition = 0x07 // PID: which one

	vp8HasPictureID = 0x80 // I
	vp8HasTL0       = 0x40 // L
	vp8HasTID       = 0x20 // T
	vp8HasKeyIdx    = 0x10 // K

	vp8Sync   = 0x20 // Y
	vp8KeyIdx = 0x1f

	// The first bit of the frame itself (RFC 7741, 4.3).
	vp8Inter = 0x01 // P: predicted from frames before
)

func (got *reading) readVP8(payload []byte) bool {
	r := reader{rest: payload}
	first := r.byte()
	d := &got.vp8
	if first&vp8Extended != 0 {
		readVP8Extension(&r, d)
	}
	d.Size = uint8(len(payload) - len(r.rest))
	frame := r.rest // a descriptor with nothing behind it describes nothing
	if r.short || len(frame) == 0 {
		return false
	}
	got.layer.Temporal = d.TID
	got.start = first&(vp8Start|vp8Partition) == vp8Start
	got.keyframe = got.start && frame[0]&vp8Inter == 0
	if got.keyframe {
		got.sizes[0] = vp8Size(frame)
	}
	return true
}

func readVP8Extension(r *reader, d *media.VP8Descriptor) {
	has := r.byte()
	if has&vp8HasPictureID != 0 {
		d.PictureID, d.PictureIDBits = r.pictureID()
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

// vp8Size reads the header of a keyframe (RFC 6386, 9.1): the frame tag of
// three bytes, a start code, width and height. The two highest bits of each say
// how to scale the picture for display, and no decoder does.
func vp8Size(frame []byte) media.Size {
	if len(frame) < 10 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return media.Size{}
	}
	const size = 1<<14 - 1
	width := binary.LittleEndian.Uint16(frame[6:]) & size
	height := binary.LittleEndian.Uint16(frame[8:]) & size
	return sizeOf(uint64(width), uint64(height))
}

// PatchVP8 writes picture id, TL0PICIDX and KEYIDX of out over those in
// payload, whose descriptor was parsed as in. Widths stay as they are, so the
// length does too; fields that in does not have are not written.
func PatchVP8(payload []byte, in, out media.VP8Descriptor) {
	at := 2 // behind the two bytes of flags, which all that follows needs
	if in.PictureIDBits > 0 {
		at += putPictureID(payload[at:], out.PictureID, in.PictureIDBits)
	}
	if in.HasTL0 {
		payload[at] = out.TL0PICIDX
		at++
	}
	if in.HasKeyIdx {
		payload[at] = payload[at]&^vp8KeyIdx | out.KeyIdx&vp8KeyIdx
	}
}
