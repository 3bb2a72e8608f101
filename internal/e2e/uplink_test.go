package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// A camera sends a frame every second pulse, in this many packets.
const (
	pulsesPerFrame  = 2
	packetsPerKey   = 6
	packetsPerFrame = 3
)

// deafness is how long a browser ignores keyframe requests after one that it
// honoured.
const deafness = 300 * time.Millisecond

// uplink is one source of an endpoint: a webrtc.TrackLocal that makes its own
// media. It packetises VP8 and Opus as browsers do and answers the server's
// NACKs and keyframe requests as they do. The endpoint's loop owns it, except
// for bound.
type uplink struct {
	e      *endpoint
	index  uint8
	source string // the protocol's word
	rid    string
	reel   *reel // of a layered source

	redundant  *redundancy // of a microphone that sends RED
	descriptor []byte      // of the next packet, where it has one
	kind       webrtc.RTPCodecType
	tr         *webrtc.RTPTransceiver
	bound      atomic.Pointer[binding]

	muted    bool   // as announced
	stopped  bool   // sends nothing at all
	unwanted bool   // sends nothing because nobody wants it
	swaps    bool   // packets leave in another order than they are numbered
	rest     func() // sends what is left of a picture
	late     func() // sends the packet that waits to be overtaken
	level    uint8  // loudness in -dBov
	withMid  uint32 // packets that carry the mid: then the server has acknowledged the SSRC, and browsers stop
	epoch    uint16
	seq      uint16
	clock    uint32 // the RTP timestamp of the pulse before
	picture  uint16
	frame    uint32
	count    uint32 // packets, and the number of the last one
	octets   uint32
	rtxSeq   uint16
	wantKey  bool
	heardAt  time.Time // when a keyframe request was honoured
	sent     map[uint16]rtp.Packet
	feedback uplinkFeedback
}

// uplinkFeedback is what the server asked of an uplink.
type uplinkFeedback struct {
	keyframeRequests []time.Time
	nacked           int
	repeated         int // packets sent again
	reports          []rtcp.ReceptionReport
}

// binding is what negotiation gave an uplink.
type binding struct {
	ssrc, rtxSSRC uint32
	pt, rtxPT     uint8
	types         [numFormats]numbers // what else was negotiated
	mid           string
	ids           map[string]uint8 // header extensions
	out           webrtc.TrackLocalWriter
}

// newUplink makes the source that the protocol calls source. Numbers start
// just below where they wrap.
func newUplink(e *endpoint, source string) *uplink {
	kind := webrtc.RTPCodecTypeAudio
	if source == "camera" || source == "screen" {
		kind = webrtc.RTPCodecTypeVideo
	}
	u := &uplink{
		e: e, index: uint8(len(e.ups)), source: source, kind: kind,
		level: 40, withMid: 100, wantKey: true, sent: make(map[uint16]rtp.Packet),
		seq: 0xffc0 + e.ordinal, clock: 0xffff_0000 + uint32(e.ordinal), picture: 0x7ff0,
	}
	e.ups = append(e.ups, u)
	return u
}

func (u *uplink) ID() string                { return u.source }
func (u *uplink) RID() string               { return u.rid }
func (u *uplink) StreamID() string          { return u.e.name + "-" + u.source }
func (u *uplink) Kind() webrtc.RTPCodecType { return u.kind }

var errNoCodec = errors.New("the answer has no codec of ours")

// Bind implements webrtc.TrackLocal.
func (u *uplink) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	b := &binding{
		ssrc: uint32(c.SSRC()), rtxSSRC: uint32(c.SSRCRetransmission()),
		mid: u.tr.Mid(), out: c.WriteStream(), ids: make(map[string]uint8),
	}
	for _, x := range c.HeaderExtensions() {
		b.ids[x.URI] = uint8(x.ID)
	}
	f := formatOpus
	switch {
	case u.kind == webrtc.RTPCodecTypeVideo:
		f = formatVP8
	case u.redundant != nil:
		f = formatRED
	}
	if u.reel != nil {
		f = u.reel.format
	}
	own, types := negotiated(c.CodecParameters(), f)
	if types[f].media == 0 {
		return own, errNoCodec
	}
	b.types = types
	b.pt, b.rtxPT = types[f].media, types[f].rtx
	u.bound.Store(b)
	return own, nil
}

