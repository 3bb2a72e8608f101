package sfu

import (
	"io"
	"time"

	"github.com/pion/rtcp"

	"sfu/metrics"
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
	lk := r.link
	refused := &lk.loop.tally.set.ReportsRefused
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		refused[metrics.ReportMalformed].Inc()
		return len(b), nil
	}
	in := inboundReport{link: lk, ssrc: r.ssrc, packets: packets, at: time.Now()}
	if lk.queuedReports.Add(1) > maxOwnReports || !lk.loop.reports.Put(in) {
		lk.queuedReports.Add(-1)
		refused[metrics.ReportOverload].Inc()
	}
	return len(b), nil
}

// inboundReport is RTCP about one SSRC, on its way to the media loop.
type inboundReport struct {
	link    *link
	ssrc    uint32
	packets []rtcp.Packet
	at      time.Time
}

// Read ends pion's own attempts to read.
func (r *reports) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing: sinks go with their connection.
func (r *reports) Close() error { return nil }

// handleRTCP takes reports about one SSRC on the media loop.
func (lk *link) handleRTCP(r inboundReport) {
	for _, p := range r.packets {
		if !lk.gone {
			lk.handlePacket(r.ssrc, p, r.at)
		}
	}
}

func (lk *link) handlePacket(ssrc uint32, packet rtcp.Packet, now time.Time) {
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
	case *rtcp.TransportLayerCC:
		if p.MediaSSRC == ssrc {
			lk.handleFeedback(p, now)
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
		d := lk.down.bySSRC[ssrc]
		if block.SSRC != ssrc || d == nil {
			continue
		}
		count := lk.loop.tally.set
		if rtt, ok := report.RTT(block, now); ok {
			lk.path.note(rtt)
			count.RTT.Observe(rtt.Seconds())
		}
		if lost, sent, ok := d.sent.delivery.Note(block); ok && sent > 0 {
			count.Loss[metrics.Out].Observe(float64(lost) / float64(sent))
		}
	}
}

// maxNacked bounds the numbers in one NACK, so that one of ours fits a packet
// however far apart they lie; a subscriber that lost more needs a keyframe.
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
	lk.loop.tally.repairs.plisIn++
	d := lk.down.bySSRC[ssrc]
	if d == nil || d.track == nil || d.kind != media.Video {
		return
	}
	// What it sees is broken, and what it is to see may be long in coming.
	for _, feed := range [...]media.Feed{d.fwd.Current(), d.fwd.Target()} {
		if e := lk.loop.feeds.by[feed]; e != nil {
			d.demandKeyframe(e, now)
		}
	}
}
