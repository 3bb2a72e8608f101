package forward

import "sfu/sfu/media"

// pictures holds what counts pictures in payload descriptors (VP8: RFC 7741,
// 4.2; VP9: RFC 9628, 4.2) and frames in dependency descriptors: the last values
// that went out, or what a span adds to those that come. Arithmetic is modulo
// 1<<16 and 1<<8; a field takes the low bits, so widths may change from feed to
// feed.
//
// Of VP8 the ids are closed over pictures that are left out, because receivers
// wait for a missing one before they decode an upper temporal layer. Those of VP9
// and the frame numbers are not: references count them, so what is added to them
// must stay the same as long as a feed flows.
type pictures struct {
	id       uint16 // PictureID, 7 or 15 bits
	tl0, key uint8  // TL0PICIDX, 8 bits; KEYIDX, 5 bits
	frame    uint16 // frame_number
	any      bool   // some of these went out
}

// lead returns what to add to the counters of a feed that begins with pkt, so
// that it goes on where p ends.
func (p pictures) lead(pkt *media.Packet) pictures {
	next := pictures{frame: p.frame + 1 - pkt.Dependency.Frame}
	switch pkt.Codec {
	case media.VP8:
		next.id = p.id + 1 - pkt.VP8.PictureID
		next.tl0 = p.tl0 + 1 - pkt.VP8.TL0PICIDX
		next.key = p.key + 1 - pkt.VP8.KeyIdx
	case media.VP9:
		next.id = p.id + 1 - pkt.VP9.PictureID
		next.tl0 = p.tl0 + 1 - pkt.VP9.TL0PICIDX
	}
	return next
}

// shiftVP8 adds p to the fields that d has.
func (p *pictures) shiftVP8(d *media.VP8Descriptor) {
	d.PictureID = (d.PictureID + p.id) & (1<<d.PictureIDBits - 1)
	if d.HasTL0 {
		d.TL0PICIDX += p.tl0
	}
	if d.HasKeyIdx {
		d.KeyIdx = (d.KeyIdx + p.key) & 0x1f
	}
}

// shiftVP9 adds p to the fields that d has.
func (p *pictures) shiftVP9(d *media.VP9Descriptor) {
	d.PictureID = (d.PictureID + p.id) & (1<<d.PictureIDBits - 1)
	if d.HasTL0 {
		d.TL0PICIDX += p.tl0
	}
}

// note remembers the fields that pkt, which goes out as v, has.
func (p *pictures) note(pkt *media.Packet, v *Verdict) {
	switch pkt.Codec {
	case media.VP8:
		p.any = true
		if v.VP8.PictureIDBits > 0 {
			p.id = v.VP8.PictureID
		}
		if v.VP8.HasTL0 {
			p.tl0 = v.VP8.TL0PICIDX
		}
		if v.VP8.HasKeyIdx {
			p.key = v.VP8.KeyIdx
		}
	case media.VP9:
		p.any = true
		if v.VP9.PictureIDBits > 0 {
			p.id = v.VP9.PictureID
		}
		if v.VP9.HasTL0 {
			p.tl0 = v.VP9.TL0PICIDX
		}
	}
	if pkt.Dependency.Raw != nil {
		p.any = true
		p.frame = v.Frame
	}
}
