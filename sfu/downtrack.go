package sfu

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"sfu/sfu/codec"
	"sfu/sfu/forward"
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

	bound   atomic.Pointer[binding]
	mid     []byte // as stamped on every packet; set once negotiated
	track   *upTrack
	fwd     *forward.Forwarder
	answers nack.Answers
	header  rtp.Header
	level   [1]byte
	turn    [1]byte
	rtxSeq  uint16
	packets uint32 // sent, for sender reports
	octets  uint32
}

// binding is what negotiation settled for a slot.
type binding struct {
	out       webrtc.TrackLocalWriter
	ssrc, rtx uint32
	types     [media.AV1 + 1]payloadTypes // by codec
	ids       extensionIDs
}

// payloadTypes are a codec's numbers at one subscriber; 0 is none.
type payloadTypes struct{ media, rtx uint8 }

func newDownTrack(lk *link, kind media.Kind, pair int) *downTrack {
	clock := media.VP8.ClockRate()
	if kind == media.Audio {
		clock = media.Opus.ClockRate()
	}
	return &downTrack{
		kind: kind, link: lk,
		id:     fmt.Sprintf("%c%d", kind.String()[0], pair),
		stream: fmt.Sprintf("slot%d", pair),
		fwd:    forward.New(kind, clock, uint16(rand.Uint32()), rand.Uint32()),
		rtxSeq: uint16(rand.Uint32()),
		header: rtp.Header{Version: 2, Extensions: make([]rtp.Extension, 0, 4)},
	}
}

// Bind takes what was negotiated. It never fails: an error would keep pion
// from starting every other sender of the connection (rule R10).
func (d *downTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	b := &binding{out: ctx.WriteStream(), ssrc: uint32(ctx.SSRC()), rtx: uint32(ctx.SSRCRetransmission())}
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
	})
	return first, nil
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

// carry makes the slot show t from now on, or nothing.
func (d *downTrack) carry(t *upTrack, now time.Time) {
	if d.track == t {
		return
	}
	gauge := d.link.loop.tally.set.DownTracks[d.kind]
	if d.track != nil {
		d.link.setCarrier(d.track, nil)
		d.track.removeDown(d)
		gauge.Dec()
	}
	d.track = t
	d.fwd.SetTarget(0, media.TopLayer)
	d.fwd.Cut()
	if t != nil {
		d.link.setCarrier(t, d)
		t.downs = append(t.downs, d)
		gauge.Inc()
		d.target(now)
	}
}

func (t *upTrack) removeDown(d *downTrack) {
	for i, other := range t.downs {
		if other == d {
			last := len(t.downs) - 1
			t.downs[i], t.downs[last] = t.downs[last], nil
			t.downs = t.downs[:last]
			return
		}
	}
}

// target points the forwarder at the encoding that the subscriber is to get.
func (d *downTrack) target(now time.Time) {
	if e := d.track.best(); e != nil && e.feed != d.fwd.Target() {
		d.fwd.SetTarget(e.feed, media.TopLayer)
		d.requestKeyframe(now)
	}
}

// requestKeyframe asks for a keyframe if the slot waits for one.
func (d *downTrack) requestKeyframe(now time.Time) {
	if d.track == nil || !d.fwd.NeedsKeyframe() {
		return
	}
	if e := d.link.loop.feeds.by[d.fwd.Target()]; e != nil && !e.keyframe.Waiting() {
		e.requestKeyframe(now)
	}
}

// forward sends one packet, or says why not. It allocates nothing.
func (d *downTrack) forward(a *arrival) (media.Drop, error) {
	pkt, b := a.pkt, d.bound.Load()
	switch {
	case b == nil || len(d.mid) == 0:
		return media.DropUnbound, nil
	case a.track.muted:
		return media.DropMuted, nil
	case b.types[pkt.Codec].media == 0 && !pkt.Padding:
		return media.DropCodec, nil
	}
	v := d.fwd.Forward(pkt)
	if v.Drop != media.Kept {
		return v.Drop, nil
	}
	d.fill(b, pkt, v)
	d.header.PayloadType = b.types[pkt.Codec].media
	d.header.SSRC = b.ssrc
	n, err := b.out.WriteRTP(&d.header, pkt.Payload)
	if err != nil {
		return media.Kept, err
	}
	if n == 0 { // pion's answer while SRTP is not up yet
		return media.DropUnbound, nil
	}
	d.packets++
	d.octets += uint32(len(pkt.Payload))
	return media.Kept, nil
}

