package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const (
	acknowledged = 100 // packets with a mid: then browsers know that the SSRC is known, and stop
	repairs      = 1024
	voice        = 30 // -dBov: everyone speaks all the time
	vp8Open      = 4  // bytes of a VP8 payload that a server may rewrite: the picture id
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

	bound     atomic.Pointer[binding]
	wantKey   atomic.Bool
	unwanted  atomic.Bool // nobody watches this encoding
	sent      atomic.Uint64
	header    rtp.Header
	payload   []byte
	transport []byte // the value of the transport-wide number in header
	number    uint32
	keyed     time.Duration // when the last keyframe was made

	mu     sync.Mutex // guards what the RTCP goroutine reads
	ring   []sentPacket
	octets uint32
	count  uint32
	rtxSeq uint16
	clock  struct { // the timestamp of the last frame, and when it was
		timestamp uint32
		at        time.Time
	}
}

// sentPacket is kept to answer NACKs from.
type sentPacket struct {
	header  rtp.Header
	payload []byte
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
	s.number++
	h := &s.header
	s.describe(h, b)
	rate, fixed, from := uint32(48000), 0, 0
	if s.kind == webrtc.RTPCodecTypeVideo {
		rate, from = 90000, vp8Open
		s.payload = vp8Head(s.payload[:0], uint16(p.frame), p.key, p.first, s.size)
		fixed = len(s.payload) - vp8Open
	} else {
		s.payload = s.payload[:0]
	}
	h.Marker = p.last || s.kind == webrtc.RTPCodecTypeAudio && s.number == 1
	h.SequenceNumber++
	h.Timestamp = uint32(p.at.Seconds() * float64(rate))
	size := max(p.size, from+fixed+sealSize)
	s.payload = append(s.payload, make([]byte, size-len(s.payload))...)
	seal{
		sender: s.bot.index, source: s.index, encoding: s.encoding,
		number: s.number, sent: time.Now().UnixNano(),
	}.write(s.payload[from:], fixed)
	s.keep(begin.Add(p.at))
	if s.transport != nil {
		binary.BigEndian.PutUint16(s.transport, uint16(s.bot.transport.Add(1)))
	}
	if _, err := b.out.WriteRTP(h, s.payload); err == nil {
		s.sent.Add(1)
	}
}

// describe writes what stays the same from packet to packet.
func (s *source) describe(h *rtp.Header, b *binding) {
	if s.number > 1 && s.number != acknowledged {
		return
	}
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
		s.transport = make([]byte, 2)
		extend(sdp.TransportCCURI, s.transport)
	}
	if s.kind == webrtc.RTPCodecTypeAudio {
		extend(sdp.AudioLevelURI, []byte{0x80 | voice})
	}
	if s.number < acknowledged {
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

// keep remembers the packet that is about to leave.
func (s *source) keep(captured time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.octets += uint32(len(s.payload))
	s.clock.timestamp, s.clock.at = s.header.Timestamp, captured
	if s.bot.cfg.Loss == 0 {
		return // nobody will ask
	}
	if s.ring == nil {
		s.ring = make([]sentPacket, repairs)
	}
	slot := &s.ring[s.header.SequenceNumber%repairs]
	slot.header, slot.payload = s.header.Clone(), append(slot.payload[:0], s.payload...)
}

// repair answers a NACK (RFC 4588).
func (s *source) repair(nack *rtcp.TransportLayerNack) {
	b := s.bound.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if b == nil || s.ring == nil || b.rtxPT == 0 || b.rtxSSRC == 0 {
		return
	}
	for _, pair := range nack.Nacks {
		for _, number := range pair.PacketList() {
			lost := &s.ring[number%repairs]
			if lost.header.SequenceNumber != number || len(lost.payload) == 0 {
				continue
			}
			h := lost.header.Clone()
			s.rtxSeq++
			h.SSRC, h.PayloadType, h.SequenceNumber = b.rtxSSRC, b.rtxPT, s.rtxSeq
			if id := b.ids[sdp.TransportCCURI]; id != 0 {
				_ = h.SetExtension(id, binary.BigEndian.AppendUint16(nil, uint16(s.bot.transport.Add(1))))
			}
			if id := b.ids[sdp.SDESRepairRTPStreamIDURI]; id != 0 && s.rid != "" {
				_ = h.SetExtension(b.ids[sdp.SDESMidURI], []byte(s.line.Mid()))
				_ = h.SetExtension(id, []byte(s.rid))
			}
			payload := append(binary.BigEndian.AppendUint16(nil, number), lost.payload...)
			_, _ = b.out.WriteRTP(&h, payload)
		}
	}
}

// report is the sender report of now (RFC 3550, 6.4.1), or nil before anything
// was sent.
func (s *source) report(now time.Time) rtcp.Packet {
	b := s.bound.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if b == nil || s.count == 0 {
		return nil
	}
	rate := 48000.0
	if s.kind == webrtc.RTPCodecTypeVideo {
		rate = 90000
	}
	return &rtcp.SenderReport{
		SSRC: b.ssrc, NTPTime: ntp(now), PacketCount: s.count, OctetCount: s.octets,
		RTPTime: s.clock.timestamp + uint32(now.Sub(s.clock.at).Seconds()*rate),
	}
}

// ntp is a time as RTCP writes it: seconds since 1900 in 32.32 bits.
func ntp(t time.Time) uint64 {
	n := uint64(t.UnixNano())
	return (n/1e9+2208988800)<<32 | n%1e9<<32/1e9
}
