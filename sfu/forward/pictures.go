package forward

import "sfu/sfu/media"

// pictures holds what counts pictures in a VP8 payload descriptor (RFC 7741,
// 4.2): the last values that went out, or what a span adds to those that come.
// Arithmetic is modulo 1<<16 and 1<<8; a field takes the low bits, so widths
// may change from feed to feed.
type pictures struct {
	id       uint16 // PictureID, 7 or 15 bits
	tl0, key uint8  // TL0PICIDX, 8 bits; KEYIDX, 5 bits
}

// lead returns what to add to the descriptors of a feed that begins with d, so
// that it goes on where p ends.
func (p pictures) lead(d *media.VP8Descriptor) pictures {
	return pictures{
		id:  p.id + 1 - d.PictureID,
		tl0: p.tl0 + 1 - d.TL0PICIDX,
		key: p.key + 1 - d.KeyIdx,
	}
}

// shift returns d with p added to the fields that it has.
func (p pictures) shift(d media.VP8Descriptor) media.VP8Descriptor {
	d.PictureID = (d.PictureID + p.id) & (1<<d.PictureIDBits - 1)
	if d.HasTL0 {
		d.TL0PICIDX += p.tl0
	}
	if d.HasKeyIdx {
		d.KeyIdx = (d.KeyIdx + p.key) & 0x1f
	}
	return d
}

// note remembers the fields that d, which goes out, has.
func (p *pictures) note(d *media.VP8Descriptor) {
	if d.PictureIDBits > 0 {
		p.id = d.PictureID
	}
	if d.HasTL0 {
		p.tl0 = d.TL0PICIDX
	}
	if d.HasKeyIdx {
		p.key = d.KeyIdx
	}
}