// negotiated returns the codec of a format, and the numbers of all of them.
func negotiated(codecs []webrtc.RTPCodecParameters, f format) (own webrtc.RTPCodecParameters, types [numFormats]numbers) {
	for of := range types {
		for _, codec := range codecs {
			if !strings.EqualFold(codec.MimeType, format(of).mime()) || types[of].media != 0 {
				continue
			}
			types[of].media = uint8(codec.PayloadType)
			if format(of) == f {
				own = codec
			}
		}
		for _, codec := range codecs {
			if codec.SDPFmtpLine == fmt.Sprintf("apt=%d", types[of].media) {
				types[of].rtx = uint8(codec.PayloadType)
			}
		}
	}
	return own, types
}

// Unbind implements webrtc.TrackLocal.
func (u *uplink) Unbind(webrtc.TrackLocalContext) error { return nil }

// pulse makes the media of the last pulseEvery.
func (u *uplink) pulse(now time.Time) {
	b := u.bound.Load()
	if u.kind == webrtc.RTPCodecTypeAudio {
		u.clock += 960
		if b != nil && !u.silent() {
			u.speak(now, b)
		}
		return
	}
	u.clock += 1800
	if u.rest != nil {
		u.rest()
		u.rest = nil
	}
	at := 0
	if u.reel != nil && u.reel.between {
		at = 1
	}
	if b != nil && !u.silent() && u.e.pulses%pulsesPerFrame == at {
		u.film(now, b)
	}
}

func (u *uplink) silent() bool { return u.stopped || u.unwanted }

// activate begins or ceases to encode. An encoder begins with a keyframe.
func (u *uplink) activate(wanted bool) {
	if wanted && u.unwanted {
		u.wantKey = true
		u.epoch++
	}
	u.unwanted = !wanted
}

func (u *uplink) speak(now time.Time, b *binding) {
	u.frame++
	s := u.stamp(now, true, true, true)
	if u.redundant != nil {
		u.redundant.speak(u, b, s)
		return
	}
	u.send(b, s, []byte{0x78}, 0, 40, true)
}

func (u *uplink) film(now time.Time, b *binding) {
	if u.reel != nil {
		u.reel.film(u, now, b)
		return
	}
	key := u.wantKey
	packets := packetsPerFrame
	if key {
		u.wantKey, packets = false, packetsPerKey
	}
	u.frame++
	u.picture = (u.picture + 1) & 0x7fff
	for i := range packets {
		first, last := i == 0, i == packets-1
		s := u.stamp(now, key, first, last)
		u.send(b, s, vp8Head(u.picture, key, first), 4, 100+37*int(s.seq%11), last)
	}
}

// vp8Head is a VP8 payload descriptor with a 15 bit picture id (RFC 7741, 4.2),
// before the first packet of a frame followed by the frame's own header
// (RFC 6386, 9.1).
func vp8Head(picture uint16, key, first bool) []byte {
	head := []byte{0x80, 0x80, 0x80 | byte(picture>>8), byte(picture)}
	if !first {
		return head
	}
	head[0] |= 0x10
	if key {
		return append(head, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01)
	}
	return append(head, 0x11, 0x02, 0x00)
}

// stamp describes the next packet.
func (u *uplink) stamp(now time.Time, key, first, last bool) stamp {
	u.count++
	return stamp{
		sender: u.e.ordinal, source: u.index, key: key, first: first, last: last, level: u.level,
		epoch: u.epoch, seq: u.count, frame: u.frame, timestamp: u.clock, captured: now,
	}
}

// send sends a packet whose payload begins with head, of which the server may
// write over so many bytes: they are not in the checksum.
func (u *uplink) send(b *binding, s stamp, head []byte, open, size int, marker bool) {
	u.sendPayload(b, s.timestamp, append(append([]byte(nil), head[:open]...), s.seal(head[open:], size)...), marker)
}

func (u *uplink) sendPayload(b *binding, timestamp uint32, payload []byte, marker bool) {
	u.seq++
	p := rtp.Packet{
		Header: rtp.Header{
			Version: 2, PayloadType: b.pt, SSRC: b.ssrc,
			SequenceNumber: u.seq, Timestamp: timestamp, Marker: marker,
		},
		Payload: payload,
	}
	if u.descriptor != nil { // first, for it is the longest (RFC 8285, 4)
		u.extend(&p, b, extDependency, u.descriptor)
	}
	u.sent[u.seq] = p
	delete(u.sent, u.seq-2048)
	u.octets += uint32(len(p.Payload))
	if u.swaps && u.late == nil && !marker {
		u.late = func() { u.write(b, p) }
		return
	}
	u.write(b, p)
	if u.late != nil {
		u.late()
		u.late = nil
	}
}

