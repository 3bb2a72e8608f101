package load

import (
	"math"
	"time"

	"github.com/pion/rtcp"
)

const (
	feedbackEvery = 100 * time.Millisecond // transport-cc, as libwebrtc
	reportEvery   = time.Second
	askEvery      = 20 * time.Millisecond
)

// deafness is how long a browser ignores keyframe requests after one that it
// honoured.
const deafness = 300 * time.Millisecond

// tell sends what a browser tells at tick number n of askEvery: what it misses,
// what arrived by transport-wide numbers, and the reports. Bots have their turns
// one after the other.
func (b *bot) tell(n int, now time.Time) {
	at := n + int(b.index)
	var packets []rtcp.Packet
	if b.cfg.NACK {
		packets = b.ask(packets)
	}
	if at%int(feedbackEvery/askEvery) == 0 {
		b.mu.Lock()
		packets = append(packets, b.in.recorder.BuildFeedbackPacket()...)
		b.mu.Unlock()
	}
	if at%int(reportEvery/askEvery) == 0 {
		for _, s := range b.sources {
			if r := s.report(now); r != nil {
				packets = append(packets, r)
			}
		}
		packets = b.report(packets, now)
	}
	if len(packets) > 0 {
		_ = b.pc.WriteRTCP(packets) // not connected yet
	}
}

// ask appends NACKs for what is missing.
func (b *bot) ask(packets []rtcp.Packet) []rtcp.Packet {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ssrc, numbers := range b.in.missing {
		if len(numbers) > 0 && b.in.streams[ssrc].video {
			packets = append(packets, &rtcp.TransportLayerNack{
				SenderSSRC: uint32(b.index) + 1, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers),
			})
			b.in.asked += uint64(len(numbers))
		}
		b.in.missing[ssrc] = numbers[:0]
	}
	return packets
}

// report appends a receiver report (RFC 3550, 6.4.2).
func (b *bot) report(packets []rtcp.Packet, now time.Time) []rtcp.Packet {
	b.mu.Lock()
	defer b.mu.Unlock()
	rr := &rtcp.ReceiverReport{SSRC: uint32(b.index) + 1}
	for _, st := range b.in.streams {
		if !st.begun || len(rr.Reports) == 31 {
			continue
		}
		expected, arrived := st.top-st.reported.top, st.total-st.reported.arrived
		st.reported.top, st.reported.arrived = st.top, st.total
		block := rtcp.ReceptionReport{SSRC: st.ssrc, LastSequenceNumber: uint32(st.top - 1<<16)}
		if arrived < expected {
			block.FractionLost = uint8((expected - arrived) * 256 / expected)
		}
		if !st.heard.at.IsZero() {
			block.LastSenderReport = st.heard.ntp
			block.Delay = uint32(math.Round(now.Sub(st.heard.at).Seconds() * 65536))
		}
		rr.Reports = append(rr.Reports, block)
	}
	if len(rr.Reports) == 0 {
		return packets
	}
	return append(packets, rr)
}

// handleRTCP takes what the server says, decrypted, on pion's goroutine.
func (b *bot) handleRTCP(raw []byte) {
	packets, err := rtcp.Unmarshal(raw)
	if err != nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			b.mu.Lock()
			if st := b.in.streams[p.SSRC]; st != nil {
				st.heard.at, st.heard.ntp = time.Now(), uint32(p.NTPTime>>16)
			}
			b.mu.Unlock()
		case *rtcp.PictureLossIndication:
			b.keyframe(p.MediaSSRC)
		case *rtcp.FullIntraRequest:
			for _, entry := range p.FIR {
				b.keyframe(entry.SSRC)
			}
		case *rtcp.TransportLayerNack:
			if s := b.sourceOf(p.MediaSSRC); s != nil {
				s.repair(p)
			}
		}
	}
}

func (b *bot) keyframe(ssrc uint32) {
	if s := b.sourceOf(ssrc); s != nil {
		s.wantKey.Store(true)
	}
}

func (b *bot) sourceOf(ssrc uint32) *source {
	for _, s := range b.sources {
		if bound := s.bound.Load(); bound != nil && bound.ssrc == ssrc {
			return s
		}
	}
	return nil
}
