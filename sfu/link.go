package sfu

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"sfu/metrics"
	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/sfu/quality"
	"sfu/signaling/wire"
)

const (
	feedbackEvery = 60 * time.Millisecond  // transport-cc, to a publisher
	reportEvery   = time.Second            // sender and receiver reports
	recheckEvery  = 200 * time.Millisecond // slots that still wait for a keyframe

	defaultRTT = 100 * time.Millisecond // until something says better
)

// path is what is known of the way to a participant.
type path struct {
	origin
	rtt      time.Duration // smoothed
	measured bool

	last, sum time.Duration // the newest, and all, of the round trips measured
	times     int
}

// note takes one measured round trip, smoothed as TCP does it (RFC 6298, 2).
func (p *path) note(rtt time.Duration) {
	p.last = rtt
	p.sum += rtt
	p.times++
	if !p.measured {
		p.rtt, p.measured = rtt, true
		return
	}
	p.rtt += (rtt - p.rtt) / 8
}

// rtcpWriter takes reports.
type rtcpWriter interface{ WriteRTCP([]rtcp.Packet) error }

// link is one participant's connection as the media loop sees it: what it
// sends (up) and what it is sent (down). The loop owns it.
type link struct {
	id    media.ParticipantID
	loop  *mediaLoop
	rtcp  rtcpWriter // nil until the connection is up for the first time
	ssrc  uint32     // ours, in the reports we send
	first firsts
	hooks linkHooks
	gone  bool
	path  path

	// Shared with pion's goroutines: what this participant has in the loop's
	// queues, so that no one can fill them, and the SSRCs that it uses.
	queuedPackets, queuedReports atomic.Int32
	streams                      streams

	up   uplink
	down downlink
	out  egress
	data *dataWriter

	due struct{ feedback, report, recheck time.Time }
}

// linkHooks tell the participant what only its data plane can see. They must
// not block.
type linkHooks struct {
	flood  func()           // there are too many SSRCs
	silent func(mid string) // nothing comes of a track that should send

	// The encodings of a track that are to be encoded, by rid, and what is to be
	// seen of a track: when either changed.
	layers func(track media.TrackID, active map[string]bool)
	sight  func(wire.TrackState)

	condition func(quality.Input) // once a second
}

func newLink(id media.ParticipantID, loop *mediaLoop, hooks linkHooks) *link {
	ssrc := rand.Uint32()
	return &link{
		id: id, loop: loop, hooks: hooks,
		ssrc: ssrc, first: firsts{joined: time.Now()}, path: path{rtt: defaultRTT},
		streams: streams{bySSRC: make(map[uint32]*stream)},
		up:      newUplink(ssrc),
		out:     newEgress(loop.fans.all[0]),
		down:    downlink{bySSRC: make(map[uint32]*downTrack), wishes: make(map[media.TrackID]allocate.Wish)},
	}
}

// downlink is what a participant is sent.
type downlink struct {
	tracks   []*downTrack // every slot
	bySSRC   map[uint32]*downTrack
	carriers []*downTrack                    // by the index of the track they carry
	wishes   map[media.TrackID]allocate.Wish // only of tracks in the room
}

// carrier returns the slot of this subscriber that carries t, or nil.
func (lk *link) carrier(t *upTrack) *downTrack {
	if t.index < len(lk.down.carriers) {
		return lk.down.carriers[t.index]
	}
	return nil
}

func (lk *link) setCarrier(t *upTrack, d *downTrack) {
	for len(lk.down.carriers) <= t.index {
		lk.down.carriers = append(lk.down.carriers, nil)
	}
	lk.down.carriers[t.index] = d
}

// wished is what a subscriber wants of a track.
type wished struct {
	track media.TrackID
	allocate.Wish
}

