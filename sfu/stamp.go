package sfu

import (
	"github.com/pion/rtp"

	"sfu/sfu/codec"
	"sfu/sfu/dependency"
	"sfu/sfu/forward"
	"sfu/sfu/media"
	"sfu/sfu/red"
)

// stamp makes one slot's packets out of the publisher's. The media loop owns
// it.
type stamp struct {
	mid    []byte // on every packet; set once negotiated
	header rtp.Header
	level  [1]byte
	turn   [1]byte
	seq    [2]byte
	sent   [3]byte
}

func newStamp() stamp {
	return stamp{header: rtp.Header{Version: 2, Extensions: make([]rtp.Extension, 0, 8)}}
}

// hollow is the payload of a packet that only fills a place: one byte of
// padding, which says that it is one (RFC 3550, 5.1).
var hollow = []byte{1}

// press fills the header but for SSRC and payload type, and returns the payload
// for this subscriber. What it patches is everyone's, but it is copied into the
// encrypted packet before the next one patches it again. room is scratch space.
func (s *stamp) press(b *binding, pkt *media.Packet, v *forward.Verdict, room []byte) []byte {
	h := &s.header
	h.SequenceNumber, h.Timestamp, h.Marker = v.Seq, v.Timestamp, v.Marker
	h.Padding = v.Hollow
	h.Extension, h.Extensions = false, h.Extensions[:0]
	if v.Hollow {
		s.identify(b)
		return hollow
	}
	if b.ids.dependency != 0 && pkt.Dependency.Raw != nil {
		// First, because the longest says which form all of them have (RFC 8285, 4).
		descriptor := dependency.Append(room[:0], &pkt.Dependency, v.Frame, v.Targets)
		_ = h.SetExtension(b.ids.dependency, descriptor)
	}
	s.identify(b)
	s.copy(b, pkt)
	return s.payload(b, pkt, v)
}

// identify says which m-line the packet belongs to: browsers take it that a mid
// that was negotiated is sent (rule F9).
func (s *stamp) identify(b *binding) {
	if b.ids.mid != 0 {
		_ = s.header.SetExtension(b.ids.mid, s.mid)
	}
}

// copy writes the publisher's extensions that mean the same to a subscriber,
// under the ids of its connection; no others are passed on (rule F9).
func (s *stamp) copy(b *binding, pkt *media.Packet) {
	if pkt.HasLevel && b.ids.audioLevel != 0 {
		s.level[0] = pkt.Level
		if pkt.Voice {
			s.level[0] |= 0x80
		}
		_ = s.header.SetExtension(b.ids.audioLevel, s.level[:])
	}
	if pkt.HasRotation && b.ids.rotation != 0 {
		s.turn[0] = pkt.Rotation
		_ = s.header.SetExtension(b.ids.rotation, s.turn[:])
	}
}

// payload returns what the subscriber is sent of pkt's payload.
func (s *stamp) payload(b *binding, pkt *media.Packet, v *forward.Verdict) []byte {
	switch pkt.Codec {
	case media.VP8:
		codec.PatchVP8(pkt.Payload, pkt.VP8, v.VP8)
	case media.VP9:
		codec.PatchVP9(pkt.Payload, pkt.VP9, v.VP9)
	case media.RED:
		if b.types[media.RED].media != 0 {
			red.SetPayloadType(pkt.Payload, b.types[media.Opus].media)
			break
		}
		primary, _, _ := red.Primary(pkt.Payload) // it was parsed when it came
		return primary
	}
	return pkt.Payload
}
