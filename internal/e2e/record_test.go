package e2e

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// record is one packet of a stream.
type record struct {
	at        time.Time
	seq       int64
	timestamp uint32
	marker    bool
	repaired  bool
	level     int // of the audio level extension, -1 without one
	format    format
	hollow    bool   // only fills a place
	picture   uint16 // of VP8 and VP9, as rewritten by the server
	tl0       uint8
	temporal  uint8
	sync      bool // the Y or U bit
	stamp     stamp
}

// behead reads what the server may have rewritten at the front of a payload,
// and returns the rest.
func (r *record) behead(f format, payload []byte, opus uint8) ([]byte, error) {
	switch f {
	case formatVP8:
		var vp8 codecs.VP8Packet
		rest, err := vp8.Unmarshal(payload)
		r.picture, r.tl0, r.temporal, r.sync = vp8.PictureID, vp8.TL0PICIDX, vp8.TID, vp8.Y != 0
		return rest, err
	case formatRED:
		return unwrap(payload, opus)
	case formatVP9:
		var vp9 codecs.VP9Packet
		rest, err := vp9.Unmarshal(payload)
		r.picture, r.tl0, r.temporal, r.sync = vp9.PictureID, vp9.TL0PICIDX, vp9.TID, vp9.U
		return rest, err
	}
	return payload, nil
}

// describeFrame reads what a Dependency Descriptor says of the packet's place in
// its frame. It has no other numbers.
func (d *downlink) describeFrame(st *stream, r *record, p *rtp.Packet) {
	raw := p.GetExtension(st.dependencyID)
	if len(raw) < 3 {
		d.doubt(st, "%s %d: a packet of AV1 has a descriptor of %d bytes", st.mid, r.seq, len(raw))
		return
	}
	if first, last := raw[0]&0x80 != 0, raw[0]&0x40 != 0; first != r.stamp.first || last != r.stamp.last {
		d.doubt(st, "%s %d: the descriptor says that a frame begins %t, ends %t", st.mid, r.seq, first, last)
	}
	if bring := len(raw) > 3 && raw[3]&0x80 != 0; bring != (r.stamp.key && r.stamp.first && r.stamp.spatial == 0) {
		d.doubt(st, "%s %d: the descriptor brings a structure %t", st.mid, r.seq, bring)
	}
	r.picture, r.temporal = binary.BigEndian.Uint16(raw[1:]), r.stamp.temporal
}
