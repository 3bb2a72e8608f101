package e2e

import (
	"time"

	"github.com/pion/webrtc/v4"
)

// reel makes a layered picture of an uplink: VP8 in three temporal layers, one
// reel for each simulcast encoding, or one reel with all spatial layers (SVC).
// The uplink owns it.
type reel struct {
	format  format
	rank    uint8         // of the encoding, from the smallest
	sizes   []size        // of each spatial layer
	packets []int         // of a frame of each spatial layer
	pattern []step        // of the temporal layers
	from    time.Time     // sends nothing before
	effort  time.Duration // to make the keyframe that was asked for
	broken  bool          // sends nothing, whoever wants it
	between bool          // films in the middle between the pictures of others
	slow    bool          // the last packet of a picture leaves a pulse later
	costs   cost          // what it takes; by default next to nothing

	sinceKey int // pictures
	tl0      uint8
	keyAt    time.Time // not before is the keyframe ready that was asked for
}

// size is that of a picture in pixels.
type size struct{ width, height uint16 }

// rids are the names of simulcast encodings, smallest first.
var rids = [...]string{"q", "h", "f"}

// threeSizes is what a camera is encoded in.
var threeSizes = []size{{320, 180}, {640, 360}, {1280, 720}}

// simulcast is what Chromium makes of a camera: three VP8 encodings.
func simulcast() (reels []*reel) {
	for i, s := range threeSizes {
		reels = append(reels, &reel{
			format: formatVP8, rank: uint8(i), sizes: []size{s}, packets: []int{1 + i}, pattern: l1t3[:],
			effort: 30 * time.Millisecond,
		})
	}
	return reels
}

// svc is what Chromium makes of a camera in one encoding of three spatial and
// three temporal layers (L3T3_KEY).
func svc(f format) func() []*reel {
	return func() []*reel {
		return []*reel{{
			format: f, sizes: threeSizes, packets: []int{1, 2, 3}, pattern: l3t3[:], effort: 30 * time.Millisecond,
		}}
	}
}

// filming makes a peer's camera a layered one.
func filming(make func() []*reel) option { return func(p *peer) { p.reels = make() } }

// without makes reels in which these encodings never send.
func without(ranks ...int) func() []*reel {
	return func() []*reel {
		reels := simulcast()
		for _, i := range ranks {
			reels[i].broken = true
		}
		return reels
	}
}

// step is one picture of a temporal pattern.
type step struct {
	temporal uint8
	sync     bool     // it refers to the base layer alone
	refs     [2]uint8 // so many pictures back; 0 is none
}

// l1t3 is libvpx's pattern of three temporal layers: every second, fourth and
// eighth picture is a place to begin a higher layer, and the others are not.
var l1t3 = [8]step{
	{0, false, [2]uint8{4}}, {2, true, [2]uint8{1}}, {1, true, [2]uint8{2}}, {2, false, [2]uint8{1, 3}},
	{0, false, [2]uint8{4}}, {2, false, [2]uint8{1, 3}}, {1, false, [2]uint8{2, 4}}, {2, false, [2]uint8{1, 3}},
}

// l3t3 is the pattern of each spatial layer of L3T3_KEY. Any higher temporal
// layer may begin with any picture.
var l3t3 = [4]step{
	{0, true, [2]uint8{4}}, {2, true, [2]uint8{1}}, {1, true, [2]uint8{2}}, {2, true, [2]uint8{1}},
}

// film sends the picture of this moment.
func (r *reel) film(u *uplink, now time.Time, b *binding) {
	if r.broken || now.Before(r.from) {
		return
	}
	key := u.wantKey && !now.Before(r.keyAt)
	if key {
		u.wantKey, r.sinceKey = false, 0
	}
	if u.frame == 0 && !key {
		return
	}
	u.picture = (u.picture + 1) & 0x7fff
	at := r.pattern[r.sinceKey%len(r.pattern)]
	r.sinceKey++
	if key {
		at = step{sync: true}
	}
	if at.temporal == 0 {
		r.tl0++
	}
	for spatial := range r.sizes {
		r.frame(u, now, b, key, uint8(spatial), at)
	}
}

// frame sends one spatial layer of a picture.
func (r *reel) frame(u *uplink, now time.Time, b *binding, key bool, spatial uint8, at step) {
	u.frame++
	packets := r.packets[spatial]
	if key {
		packets *= 2
	}
	length := r.costs.spend(key, at.temporal)
	if length > 0 {
		packets = (length + fullPacket - 1) / fullPacket
	}
	for i := range packets {
		first, last := i == 0, i == packets-1
		s := u.stamp(now, key, first, last)
		s.rank, s.spatial, s.temporal, s.size = r.rank, spatial, at.temporal, r.sizes[spatial]
		s.refs = r.references(key, spatial, at)
		head, open := r.head(u, s, at)
		u.descriptor = nil
		if r.format == formatAV1 {
			u.descriptor = descriptor(first, last, uint16(0xffa0+u.frame), int(spatial), (r.sinceKey-1)%len(r.pattern), key, r.sizes)
		}
		size := 100 + 37*int(s.seq%11)
		if length > 0 {
			size = max(length/packets, 100)
		}
		send := func() {
			u.send(b, s, head, open, size, last && int(spatial) == len(r.sizes)-1)
		}
		if r.slow && last && !first {
			u.rest = send
			continue
		}
		send()
	}
}

