package sfu

import (
	"encoding/binary"
	"time"

	"sfu/sfu/codec"
	"sfu/sfu/dependency"
	"sfu/sfu/forward"
	"sfu/sfu/header"
	"sfu/sfu/media"
	"sfu/sfu/red"
	"sfu/sfu/report"
)

// stamp makes one slot's packets out of the publisher's. The media loop owns
// it.
type stamp struct {
	mid []byte // on every packet; set once negotiated

	// Of the packet under way: where its number and its time of sending go, 0 if
	// nowhere, and how long its payload is.
	seqAt, timeAt int
	payload       int
}

// press builds a packet for this subscriber and returns it. The caller says in f
// what its payload type, SSRC and number are; a repeat on an RTX stream begins with
// the number that the packet was sent under (RFC 4588, 4).
func (d *downTrack) press(b *binding, f *header.Fixed, pkt *media.Packet, v *forward.Verdict) []byte {
	f.Timestamp, f.Marker = v.Timestamp, v.Marker
	var descriptor []byte
	if pkt.Dependency.Raw != nil && b.ids.dependency != 0 && !v.Hollow {
		room := d.link.out.fan.descriptor[:0]
		descriptor = dependency.Append(room, &pkt.Dependency, v.Frame, v.Targets)
	}
	w := d.head(b, f, len(descriptor))
	if descriptor != nil {
		w.Value(b.ids.dependency, descriptor)
	}
	if !v.Hollow {
		copyExtensions(&w, b, pkt)
	}
	packet := w.End()
	if f.SSRC != b.ssrc {
		packet = binary.BigEndian.AppendUint16(packet, v.Seq)
	}
	if v.Hollow { // only fills a place
		d.stamp.payload = 1
		return header.Pad(packet, 1)
	}
	start := len(packet)
	packet = appendPayload(packet, b, pkt, v)
	d.stamp.payload = len(packet) - start
	if f.SSRC == b.ssrc {
		packet = header.Pad(packet, pkt.Even)
	}
	return packet
}

// head begins a packet with what all of them have in the header; a descriptor is to
// follow.
func (d *downTrack) head(b *binding, f *header.Fixed, descriptor int) header.Writer {
	wide := b.ids.wide || descriptor > 0 && !header.Narrow(b.ids.dependency, descriptor)
	w := header.Begin(d.link.out.way.room(), f, wide)
	w.Value(b.ids.mid, d.stamp.mid) // browsers take it that a mid that was negotiated is sent (rule F9)
	d.stamp.timeAt = w.Extension(b.ids.sendTime, 3)
	d.stamp.seqAt = 0
	if d.link.numbers(b) {
		d.stamp.seqAt = w.Extension(b.ids.transportCC, 2)
	}
	return w
}

// number writes a transport-cc number into the packet under way
// (draft-holmer-rmcat-transport-wide-cc-extensions-01, 2).
func (s *stamp) number(packet []byte, seq uint16) {
	binary.BigEndian.PutUint16(packet[s.seqAt:], seq)
}

// time writes when the packet under way left: 24 bits of NTP time, 18 of them below
// the second (abs-send-time).
func (s *stamp) time(packet []byte, now time.Time) {
	if s.timeAt == 0 {
		return
	}
	at := report.NTP(now) >> 14
	packet[s.timeAt], packet[s.timeAt+1], packet[s.timeAt+2] = byte(at>>16), byte(at>>8), byte(at)
}

// copyExtensions writes the publisher's extensions that mean the same to a
// subscriber, under the ids of its connection; no others are passed on (rule F9).
func copyExtensions(w *header.Writer, b *binding, pkt *media.Packet) {
	if pkt.HasLevel {
		level := pkt.Level
		if pkt.Voice {
			level |= 0x80
		}
		w.Byte(b.ids.audioLevel, level)
	}
	if pkt.HasRotation {
		w.Byte(b.ids.rotation, pkt.Rotation)
	}
}

// appendPayload appends what the subscriber is sent of pkt's payload.
func appendPayload(packet []byte, b *binding, pkt *media.Packet, v *forward.Verdict) []byte {
	start := len(packet)
	if pkt.Codec == media.RED && b.types[media.RED].media == 0 {
		primary, _, _ := red.Primary(pkt.Payload) // it was parsed when it came
		return append(packet, primary...)
	}
	packet = append(packet, pkt.Payload...)
	switch own := packet[start:]; pkt.Codec {
	case media.VP8:
		codec.PatchVP8(own, pkt.VP8, v.VP8)
	case media.VP9:
		codec.PatchVP9(own, pkt.VP9, v.VP9)
	case media.RED:
		red.SetPayloadType(own, b.types[media.Opus].media)
	}
	return packet
}
