package sfu

import (
	"io"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/media"
	"sfu/sfu/report"
)

// reports is the sink for RTCP that is addressed to one SSRC: one that the
// participant sends (sender reports) or one of its slots (everything else).
// pion hands each packet to every SSRC that it names, so a sink looks only at
// what is meant for its own.
type reports struct {
	link *link
	ssrc uint32
}

// Write takes one decrypted RTCP packet on pion's SRTCP goroutine.
func (r *reports) Write(b []byte) (int, error) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return len(b), nil // one participant's broken report is nobody's error
	}
	now := time.Now()
	r.link.loop.do(func() {
		for _, p := range packets {
			r.link.handleRTCP(r.ssrc, p, now)
		}
	})
	return len(b), nil
}

// Read ends pion's own attempts to read.
func (r *reports) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing: sinks go with their connection.
func (r *reports) Close() error { return nil }

// handleRTCP takes one report about ssrc on the media loop.
func (lk *link) handleRTCP(ssrc uint32, packet rtcp.Packet, now time.Time) {
	if lk.gone {
		return
	}
	switch p := packet.(type) {
	case *rtcp.SenderReport:
		if p.SSRC == ssrc {
			lk.handleSenderReport(p, now)
		}
		lk.handleBlocks(ssrc, p.Reports, now)
	case *rtcp.ReceiverReport:
		lk.handleBlocks(ssrc, p.Reports, now)
	case *rtcp.TransportLayerNack:
		if p.MediaSSRC == ssrc {
			lk.handleNack(ssrc, p, now)
		}
	case *rtcp.PictureLossIndication:
		if p.MediaSSRC == ssrc {
			lk.handleKeyframeRequest(ssrc, now)
		}
	case *rtcp.FullIntraRequest:
		for _, entry := range p.FIR {
			if entry.SSRC == ssrc {
				lk.handleKeyframeRequest(ssrc, now)
				break
			}
		}
	}
}

func (lk *link) handleSenderReport(p *rtcp.SenderReport, now time.Time) {
	for _, t := range lk.up.tracks {
		for _, e := range t.encodings {
			if e.ssrc != p.SSRC {
				continue
			}
			_, known := e.timeline.At(&lk.up.clock, now, 1)
			lk.up.clock.Note(p.NTPTime, now)
			e.timeline.Note(p.NTPTime, p.RTPTime)
			e.received.NoteReport(p.NTPTime, now)
			if !known { // lip sync should not wait for the next second
				for _, d := range t.downs {
					d.sendReport(now)
				}
			}
			return
		}
	}
}

// handleBlocks reads the round trip out of a report about one of our slots.
func (lk *link) handleBlocks(ssrc uint32, blocks []rtcp.ReceptionReport, now time.Time) {
	for _, block := range blocks {
		if block.SSRC != ssrc || lk.down.bySSRC[ssrc] == nil {
			continue
		}
		if rtt, ok := report.RTT(block, now); ok {
			lk.rtt += (rtt - lk.rtt) / 8 // as TCP smooths it (RFC 6298, 2)
		}
	}
}

// maxNacked bounds how many numbers of one NACK are answered: a batch of
// losses larger than this needs a keyframe, not repairs.
const maxNacked = 256

func (lk *link) handleNack(ssrc uint32, p *rtcp.TransportLayerNack, now time.Time) {
	d := lk.down.bySSRC[ssrc]
	if d == nil {
		return
	}
	n := 0
	for _, pair := range p.Nacks {
		pair.Range(func(seq uint16) bool {
			d.answer(seq, now)
			n++
			return n < maxNacked
		})
		if n >= maxNacked {
			return
		}
	}
}

func (lk *link) handleKeyframeRequest(ssrc uint32, now time.Time) {
	lk.loop.tally.keyframesIn++
	d := lk.down.bySSRC[ssrc]
	if d == nil || d.track == nil || d.kind != media.Video {
		return
	}
	if e := lk.loop.feeds.by[d.fwd.Target()]; e != nil {
		e.requestKeyframe(now)
	}
}
