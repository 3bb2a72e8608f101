package codec

import (
	"encoding/binary"

	"sfu/sfu/media"
)

// The bits of a VP9 payload descriptor (RFC 9628, 4.2).
const (
	vp9HasPictureID = 0x80 // I
	vp9Inter        = 0x40 // P: predicted from pictures before
	vp9HasLayers    = 0x20 // L
	vp9Flexible     = 0x10 // F: references are listed, there is no TL0PICIDX
	vp9Begin        = 0x08 // B: first packet of a frame of one spatial layer
	vp9End          = 0x04 // E: last packet of a frame of one spatial layer
	vp9HasStructure = 0x02 // V: the scalability structure follows
	vp9Disposable   = 0x01 // Z: no upper spatial layer refers to the frame

	vp9SwitchUp   = 0x10 // U
	vp9InterLayer = 0x01 // D: predicted from the spatial layer below

	vp9MoreReferences = 0x01 // N: another P_DIFF follows
	vp9References     = 3    // at most

	vp9HasSizes    = 0x10 // Y: a width and a height for each layer
	vp9HasPictures = 0x08 // G: the pictures of a group are described
)

func (got *reading) readVP9(payload []byte) bool {
	r := reader{rest: payload}
	first := r.byte()
	d := &got.vp9
	d.InterPicture = first&vp9Inter != 0
	d.Disposable = first&vp9Disposable != 0
	if first&vp9HasPictureID != 0 {
		d.PictureID, d.PictureIDBits = r.pictureID()
	}
	if first&vp9HasLayers != 0 {
		got.layer = readVP9Layer(&r, d)
		if d.HasTL0 = first&vp9Flexible == 0; d.HasTL0 {
			d.TL0PICIDX = r.byte()
		}
	}
	if first&vp9Flexible != 0 && d.InterPicture && !skipVP9References(&r) {
		return false
	}
	if first&vp9HasStructure != 0 {
		got.readVP9Structure(&r)
	}
	frame := r.rest // a descriptor with nothing behind it describes nothing
	if r.short || len(frame) == 0 {
		return false
	}
	got.start = first&vp9Begin != 0
	got.end = first&vp9End != 0
	if got.start && !d.InterPicture {
		got.readVP9Key(frame)
	}
	return true
}

func readVP9Layer(r *reader, d *media.VP9Descriptor) media.Layer {
	b := r.byte()
	d.HasLayers = true
	d.SwitchUp = b&vp9SwitchUp != 0
	d.InterLayer = b&vp9InterLayer != 0
	return media.Layer{Spatial: b >> 1 & 7, Temporal: b >> 5}
}

// skipVP9References reports false when the list goes on beyond what the format
// allows.
func skipVP9References(r *reader) bool {
	for range vp9References {
		if r.byte()&vp9MoreReferences == 0 {
			return true
		}
	}
	return false
}

// readVP9Structure reads the sizes of the scalability structure (RFC 9628,
// 4.2.1) and skips the rest.
func (got *reading) readVP9Structure(r *reader) {
	head := r.byte()
	if head&vp9HasSizes != 0 {
		layers := int(head>>5) + 1
		for i := range layers {
			size := r.take(4)
			if len(size) == 4 && i < media.MaxSpatial {
				got.sizes[i] = sizeOf(uint64(binary.BigEndian.Uint16(size)), uint64(binary.BigEndian.Uint16(size[2:])))
			}
		}
	}
	if head&vp9HasPictures != 0 {
		for range r.byte() {
			references := r.byte() >> 2 & 3
			r.take(uint64(references))
		}
	}
}

// readVP9Key reads the first packet of a frame of a key picture. An upper layer
// of one is not predicted from other pictures either, but without the lowest
// there is nothing to start from.
func (got *reading) readVP9Key(frame []byte) {
	spatial := got.layer.Spatial
	got.keyframe = spatial == 0
	if spatial < media.MaxSpatial && got.sizes[spatial] == (media.Size{}) {
		got.sizes[spatial] = vp9Size(frame)
	}
}

// vp9Size reads the uncompressed header of a keyframe of profile 0 (VP9
// bitstream specification, 6.2), the only one that every browser sends.
func vp9Size(frame []byte) media.Size {
	const (
		profile0 = 0b1000 // the frame marker, then the profile's bits
		keyframe = 0b00   // show_existing_frame, frame_type
		syncCode = 0x498342
		rgb      = 7
	)
	r := bitReader{data: frame}
	if r.bits(4) != profile0 || r.bits(2) != keyframe {
		return media.Size{}
	}
	r.bits(2) // show_frame, error_resilient_mode
	if r.bits(24) != syncCode || r.bits(3) == rgb {
		return media.Size{}
	}
	r.bit() // color_range
	width, height := r.bits(16)+1, r.bits(16)+1
	if r.bad {
		return media.Size{}
	}
	return sizeOf(uint64(width), uint64(height))
}

// PatchVP9 writes picture id and TL0PICIDX of out over those in payload, whose
// descriptor was parsed as in. Widths stay as they are, so the length does too;
// fields that in does not have are not written.
func PatchVP9(payload []byte, in, out media.VP9Descriptor) {
	at := 1 // behind the flags
	if in.PictureIDBits > 0 {
		at += putPictureID(payload[at:], out.PictureID, in.PictureIDBits)
	}
	if in.HasTL0 {
		payload[at+1] = out.TL0PICIDX // behind the layer
	}
}