// fill makes the outgoing header and patches the payload for this subscriber.
// The payload is everyone's, but it is copied into the encrypted packet before
// the next one patches it again.
func (d *downTrack) fill(b *binding, pkt *media.Packet, v forward.Verdict) {
	d.header.SequenceNumber, d.header.Timestamp, d.header.Marker = v.Seq, v.Timestamp, v.Marker
	d.extend(b, pkt)
	if pkt.Codec == media.VP8 {
		codec.PatchVP8(pkt.Payload, pkt.VP8, v.VP8)
	}
}

// extend builds the header extensions of this subscriber; the publisher's are
// never passed on as they are, their ids are another connection's (rule F9).
func (d *downTrack) extend(b *binding, pkt *media.Packet) {
	d.header.Extension = false
	d.header.Extensions = d.header.Extensions[:0]
	if b.ids.mid != 0 {
		_ = d.header.SetExtension(b.ids.mid, d.mid)
	}
	if pkt.HasLevel && b.ids.audioLevel != 0 {
		d.level[0] = pkt.Level
		if pkt.Voice {
			d.level[0] |= 0x80
		}
		_ = d.header.SetExtension(b.ids.audioLevel, d.level[:])
	}
	if pkt.HasRotation && b.ids.rotation != 0 {
		d.turn[0] = pkt.Rotation
		_ = d.header.SetExtension(b.ids.rotation, d.turn[:])
	}
}

// answer sends again what the subscriber says it lost.
func (d *downTrack) answer(seq uint16, now time.Time) {
	l := d.link.loop
	l.tally.nacksIn++
	feed, esn, ok := d.fwd.Source(seq)
	b := d.bound.Load()
	if !ok || b == nil {
		return
	}
	e := l.feeds.by[feed]
	if e == nil || e.track != d.track || e.track.muted {
		return // its publisher is gone, or silent by its own will
	}
	pkt := e.ring.Get(esn)
	switch {
	case pkt == nil && e.gaps.Missing(esn):
		return // lost on its way to us: it is forwarded when its repair comes
	case pkt == nil:
		// No browser asks for a keyframe soon when a NACK stays unanswered.
		l.tally.rtxMissed++
		e.requestKeyframe(now)
		return
	}
	v := d.fwd.Map(pkt)
	if v.Drop != media.Kept || !d.answers.Allow(seq, now, d.link.rtt) {
		return
	}
	if d.resend(b, pkt, v) == nil {
		l.tally.rtxOut++
	}
}

// resend writes a packet once more: on the slot's RTX stream (RFC 4588), or as
// it was where none was negotiated.
func (d *downTrack) resend(b *binding, pkt *media.Packet, v forward.Verdict) error {
	d.fill(b, pkt, v)
	types := b.types[pkt.Codec]
	if b.rtx == 0 || types.rtx == 0 {
		d.header.PayloadType, d.header.SSRC = types.media, b.ssrc
		_, err := b.out.WriteRTP(&d.header, pkt.Payload)
		return err
	}
	scratch := &d.link.loop.batch.rtx
	scratch[0], scratch[1] = byte(v.Seq>>8), byte(v.Seq)
	n := 2 + copy(scratch[2:], pkt.Payload)
	d.header.PayloadType, d.header.SSRC = types.rtx, b.rtx
	d.header.SequenceNumber = d.rtxSeq
	d.rtxSeq++
	_, err := b.out.WriteRTP(&d.header, scratch[:n])
	return err
}

// sendReport sends the slot's sender report (RFC 3550, 6.4.1): its timestamps
// on our clock, by way of the publisher's, so that sound and picture of one
// person meet.
func (d *downTrack) sendReport(now time.Time) {
	b := d.bound.Load()
	offset, ok := d.fwd.Offset()
	if b == nil || !ok || d.packets == 0 {
		return
	}
	e := d.link.loop.feeds.by[d.fwd.Current()]
	if e == nil {
		return
	}
	clock := media.VP8.ClockRate()
	if d.kind == media.Audio {
		clock = media.Opus.ClockRate()
	}
	at, ok := e.timeline.At(&e.track.link.up.clock, now, clock)
	if !ok {
		return
	}
	d.link.send(
		&rtcp.SenderReport{
			SSRC: b.ssrc, NTPTime: report.NTP(now), RTPTime: at + offset,
			PacketCount: d.packets, OctetCount: d.octets,
		},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: b.ssrc,
			Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: d.stream}},
		}}},
	)
}
