package sfu

import (
	"time"

	"sfu/sfu/estimate"
	"sfu/sfu/header"
	"sfu/sfu/media"
)

const (
	// padding is how long a packet of nothing is: the most that one byte counts,
	// less the byte itself (RFC 3550, 5.1).
	padding = 224
	// recent is how far back packets are repeated to probe with: what is older is
	// not in the browser's jitter buffer any more, and worth no more than padding.
	recent = 32
)

// probing is a probe under way: more is sent than flows by itself, to find out
// whether the path carries it. Media counts; what lacks is what waits, then
// repeats or padding.
type probing struct {
	estimate.Probe
	began   time.Time
	bytes   int // sent for it
	packets int
}

func (p *probing) active() bool { return p.Cluster != 0 }

// take counts a packet for the probe under way, and returns its name, else 0.
func (p *probing) take(size int) int {
	if p.Cluster != 0 {
		p.bytes += size
		p.packets++
	}
	return p.Cluster
}

// owes returns how many bytes the probe lacks at now.
func (p *probing) owes(now time.Time) int {
	passed := min(now.Sub(p.began)+paceEvery, p.Duration)
	return int(float64(p.Bitrate)/8*passed.Seconds()) - p.bytes
}

func (p *probing) over(now time.Time) bool {
	return now.Sub(p.began) >= p.Duration && p.packets >= p.MinPackets
}

// probe begins a probe when it is time for one, and there is something to probe
// with.
func (lk *link) probe(now time.Time) {
	o := &lk.out
	if d, _ := lk.padder(); d == nil || !o.known || o.probe.active() {
		return
	}
	if o.estimator.State().Limit == estimate.LimitSilence {
		lk.pad() // where all is off, nothing else would tell that the path is back
		return
	}
	if p, ok := o.prober.Update(o.estimator.ProbeInput(lk.lacks(now)), now); ok {
		o.probe = probing{Probe: p, began: now}
		lk.loop.tally.probes++
		lk.loop.due.pace = now
	}
}

// lacks returns what the path would have to carry for somebody to get more, or 0.
// Who waits for a file would take whatever there is; and while all is new, what
// the next picture takes is a guess, and the one after it is wanted as well.
func (lk *link) lacks(now time.Time) (wanted media.Bitrate) {
	o := &lk.out
	if s := &o.budget; s.next > 0 {
		wanted = s.planner.Used() + s.next + s.sound.last
	}
	if wanted > 0 && o.learns(now) || lk.data != nil && lk.data.pending() {
		wanted = max(wanted, 2*o.estimator.Bitrate())
	}
	return min(wanted, maxBitrate)
}

// feed sends what the probe under way lacks.
func (lk *link) feed(now time.Time) {
	o := &lk.out
	if !o.probe.active() {
		return
	}
	for !o.probe.over(now) {
		if o.probe.owes(now) <= 0 && now.Sub(o.probe.began) < o.probe.Duration {
			return // more of it later
		}
		if o.pacer.count > 0 {
			lk.next().resume()
		} else if !lk.pad() {
			break // there is nothing to probe with any more
		}
	}
	o.probe = probing{}
}

// pad sends one packet that nobody needs: a repeat of one that the browser may
// have lost, else padding, always on an RTX stream (media.md, C4).
func (lk *link) pad() bool {
	d, b := lk.padder()
	if d == nil || !d.repeat(b) && !d.fill(b) {
		return false
	}
	lk.loop.tally.padded++
	return true
}

// padder returns a slot that can send such a packet, one that counts, or nil.
func (lk *link) padder() (*downTrack, *binding) {
	for _, d := range lk.down.tracks {
		if d.kind != media.Video || d.sent.packets == 0 {
			continue
		}
		if b := d.bound.Load(); b != nil && b.rtx != 0 && b.anyRTX() != 0 && lk.numbers(b) {
			return d, b
		}
	}
	return nil, nil
}

// repeat sends one of the newest packets again. None of them waits: those that do
// are sent first.
func (d *downTrack) repeat(b *binding) bool {
	e := d.link.loop.feeds.by[d.fwd.Current()]
	if e == nil || e.track.muted {
		return false
	}
	for n := range uint64(recent) {
		esn := e.newest - (d.sent.repeated+n)%recent
		pkt := e.ring.Get(esn)
		if pkt == nil || b.types[pkt.Codec].rtx == 0 {
			continue
		}
		if v := d.fwd.Map(pkt); v.Drop == media.Kept && !v.Hollow && !d.queue.waits(v.Seq) {
			d.sent.repeated += n + 1
			return d.resend(b, pkt, &v, estimate.Padding) == nil
		}
	}
	return false
}

// fill sends padding.
func (d *downTrack) fill(b *binding) bool {
	f := header.Fixed{PayloadType: b.anyRTX(), SSRC: b.rtx, Seq: d.sent.rtxSeq, Timestamp: d.sent.timestamp}
	d.sent.rtxSeq++
	w := d.head(b, &f, 0)
	return d.link.transmit(d, header.Pad(w.End(), padding), estimate.Padding) == nil
}