// wish notes what the subscriber wants of some tracks, and shares the budget anew,
// once. Of a track that the room does not have nothing is kept: there is no end of
// names.
func (lk *link) wish(now time.Time, all ...wished) {
	if lk.gone {
		return
	}
	for _, w := range all {
		t := lk.loop.tracks[w.track]
		if t == nil {
			continue
		}
		lk.down.wishes[w.track] = w.Wish
		if d := lk.carrier(t); d != nil {
			d.wish, d.demands.changed = w.Wish, true
			if d.paused() {
				d.waits()
			}
		}
		lk.pinSound(t.link)
	}
	lk.plan(now)
	for _, w := range all {
		if t := lk.loop.tracks[w.track]; t != nil && lk.carrier(t) != nil {
			lk.carrier(t).begin(now)
		}
	}
}

// pinSound makes the sound of a pinned picture heard, however many are louder.
func (lk *link) pinSound(publisher *link) {
	pinned := false
	for _, t := range publisher.up.tracks {
		pinned = pinned || t.kind == media.Video && lk.down.wishes[t.id].Pinned
	}
	for _, t := range publisher.up.tracks {
		if d := lk.carrier(t); d != nil && t.kind == media.Audio {
			d.wish.Pinned = pinned || lk.down.wishes[t.id].Pinned
		}
	}
}

// tick does what is due for this connection by time.
func (lk *link) tick(now time.Time) {
	if !now.Before(lk.due.feedback) {
		lk.due.feedback = now.Add(feedbackEvery)
		lk.sendTransportFeedback()
	}
	if !now.Before(lk.due.recheck) {
		lk.due.recheck = now.Add(recheckEvery)
		for _, d := range lk.down.tracks {
			d.requestKeyframe(now)
		}
	}
	if !now.Before(lk.due.report) {
		lk.due.report = now.Add(reportEvery)
		lk.up.loss = lk.sendReceiverReport(now)
		lk.hooks.condition(lk.condition(lk.up.loss))
		lk.observe(now)
		lk.sample(now)
		lk.watchSilence(now)
		for _, d := range lk.down.tracks {
			d.sendReport(now)
		}
	}
	for _, d := range lk.down.tracks {
		d.noticeSwitch(now)
	}
}

// send writes RTCP. An error means that the connection is not up or no longer,
// which the participant learns from its state.
func (lk *link) send(packets ...rtcp.Packet) {
	if len(packets) > 0 && lk.rtcp != nil {
		if lk.out.tap != nil {
			lk.out.tap.reports(packets, down, lk.loop.rhythm.now)
		}
		_ = lk.rtcp.WriteRTCP(packets)
	}
}

// sendTransportFeedback tells the publisher when its packets arrived
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): its own congestion
// control lives on this.
func (lk *link) sendTransportFeedback() {
	for _, fb := range lk.up.arrivals.BuildFeedbackPacket() {
		lk.send(fb)
	}
}

// maxReportBlocks is what fits one report (RFC 3550, 6.4.1: five bits).
const maxReportBlocks = 31

// sendReceiverReport tells the publisher what came of its packets, and returns
// the share that did not.
func (lk *link) sendReceiverReport(now time.Time) (loss float64) {
	report := &rtcp.ReceiverReport{SSRC: lk.ssrc}
	lost, expected := 0, 0
	for _, t := range lk.up.tracks {
		for _, e := range t.encodings {
			if e.feed == 0 || len(report.Reports) == maxReportBlocks {
				continue
			}
			block := e.received.Block(e.ssrc, now)
			report.Reports = append(report.Reports, block)
			n, of := e.received.Loss()
			lost, expected = lost+n, expected+of
			lk.up.traffic.lose(n, of)
			lk.loop.tally.set.Loss[metrics.In].Observe(float64(block.FractionLost) / 256)
			lk.loop.tally.set.Media.Lost[metrics.In].Add(float64(n))
			if of > 0 {
				lk.loop.tally.set.Media.Jitter[metrics.In].Observe(e.received.Jitter(clockOf(t.kind)).Seconds())
			}
		}
	}
	if len(report.Reports) > 0 {
		lk.send(report)
	}
	return float64(max(lost, 0)) / float64(max(expected, 1))
}
