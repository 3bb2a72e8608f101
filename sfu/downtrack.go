package sfu

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"sfu/sfu/allocate"
	"sfu/sfu/estimate"
	"sfu/sfu/forward"
	"sfu/sfu/header"
	"sfu/sfu/keyframe"
	"sfu/sfu/media"
	"sfu/sfu/nack"
	"sfu/sfu/report"
)

// downTrack is one down slot: an m-line of one subscriber with a fixed mid and
// SSRC, which carries one published track after another. It is pion's
// TrackLocal of that m-line. The media loop owns all of it but binding, which
// pion hands over.
type downTrack struct {
	kind   media.Kind
	id     string // "a3", "v3": audio and video slot of pair 3
	stream string // the msid that the two share
	link   *link

	bound    atomic.Pointer[binding]
	track    *upTrack
	wish     allocate.Wish // of the track
	chooser  allocate.Chooser
	aim      aim
	silenced bool // its newest packet was quiet and left out
	fwd      *forward.Forwarder
	stamp    stamp
	queue    queue
	sent     sent
	seen     sight // what the client was told of the track
	demands  demands
}

// aim is what the slot is to carry of its track.
type aim struct {
	planned bool           // the budget was shared since it carries the track
	grant   allocate.Grant // what it got of that
	short   bool           // a smaller picture than it asks for
	layer   media.Layer    // of the forwarder's target

	decided, switched time.Time // for another picture than flows, and when that began; or zero
}

// maxWhims is how many keyframes a subscriber may cost at once by what it wishes
// of one slot. Fingers that drag a window about take fewer.
const maxWhims = 24

// demands limit the keyframes that a subscriber costs.
type demands struct {
	lost    keyframe.Requester // because it cannot decode
	whims   keyframe.Requester // because it wants something else
	changed bool               // it does, and waits for the keyframe
}

// sent is what a slot has sent.
type sent struct {
	packets, octets uint32   // for sender reports
	track           *upTrack // what flowed when it was looked last
	feed            media.Feed
	offset          uint32 // of its timestamps
	spatial         uint8
	rtxSeq          uint16
	timestamp       uint32 // of the newest packet
	repeated        uint64 // how many were sent again to probe with
	flow            flow
	told            reception
	answers         nack.Answers
	delivery        report.Delivery

	fresh bool      // nothing has left of the track since the slot took it up...
	taken time.Time // ...then, if it flowed; else zero
}

func (s *sent) note(seq uint16, octets int) {
	s.packets++
	s.octets += uint32(octets)
	s.answers.Sent(1)
	s.delivery.Sent(seq)
}

// binding is what negotiation settled for a slot.
type binding struct {
	ssrc, rtx uint32
	types     [media.AV1 + 1]payloadTypes // by codec
	ids       extensionIDs
}

// typesOf returns the payload types for packets of codec c. RED that was not
// negotiated goes out as the Opus that is in it.
func (b *binding) typesOf(c media.Codec) payloadTypes {
	if c == media.RED && b.types[media.RED].media == 0 {
		c = media.Opus
	}
	return b.types[c]
}

// payloadTypes are a codec's numbers at one subscriber; 0 is none.
type payloadTypes struct{ media, rtx uint8 }

func newDownTrack(lk *link, kind media.Kind, pair int) *downTrack {
	return &downTrack{
		kind: kind, link: lk,
		id:      fmt.Sprintf("%c%d", kind.String()[0], pair),
		stream:  fmt.Sprintf("slot%d", pair),
		fwd:     forward.New(kind, clockOf(kind), firstSeq(), rand.Uint32()),
		sent:    sent{rtxSeq: firstSeq()},
		demands: demands{whims: keyframe.Requester{Burst: maxWhims}},
	}
}

// clockOf returns the RTP clock in Hz that all codecs of a kind share.
func clockOf(k media.Kind) uint32 {
	if k == media.Audio {
		return media.Opus.ClockRate()
	}
	return media.VP8.ClockRate()
}

// firstSeq returns a number to begin a stream with: so far from where they come round
// that a receiver who misses the first packets, or gets later ones before them, is not
// mistaken in how often they have (RFC 3711, 3.3.1). It could decrypt nothing then.
func firstSeq() uint16 { return uint16(1<<10 + rand.IntN(1<<14)) }

// Bind takes what was negotiated. It never fails: an error would keep pion
// from starting every other sender of the connection (rule R10).
func (d *downTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	b := &binding{ssrc: uint32(ctx.SSRC()), rtx: uint32(ctx.SSRCRetransmission())}
	var first webrtc.RTPCodecParameters
	for _, c := range ctx.CodecParameters() {
		known := codecByMime(c.MimeType)
		if known == media.NoCodec {
			continue
		}
		if first.PayloadType == 0 {
			first = c
		}
		b.types[known] = payloadTypes{media: uint8(c.PayloadType), rtx: findRTX(ctx, c.PayloadType)}
	}
	for _, ext := range ctx.HeaderExtensions() {
		b.ids.set(ext.URI, uint8(ext.ID))
	}
	d.bound.Store(b)
	d.link.loop.do(func() {
		d.link.down.bySSRC[b.ssrc] = d
		if d.track != nil {
			d.begin(time.Now()) // it was to carry the track before it could
		}
	})
	return first, nil
}