// references says what a frame needs, in frames of the uplink: there is one for
// each spatial layer of a picture.
func (r *reel) references(key bool, spatial uint8, at step) (refs [2]uint8) {
	if key {
		if spatial > 0 { // K-SVC: layers need each other in key pictures only
			refs[0] = 1
		}
		return refs
	}
	for i, back := range at.refs {
		refs[i] = back * uint8(len(r.sizes))
	}
	return refs
}

// head returns what stands before the media in a packet's payload, and how much
// of it the server may write over.
func (r *reel) head(u *uplink, s stamp, at step) (head []byte, open int) {
	switch r.format {
	case formatVP9:
		head = r.headVP9(u, s)
		return head, len(head)
	case formatAV1:
		return headAV1(s), 0
	}
	return r.headVP8(u, s, at), 6
}

// headVP8 is a payload descriptor with everything in it that Chromium sends
// (RFC 7741, 4.2), before a frame's first packet followed by the frame's own
// header (RFC 6386, 9.1).
func (r *reel) headVP8(u *uplink, s stamp, at step) []byte {
	head := []byte{0x80, 0xe0, 0x80 | byte(u.picture>>8), byte(u.picture), r.tl0, at.temporal << 6}
	if at.temporal == 2 {
		head[0] |= 0x20 // N: nothing refers to it
	}
	if at.sync {
		head[5] |= 0x20
	}
	if !s.first {
		return head
	}
	head[0] |= 0x10
	if !s.key {
		return append(head, 0x11, 0x02, 0x00)
	}
	w, h := s.size.width, s.size.height
	return append(head, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, byte(w), byte(w>>8), byte(h), byte(h>>8))
}

// headVP9 is a payload descriptor of K-SVC in the non-flexible mode (RFC 9628,
// 4.2). The sizes come with every key picture.
func (r *reel) headVP9(u *uplink, s stamp) []byte {
	head := []byte{0xa0, 0x80 | byte(u.picture>>8), byte(u.picture), s.temporal<<5 | 0x10 | s.spatial<<1, r.tl0}
	set := func(bit byte, on bool) {
		if on {
			head[0] |= bit
		}
	}
	set(0x40, !s.key) // P
	set(0x08, s.first)
	set(0x04, s.last)
	set(0x01, !s.key || int(s.spatial) == len(r.sizes)-1) // Z: no layer above needs it
	if !s.key || s.spatial > 0 || !s.first {
		if s.key && s.spatial > 0 {
			head[3] |= 1 // D
		}
		return head
	}
	head[0] |= 0x02 // V
	head = append(head, byte(len(r.sizes)-1)<<5|0x10)
	for _, of := range r.sizes {
		head = append(head, byte(of.width>>8), byte(of.width), byte(of.height>>8), byte(of.height))
	}
	return head
}

// headAV1 is an aggregation header (RTP Payload Format For AV1, 4.4) and the
// first byte of the OBU, before a keyframe a sequence header too.
func headAV1(s stamp) []byte {
	const frameOBU, sequenceOBU = 6 << 3, 1 << 3
	head := []byte{0x10, frameOBU} // W: one element
	switch {
	case !s.first:
		head = []byte{0x10 | 0x80, 0}
	case s.key && s.spatial == 0:
		head = []byte{0x20 | 0x08, 2, sequenceOBU, 0, frameOBU}
	}
	if !s.last {
		head[0] |= 0x40
	}
	return head
}

// publishReels publishes a source as several encodings in one section.
func (e *endpoint) publishReels(source string, reels []*reel) {
	var first *uplink
	for i, r := range reels {
		u := newUplink(e, source)
		u.reel = r
		u.seq += uint16(i) * 0x1234
		u.clock += uint32(i) * 0x1234_5678
		if len(reels) > 1 {
			u.rid = rids[i]
		}
		if first == nil {
			first = u
			tr, err := e.pc.AddTransceiverFromTrack(u, webrtc.RTPTransceiverInit{
				Direction: webrtc.RTPTransceiverDirectionSendonly,
			})
			if err != nil {
				e.t.Errorf("%s: publish %s: %v", e.name, source, err)
				return
			}
			u.tr = tr
			continue
		}
		u.index, u.tr = first.index, first.tr
		if err := first.tr.Sender().AddEncoding(u); err != nil {
			e.t.Errorf("%s: publish %s: %v", e.name, source, err)
		}
	}
}

// encodings returns the uplinks of a layered source, smallest first.
func (p *peer) encodings(source string) (ups []*uplink) {
	for _, u := range p.ups {
		if u.source == source {
			ups = append(ups, u)
		}
	}
	return ups
}
