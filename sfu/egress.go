package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/allocate"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
	"sfu/sfu/report"
)

const (
	// What a packet takes on the wire besides RTP header and payload: the tag of
	// AES-GCM, UDP and IPv4.
	wireOverhead = 16 + 8 + 20
	// packetCost is the same with an RTP header and the usual extensions.
	packetCost = 12 + 16 + wireOverhead

	startBitrate = 1_000_000 // before anything is known: a picture of a good size
	minBitrate   = 30_000    // sound alone
	maxBitrate   = 20_000_000
)

// egress is how packets leave for one subscriber: numbered and timed, so that
// its browser's feedback tells what the path carries. The media loop owns it.
type egress struct {
	history   estimate.History
	estimator *estimate.Estimator
	prober    estimate.Prober
	planner   allocate.Planner
	results   []estimate.Result
	claims    []allocate.Claim
	claimants []*downTrack // whose the claims are

	known bool          // feedback came: there is an estimate
	next  media.Bitrate // what the next larger picture costs on top, 0 when nobody waits for one
	probe probing
	pacer pacer
	sound meter
}

// busy reports whether there is something to be sent at a time of its own.
func (o *egress) busy() bool { return o.probe.active() || o.pacer.count > 0 }

func newEgress() egress {
	return egress{estimator: estimate.New(estimate.Config{Start: startBitrate, Min: minBitrate, Max: maxBitrate})}
}

// transmit sends the packet whose header is d's stamp. The number and the time
// go in last, for they are what the feedback is about.
func (lk *link) transmit(d *downTrack, b *binding, payload []byte, kind estimate.Kind) (int, error) {
	now := lk.loop.rhythm.now
	if b.ids.transportCC != 0 && !lk.up.up.IsZero() {
		size := d.stamp.header.MarshalSize() + 8 + len(payload) + wireOverhead
		p := estimate.Packet{At: now, Size: size, Kind: kind, Probe: lk.out.probe.take(size)}
		d.stamp.number(b.ids.transportCC, lk.out.history.Sent(p))
		lk.out.estimator.Sent(p)
		if d.kind == media.Audio {
			lk.out.sound.note(size, now)
		}
	}
	if b.ids.sendTime != 0 {
		d.stamp.time(b.ids.sendTime, now)
	}
	return b.out.WriteRTP(&d.stamp.header, payload)
}

// number writes a transport-cc number
// (draft-holmer-rmcat-transport-wide-cc-extensions-01, 2).
func (s *stamp) number(id uint8, seq uint16) {
	binary.BigEndian.PutUint16(s.seq[:], seq)
	_ = s.header.SetExtension(id, s.seq[:])
}

// time writes when the packet left: 24 bits of NTP time, 18 of them below the
// second (abs-send-time).
func (s *stamp) time(id uint8, now time.Time) {
	at := report.NTP(now) >> 14
	s.sent = [3]byte{byte(at >> 16), byte(at >> 8), byte(at)}
	_ = s.header.SetExtension(id, s.sent[:])
}

// handleFeedback takes the browser's word on what arrived and when.
func (lk *link) handleFeedback(p *rtcp.TransportLayerCC, now time.Time) {
	o := &lk.out
	o.results = o.history.Feedback(p, now, o.results[:0])
	if len(o.results) == 0 {
		return
	}
	o.known = true
	o.estimator.Feedback(o.results, now)
}

// plan shares the estimate among the pictures of a subscriber.
func (lk *link) plan(now time.Time) {
	o := &lk.out
	o.estimator.Tick(now)
	o.claims, o.claimants = o.claims[:0], o.claimants[:0]
	for _, d := range lk.down.tracks {
		if d.track == nil || d.kind != media.Video || d.track.muted {
			continue
		}
		o.claims = append(o.claims, d.claim())
		o.claimants = append(o.claimants, d)
	}
	budget := media.Bitrate(maxBitrate)
	if o.known {
		budget = o.estimator.Bitrate() - min(o.estimator.Bitrate(), o.sound.rate(now))
	}
	grants, next := o.planner.Plan(budget, o.claims, now)
	o.next = next
	for i, d := range o.claimants {
		d.grant = grants[i]
		d.target()
		d.requestKeyframe(now)
	}
}

// claim is what the slot asks of the budget.
func (d *downTrack) claim() allocate.Claim {
	s := &d.track.supply
	i, temporal, ok := d.chooser.Choose(d.wish, s.options)
	c := allocate.Claim{
		Wish: d.wish, Options: s.options, Costs: s.costs, Option: i, Temporal: temporal,
		Screen: d.track.source == media.Screen, Had: d.grant,
	}
	if !ok {
		c.Wish.Paused = true
	}
	return c
}

// meter counts bits a second.
type meter struct {
	bytes int
	since time.Time
	last  media.Bitrate
}

func (m *meter) note(size int, now time.Time) {
	if m.since.IsZero() {
		m.since = now
	}
	m.bytes += size
}

// rate returns the bitrate of the last whole second.
func (m *meter) rate(now time.Time) media.Bitrate {
	if passed := now.Sub(m.since); passed >= time.Second {
		m.last = media.Bitrate(float64(8*m.bytes) / passed.Seconds())
		m.bytes, m.since = 0, now
	}
	return m.last
}
