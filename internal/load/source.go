package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const (
	acknowledged = 100 // packets with a mid: then browsers know that the SSRC is known, and stop
	voice        = 30  // -dBov: everyone speaks all the time
	vp8Open      = 4   // bytes of a VP8 payload that a server may rewrite: the picture id
)

// source is one encoding of what a bot sends: a webrtc.TrackLocal that makes
// its own packets. The bot's sending goroutine owns it, but for what is below
// mu and the atomics.
type source struct {
	bot      *bot
	index    uint8
	encoding uint8
	word     string // of the protocol: camera or microphone
	rid      string
	kind     webrtc.RTPCodecType
	size     [2]uint16 // of the picture
	line     *webrtc.RTPTransceiver
	plan     *schedule

	bound    atomic.Pointer[binding]
	wantKey  atomic.Bool
	unwanted atomic.Bool // nobody watches this encoding
	sent     tally
	keyed    time.Duration // when the last keyframe was made
	packet   outgoing
	past     past
}

// tally counts what a source sent, in all and before the window.
type tally struct{ last, before atomic.Uint32 }

func (t *tally) restart()       { t.before.Store(t.last.Load()) }
func (t *tally) window() uint64 { return uint64(t.last.Load() - t.before.Load()) }

// outgoing is the packet that is being made; its memory is used again.
type outgoing struct {
	header    rtp.Header
	payload   []byte
	transport []byte // the value of the transport-wide number in header
	number    uint32
}

// binding is what negotiation gave a source.
type binding struct {
	ssrc, rtxSSRC uint32
	pt, rtxPT     uint8
	ids           map[string]uint8 // header extensions
	out           webrtc.TrackLocalWriter
}

// ID implements webrtc.TrackLocal.
func (s *source) ID() string { return s.word }

// RID implements webrtc.TrackLocal.
func (s *source) RID() string { return s.rid }

// StreamID implements webrtc.TrackLocal.
func (s *source) StreamID() string { return s.bot.name }

// Kind implements webrtc.TrackLocal.
func (s *source) Kind() webrtc.RTPCodecType { return s.kind }

// Bind implements webrtc.TrackLocal.
func (s *source) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	mime := webrtc.MimeTypeOpus
	if s.kind == webrtc.RTPCodecTypeVideo {
		mime = webrtc.MimeTypeVP8
	}
	b := &binding{
		ssrc: uint32(c.SSRC()), rtxSSRC: uint32(c.SSRCRetransmission()),
		out: c.WriteStream(), ids: make(map[string]uint8),
	}
	for _, x := range c.HeaderExtensions() {
		b.ids[x.URI] = uint8(x.ID)
	}
	var own webrtc.RTPCodecParameters
	for _, codec := range c.CodecParameters() {
		if strings.EqualFold(codec.MimeType, mime) && b.pt == 0 {
			own, b.pt = codec, uint8(codec.PayloadType)
		}
	}
	if b.pt == 0 {
		return own, errors.New("the answer has no " + mime)
	}
	for _, codec := range c.CodecParameters() {
		if codec.SDPFmtpLine == fmt.Sprintf("apt=%d", b.pt) {
			b.rtxPT = uint8(codec.PayloadType)
		}
	}
	s.bound.Store(b)
	return own, nil
}

// Unbind implements webrtc.TrackLocal.
func (s *source) Unbind(webrtc.TrackLocalContext) error { return nil }

// film returns what leaves at now, with a keyframe if one is asked for.
func (s *source) film(now time.Duration, list []piece) []piece {
	want := s.wantKey.Load() && (s.keyed == 0 || now-s.keyed >= deafness)
	list, keyed := s.plan.due(now, want, list)
	if keyed {
		s.keyed = now
		s.wantKey.Store(false)
	}
	return list
}

// send sends one packet of the plan, whose time zero was at begin.
func (s *source) send(p piece, begin time.Time) {
	b := s.bound.Load()
	if b == nil {
		return
	}
	out := &s.packet
	out.number++
	h := &out.header
	s.describe(out, b)
	rate, fixed, from := uint32(48000), 0, 0
	if s.kind == webrtc.RTPCodecTypeVideo {
		rate, from = 90000, vp8Open
		out.payload = vp8Head(out.payload[:0], uint16(p.frame), p.key, p.first, s.size)
		fixed = len(out.payload) - vp8Open
	} else {
		out.payload = out.payload[:0]
	}
	h.Marker = p.last || s.kind == webrtc.RTPCodecTypeAudio && out.number == 1
	h.SequenceNumber++
	h.Timestamp = uint32(p.at.Seconds() * float64(rate))
	size := max(p.size, from+fixed+sealSize)
	out.payload = append(out.payload, make([]byte, size-len(out.payload))...)
	seal{
		sender: s.bot.index, source: s.index, encoding: s.encoding,
		number: out.number, sent: time.Now().UnixNano(),
	}.write(out.payload[from:], fixed)
	s.past.keep(out, begin.Add(p.at), s.bot.cfg.Loss > 0)
	if out.transport != nil {
		binary.BigEndian.PutUint16(out.transport, uint16(s.bot.transport.Add(1)))
	}
	s.sent.last.Store(out.number)
	if n, err := b.out.WriteRTP(h, out.payload); n > 0 && err == nil { // what does not leave does not arrive
		s.bot.life.sent.Add(1)
		s.bot.life.sentBytes.Add(uint64(len(out.payload)))
	}
}

// describe writes what stays the same from packet to packet.
func (s *source) describe(out *outgoing, b *binding) {
	if out.number > 1 && out.number != acknowledged {
		return
	}
	h := &out.header
	*h = rtp.Header{
		Version: 2, PayloadType: b.pt, SSRC: b.ssrc,
		SequenceNumber: h.SequenceNumber,
	}
	extend := func(uri string, value []byte) {
		if id := b.ids[uri]; id != 0 {
			_ = h.SetExtension(id, value)
		}
	}
	if b.ids[sdp.TransportCCURI] != 0 {
		out.transport = make([]byte, 2)
		extend(sdp.TransportCCURI, out.transport)
	}
	if s.kind == webrtc.RTPCodecTypeAudio {
		extend(sdp.AudioLevelURI, []byte{0x80 | voice})
	}
	if out.number < acknowledged {
		extend(sdp.SDESMidURI, []byte(s.line.Mid()))
		if s.rid != "" {
			extend(sdp.SDESRTPStreamIDURI, []byte(s.rid))
		}
	}
}

// vp8Head is a payload descriptor with a picture id of 15 bits (RFC 7741, 4.2),
// and in the first packet of a frame the frame's header (RFC 6386, 9.1).
func vp8Head(b []byte, picture uint16, key, first bool, size [2]uint16) []byte {
	start := byte(0x80)
	if first {
		start |= 0x10
	}
	b = append(b, start, 0x80, 0x80|byte(picture>>8), byte(picture))
	switch {
	case !first:
		return b
	case key:
		b = append(b, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a)
		b = binary.LittleEndian.AppendUint16(b, size[0])
		return binary.LittleEndian.AppendUint16(b, size[1])
	}
	return append(b, 0x11, 0x02, 0x00)
}