// anyRTX returns a payload type of the RTX stream, 0 if it has none.
func (b *binding) anyRTX() uint8 {
	for _, t := range b.types {
		if t.rtx != 0 {
			return t.rtx
		}
	}
	return 0
}

func findRTX(ctx webrtc.TrackLocalContext, pt webrtc.PayloadType) uint8 {
	apt := fmt.Sprintf("apt=%d", pt)
	for _, c := range ctx.CodecParameters() {
		if strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) && c.SDPFmtpLine == apt {
			return uint8(c.PayloadType)
		}
	}
	return 0
}

// Unbind has nothing to do: slots live as long as their connection.
func (d *downTrack) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID, RID, StreamID and Kind describe the slot to pion.
func (d *downTrack) ID() string { return d.id }

// RID is empty: a subscriber is sent one encoding.
func (d *downTrack) RID() string { return "" }

// StreamID is the msid stream, which the two slots of a pair share for lip
// sync.
func (d *downTrack) StreamID() string { return d.stream }

// Kind returns what the slot carries.
func (d *downTrack) Kind() webrtc.RTPCodecType {
	if d.kind == media.Video {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// forward sends one packet, holds it back for a moment, or drops it. It
// allocates nothing.
func (d *downTrack) forward(a *arrival) {
	b, t := d.bound.Load(), &d.link.out.fan.tally
	if drop := d.refuses(a, b); drop != media.Kept {
		t.settle(d.kind, drop)
		return
	}
	d.silenced = d.silenced && a.again
	v := d.fwd.Forward(a.pkt)
	switch {
	case v.Drop != media.Kept:
		t.settle(d.kind, v.Drop)
	case d.kind == media.Video && d.holds(a.pkt, &v):
	default:
		d.send(b, a.pkt, &v)
	}
}

// refuses returns why a packet is not even looked at.
func (d *downTrack) refuses(a *arrival, b *binding) media.Drop {
	switch {
	case b == nil || len(d.stamp.mid) == 0 || d.link.out.way == nil:
		return media.DropUnbound
	case a.track.muted:
		return media.DropMuted
	case d.paused():
		return media.DropPaused
	case a.quiet && !d.wish.Pinned:
		d.silenced = true
		d.waits()
		d.fwd.Cut() // who is audible again begins another talk spurt
		return media.DropQuiet
	case b.typesOf(a.pkt.Codec).media == 0:
		return media.DropCodec
	}
	return media.Kept
}

// send writes a packet as its verdict says.
func (d *downTrack) send(b *binding, pkt *media.Packet, v *forward.Verdict) {
	t := &d.link.out.fan.tally
	f := header.Fixed{PayloadType: b.typesOf(pkt.Codec).media, SSRC: b.ssrc, Seq: v.Seq}
	packet := d.press(b, &f, pkt, v)
	t.offered[d.kind]++
	if err := d.link.transmit(d, packet, estimate.Media); err != nil {
		t.writeErrors++
		return
	}
	if v.Hollow {
		t.hollow++
	}
	if d.sent.fresh {
		d.begun(d.link.out.fan.now)
	}
	d.sent.note(v.Seq, d.stamp.payload)
	d.sent.timestamp = v.Timestamp
	t.forwarded[d.kind]++
	t.bytesOut[d.kind] += d.stamp.payload
}

// noticeSwitch counts that something else flows, and tells its timestamps at
// once: sound and picture are not to drift apart until the next report is due
// (rule F16).
func (d *downTrack) noticeSwitch(now time.Time) {
	feed := d.fwd.Current()
	layer, flows := d.fwd.Layer()
	if !flows {
		return
	}
	offset, _ := d.fwd.Offset()
	switched := feed != d.sent.feed || layer.Spatial != d.sent.spatial
	if switched && d.kind == media.Video && d.sent.feed != 0 && d.track == d.sent.track {
		d.link.loop.tally.switches++
		d.observeSwitch(now)
	}
	if feed != d.sent.feed || offset != d.sent.offset { // after a pause the same feed has another
		d.sendReport(now)
	}
	d.sent.track, d.sent.feed, d.sent.offset, d.sent.spatial = d.track, feed, offset, layer.Spatial
}

// sendReport sends the slot's sender report (RFC 3550, 6.4.1): its timestamps
// on our clock, by way of the publisher's, so that sound and picture of one
// person meet.
func (d *downTrack) sendReport(now time.Time) {
	b := d.bound.Load()
	offset, ok := d.fwd.Offset()
	if b == nil || !ok || d.sent.packets == 0 {
		return
	}
	e := d.link.loop.feeds.by[d.fwd.Current()]
	if e == nil {
		return
	}
	at, ok := e.timeline.At(&e.track.link.up.clock, now, clockOf(d.kind))
	if !ok {
		return
	}
	d.link.send(
		&rtcp.SenderReport{
			SSRC: b.ssrc, NTPTime: report.NTP(now), RTPTime: at + offset,
			PacketCount: d.sent.packets, OctetCount: d.sent.octets,
		},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: b.ssrc,
			Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: d.stream}},
		}}},
	)
}
