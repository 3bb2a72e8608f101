package sfu

import (
	"time"

	"sfu/sfu/estimate"
	"sfu/sfu/forward"
	"sfu/sfu/header"
	"sfu/sfu/media"
)

// answer sends again what the subscriber says it lost.
func (d *downTrack) answer(seq uint16, now time.Time) {
	l := d.link.loop
	l.tally.repairs.nacksIn++
	d.link.out.traffic.nacks++
	feed, esn, ok := d.fwd.Source(seq)
	b := d.bound.Load()
	if !ok || b == nil || d.fwd.Over(seq) {
		return
	}
	e := l.feeds.by[feed]
	if e == nil || e.track != d.track || e.track.muted || d.queue.given.contains(seq) || d.queue.waits(seq) {
		return // its publisher is gone, or silent by its own will, or it was not worth sending, or is about to be sent
	}
	pkt := e.ring.Get(esn)
	switch {
	case pkt == nil && (e.gaps.Missing(esn) || esn < e.lastKeyframe):
		return // its repair, or a keyframe that makes up for it, is on its way
	case pkt == nil:
		// No browser asks for a keyframe soon when a NACK stays unanswered.
		l.tally.repairs.rtxMissed++
		d.demandKeyframe(e, now)
		return
	}
	v := d.fwd.Map(pkt)
	if v.Drop != media.Kept || b.typesOf(pkt.Codec).rtx == 0 || d.gaveUp(pkt) {
		return // without RTX a number would be encrypted twice (way.send)
	}
	if !d.sent.answers.Allow(seq, now, d.link.roundTrip()) {
		l.tally.repairs.rtxLimited++
		return
	}
	if d.resend(b, pkt, &v, estimate.Retransmission) == nil {
		l.tally.repairs.rtxOut++
	}
}

// gaveUp reports whether a packet is of a picture that the path has no room for
// any more: to repair it would take that of the smaller one (rule F11).
func (d *downTrack) gaveUp(pkt *media.Packet) bool {
	i, _, ok := d.granted()
	if !d.aim.short || !ok {
		return false
	}
	for _, larger := range d.track.supply.options[i+1:] {
		if larger.Feed == pkt.Feed && larger.Spatial == pkt.Layer.Spatial {
			return true
		}
	}
	return false
}

// roundTrip is how long an answer takes at the moment: what is known from reports
// is a second old, and queues fill faster.
func (lk *link) roundTrip() time.Duration {
	return max(lk.path.rtt, lk.out.estimator.RTT())
}

// demandKeyframe asks for a keyframe because this subscriber says that it needs
// one. One that is on its way already costs nobody anything; of others each may
// have only so many.
func (d *downTrack) demandKeyframe(e *encoding, now time.Time) {
	if d.kind != media.Video {
		return
	}
	if !e.keyframe.Waiting() && !d.demands.lost.Allow(now) {
		d.link.loop.tally.repairs.plisLimited++
		return
	}
	e.requestKeyframe(now)
}

// resend writes a packet once more, on the slot's RTX stream (RFC 4588).
func (d *downTrack) resend(b *binding, pkt *media.Packet, v *forward.Verdict, kind estimate.Kind) error {
	f := header.Fixed{PayloadType: b.typesOf(pkt.Codec).rtx, SSRC: b.rtx, Seq: d.sent.rtxSeq}
	packet := d.press(b, &f, pkt, v)
	d.sent.rtxSeq++
	return d.link.transmit(d, packet, kind)
}
