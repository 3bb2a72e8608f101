package load

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// repairs is how many packets are kept to answer NACKs from.
const repairs = 1024

// past is what a source remembers of what it sent: the sending goroutine
// writes it, those of RTCP read it.
type past struct {
	mu     sync.Mutex // guards all of it
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

// keep remembers the packet that is about to leave; whole only if somebody may
// ask for it again.
func (p *past) keep(out *outgoing, captured time.Time, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.octets += uint32(len(out.payload))
	p.clock.timestamp, p.clock.at = out.header.Timestamp, captured
	if !whole {
		return
	}
	if p.ring == nil {
		p.ring = make([]sentPacket, repairs)
	}
	slot := &p.ring[out.header.SequenceNumber%repairs]
	slot.header, slot.payload = out.header.Clone(), append(slot.payload[:0], out.payload...)
}

// repair answers a NACK (RFC 4588).
func (s *source) repair(nack *rtcp.TransportLayerNack) {
	b := s.bound.Load()
	s.past.mu.Lock()
	defer s.past.mu.Unlock()
	if b == nil || s.past.ring == nil || b.rtxPT == 0 || b.rtxSSRC == 0 {
		return
	}
	for _, pair := range nack.Nacks {
		for _, number := range pair.PacketList() {
			lost := &s.past.ring[number%repairs]
			if lost.header.SequenceNumber == number && len(lost.payload) > 0 {
				s.resend(b, lost)
			}
		}
	}
}

// resend sends a packet again on the stream for that; past.mu is held.
func (s *source) resend(b *binding, lost *sentPacket) {
	h := lost.header.Clone()
	s.past.rtxSeq++
	h.SSRC, h.PayloadType, h.SequenceNumber = b.rtxSSRC, b.rtxPT, s.past.rtxSeq
	if id := b.ids[sdp.TransportCCURI]; id != 0 {
		_ = h.SetExtension(id, binary.BigEndian.AppendUint16(nil, uint16(s.bot.transport.Add(1))))
	}
	if id := b.ids[sdp.SDESRepairRTPStreamIDURI]; id != 0 && s.rid != "" {
		_ = h.SetExtension(b.ids[sdp.SDESMidURI], []byte(s.line.Mid()))
		_ = h.SetExtension(id, []byte(s.rid))
	}
	payload := append(binary.BigEndian.AppendUint16(nil, lost.header.SequenceNumber), lost.payload...)
	_, _ = b.out.WriteRTP(&h, payload)
}

// report is the sender report of now (RFC 3550, 6.4.1), or nil before anything
// was sent.
func (s *source) report(now time.Time) rtcp.Packet {
	b := s.bound.Load()
	s.past.mu.Lock()
	defer s.past.mu.Unlock()
	if b == nil || s.past.count == 0 {
		return nil
	}
	rate := 48000.0
	if s.kind == webrtc.RTPCodecTypeVideo {
		rate = 90000
	}
	return &rtcp.SenderReport{
		SSRC: b.ssrc, NTPTime: ntp(now), PacketCount: s.past.count, OctetCount: s.past.octets,
		RTPTime: s.past.clock.timestamp + uint32(now.Sub(s.past.clock.at).Seconds()*rate),
	}
}

// ntp is a time as RTCP writes it: seconds since 1900 in 32.32 bits.
func ntp(t time.Time) uint64 {
	n := uint64(t.UnixNano())
	return (n/1e9+2208988800)<<32 | n%1e9<<32/1e9
}
