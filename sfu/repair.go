package sfu

import (
	"time"

	"sfu/sfu/forward"
	"sfu/sfu/media"
)

// answer sends again what the subscriber says it lost.
func (d *downTrack) answer(seq uint16, now time.Time) {
	l := d.link.loop
	l.tally.repairs.nacksIn++
	feed, esn, ok := d.fwd.Source(seq)
	b := d.bound.Load()
	if !ok || b == nil {
		return
	}
	e := l.feeds.by[feed]
	if e == nil || e.track != d.track || e.track.muted {
		return // its publisher is gone, or silent by its own will
	}
	pkt := e.ring.Get(esn)
	switch {
	case pkt == nil && e.gaps.Missing(esn):
		return // lost on its way to us: it is forwarded when its repair comes
	case pkt == nil:
		// No browser asks for a keyframe soon when a NACK stays unanswered.
		l.tally.repairs.rtxMissed++
		e.requestKeyframe(now)
		return
	}
	v := d.fwd.Map(pkt)
	if v.Drop != media.Kept {
		return
	}
	if !d.sent.answers.Allow(seq, now, d.link.rtt) {
		l.tally.repairs.rtxLimited++
		return
	}
	if d.resend(b, pkt, &v) == nil {
		l.tally.repairs.rtxOut++
	}
}

// resend writes a packet once more: on the slot's RTX stream (RFC 4588), or as
// it was where none was negotiated.
func (d *downTrack) resend(b *binding, pkt *media.Packet, v *forward.Verdict) error {
	scratch := &d.link.loop.batch.scratch
	payload, h := d.stamp.press(b, pkt, v, scratch.descriptor[:]), &d.stamp.header
	types := b.typesOf(pkt.Codec)
	if b.rtx == 0 || types.rtx == 0 {
		h.PayloadType, h.SSRC = types.media, b.ssrc
		_, err := b.out.WriteRTP(h, payload)
		return err
	}
	scratch.rtx[0], scratch.rtx[1] = byte(v.Seq>>8), byte(v.Seq)
	n := 2 + copy(scratch.rtx[2:], payload)
	h.PayloadType, h.SSRC = types.rtx, b.rtx
	h.SequenceNumber = d.sent.rtxSeq
	d.sent.rtxSeq++
	_, err := b.out.WriteRTP(h, scratch.rtx[:n])
	return err
}