// write stamps p with fresh header extensions and sends it.
func (u *uplink) write(b *binding, p rtp.Packet) {
	u.e.transport++
	u.extend(&p, b, extTWCC, binary.BigEndian.AppendUint16(nil, u.e.transport))
	if u.count < u.withMid || u.rid != "" && p.SSRC == b.rtxSSRC {
		u.extend(&p, b, extMid, []byte(b.mid))
		switch {
		case u.rid == "":
		case p.SSRC == b.ssrc:
			u.extend(&p, b, extRid, []byte(u.rid))
		default:
			u.extend(&p, b, extRrid, []byte(u.rid))
		}
	}
	if u.kind == webrtc.RTPCodecTypeAudio {
		u.extend(&p, b, extLevel, []byte{u.level})
	}
	if _, err := b.out.WriteRTP(&p.Header, p.Payload); err != nil {
		u.e.t.Logf("%s: send %s: %v", u.e.name, u.source, err)
	}
}

func (u *uplink) extend(p *rtp.Packet, b *binding, uri string, value []byte) {
	if id := b.ids[uri]; id != 0 {
		if err := p.SetExtension(id, value); err != nil {
			u.e.t.Errorf("%s: extension %s: %v", u.e.name, uri, err)
		}
	}
}

// handleKeyframeRequest answers with the next frame; like browsers it ignores
// a request that follows too soon.
func (u *uplink) handleKeyframeRequest(at time.Time) {
	u.feedback.keyframeRequests = append(u.feedback.keyframeRequests, at)
	if at.Sub(u.heardAt) < deafness {
		return
	}
	u.wantKey, u.heardAt = true, at
	if u.reel != nil {
		u.reel.keyAt = at.Add(u.reel.effort)
	}
}

func (u *uplink) handleNack(n *rtcp.TransportLayerNack) {
	b := u.bound.Load()
	for _, pair := range n.Nacks {
		for _, seq := range pair.PacketList() {
			u.feedback.nacked++
			u.repeat(b, seq)
		}
	}
}

// repeat sends a packet once more, as a retransmission (RFC 4588).
func (u *uplink) repeat(b *binding, seq uint16) {
	p, ok := u.sent[seq]
	if !ok || b.rtxPT == 0 || b.rtxSSRC == 0 {
		return
	}
	u.feedback.repeated++
	u.rtxSeq++
	original := p
	p.Payload = append(binary.BigEndian.AppendUint16(nil, seq), p.Payload...)
	p.SSRC, p.PayloadType, p.SequenceNumber = b.rtxSSRC, b.rtxPT, u.rtxSeq
	p.Extensions, p.Extension = nil, false
	if id := b.ids[extDependency]; id != 0 && original.GetExtension(id) != nil {
		u.extend(&p, b, extDependency, original.GetExtension(id))
	}
	u.write(b, p)
}

// report returns the sender report of a browser whose clock is wrong by as
// many hours as its ordinal says.
func (u *uplink) report(now time.Time) []rtcp.Packet {
	b := u.bound.Load()
	if b == nil || u.count == 0 {
		return nil
	}
	return []rtcp.Packet{
		&rtcp.SenderReport{
			SSRC: b.ssrc, NTPTime: ntp(now.Add(time.Duration(u.e.ordinal) * time.Hour)),
			RTPTime: u.clock, PacketCount: u.count, OctetCount: u.octets,
		},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: b.ssrc,
			Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: u.e.name}},
		}}},
	}
}

// ntp returns t as an NTP timestamp (RFC 3550, 4).
func ntp(t time.Time) uint64 {
	const epoch = 2208988800 // 1970 in seconds since 1900
	sec := uint64(t.Unix()) + epoch
	return sec<<32 | uint64(t.Nanosecond())<<32/1e9
}

// fromNTP is the inverse of ntp.
func fromNTP(n uint64) time.Time {
	const epoch = 2208988800
	return time.Unix(int64(n>>32)-epoch, int64((n&0xffffffff)*1e9>>32))
}

// publish adds a source in a section of its own, to be negotiated.
func (e *endpoint) publish(source string) *uplink {
	u := newUplink(e, source)
	tr, err := e.pc.AddTransceiverFromTrack(u, webrtc.RTPTransceiverInit{
		Direction: webrtc.RTPTransceiverDirectionSendonly,
	})
	if err != nil {
		e.t.Errorf("%s: publish %s: %v", e.name, source, err)
	}
	u.tr = tr
	return u
}
