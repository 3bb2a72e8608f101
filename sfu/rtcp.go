package sfu

import (
	"io"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/report"
)

// reports is the sink for RTCP that pion decrypts: what comes before the connection
// has an inlet. pion hands each packet to every SSRC that it names, so one of
// them takes it for all.
type reports struct {
	link *link
	ssrc uint32
}

// Write takes one decrypted RTCP packet on pion's SRTCP goroutine.
func (r *reports) Write(b []byte) (int, error) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		r.link.loop.tally.set.ReportsRefused[metrics.ReportMalformed].Inc()
		return len(b), nil
	}
	for _, p := range packets {
		if named := p.DestinationSSRC(); len(named) > 0 {
			if named[0] == r.ssrc {
				r.link.queue(packets, time.Now())
			}
			break
		}
	}
	return len(b), nil
}

// queue puts RTCP of the participant where the room's loop finds it.
func (lk *link) queue(packets []rtcp.Packet, at time.Time) {
	if lk.queuedReports.Add(1) > maxOwnReports || !lk.loop.reports.Put(inboundReport{lk, packets, at}) {
		lk.queuedReports.Add(-1)
		lk.loop.tally.set.ReportsRefused[metrics.ReportOverload].Inc()
	}
}

// inboundReport is RTCP of one participant, on its way to the media loop.
type inboundReport struct {
	link    *link
	packets []rtcp.Packet
	at      time.Time
}

// Read ends pion's own attempts to read.
func (r *reports) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing: sinks go with their connection.
func (r *reports) Close() error { return nil }

// handleRTCP takes reports on the media loop.
func (lk *link) handleRTCP(r inboundReport) {
	if lk.out.tap != nil {
		lk.out.tap.reports(r.packets, up, r.at)
	}
	for _, p := range r.packets {
		if !lk.gone {
			lk.handlePacket(p, r.at)
		}
	}
}

func (lk *link) handlePacket(packet rtcp.Packet, now time.Time) {
	switch p := packet.(type) {
	case *rtcp.SenderReport:
		lk.handleSenderReport(p, now)
		lk.handleBlocks(p.Reports, now)
	case *rtcp.ReceiverReport:
		lk.handleBlocks(p.Reports, now)
	case *rtcp.TransportLayerNack:
		lk.handleNack(p, now)
	case *rtcp.TransportLayerCC:
		lk.handleFeedback(p, now)
	case *rtcp.PictureLossIndication:
		lk.handleKeyframeRequest(p.MediaSSRC, now)
	case *rtcp.FullIntraRequest:
		for i, entry := range p.FIR {
			if !slices.Contains(p.FIR[:i], entry) {
				lk.handleKeyframeRequest(entry.SSRC, now)
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

// handleBlocks reads round trips and losses out of reports about our slots.
func (lk *link) handleBlocks(blocks []rtcp.ReceptionReport, now time.Time) {
	for _, block := range blocks {
		d := lk.down.bySSRC[block.SSRC]
		if d == nil {
			continue
		}
		count := lk.loop.tally.set
		if rtt, ok := report.RTT(block, now); ok {
			lk.path.note(rtt)
			lk.observeRTT(rtt)
		}
		d.sent.told.jitter = ticks(block.Jitter, clockOf(d.kind))
		if lost, sent, ok := d.sent.delivery.Note(block); ok && sent > 0 {
			d.sent.told.loss = float64(lost) / float64(sent)
			lk.out.traffic.lose(lost, sent)
			count.Loss[metrics.Out].Observe(d.sent.told.loss)
			count.Media.Lost[metrics.Out].Add(float64(lost))
			count.Media.Jitter[metrics.Out].Observe(d.sent.told.jitter.Seconds())
		}
	}
}

// maxNacked bounds the numbers in one NACK, so that one of ours fits a packet
// however far apart they lie; a subscriber that lost more needs a keyframe.
const maxNacked = 256

func (lk *link) handleNack(p *rtcp.TransportLayerNack, now time.Time) {
	d := lk.down.bySSRC[p.MediaSSRC]
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
	lk.out.traffic.keyframes++
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
