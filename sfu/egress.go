package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/allocate"
	"sfu/sfu/bulk"
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

	// learning is how long it takes to know a path at all: browsers answer within
	// 250 ms of the first packet, and the first probes follow. Meanwhile nothing
	// is off because it seems too much.
	learning = 2 * time.Second
)

// egress is how packets leave for one subscriber: numbered and timed, so that
// its browser's feedback tells what the path carries, and no more of them than
// that. The media loop owns it.
type egress struct {
	history   estimate.History
	estimator *estimate.Estimator
	prober    estimate.Prober
	results   []estimate.Result

	numbered time.Time // the first packet with a number left
	known    bool      // the subscriber says what became of them
	budget   budget
	probe    probing
	pacer    pacer
}

// budget is how the estimate is shared.
type budget struct {
	planner   allocate.Planner
	claims    []allocate.Claim
	claimants []*downTrack  // whose the claims are
	next      media.Bitrate // what the next larger picture costs on top, 0 when nobody waits for one
	sound     meter
	share     bulk.Share
}

func newEgress() egress {
	return egress{estimator: estimate.New(estimate.Config{Start: startBitrate, Min: minBitrate, Max: maxBitrate})}
}

// paces reports whether packets are spread: where nothing tells what the path
// carries, nothing says how far.
func (o *egress) paces() bool { return o.known }

// limited reports whether pictures have to share a budget: a subscriber who
// negotiated feedback and never sends any takes what comes.
func (o *egress) limited(now time.Time) bool {
	return o.known || o.learns(now)
}

// learns reports whether packets flow for so short a time that little is known.
func (o *egress) learns(now time.Time) bool {
	return !o.numbered.IsZero() && now.Sub(o.numbered) < learning
}

// transmit sends the packet whose header is d's stamp. The number and the time
// go in last, for they are what the feedback is about.
func (lk *link) transmit(d *downTrack, b *binding, payload []byte, kind estimate.Kind) (int, error) {
	now := lk.loop.rhythm.now
	if b.ids.sendTime != 0 {
		d.stamp.time(b.ids.sendTime, now)
	}
	if !lk.numbers(b) {
		return b.out.WriteRTP(&d.stamp.header, payload)
	}
	size := d.stamp.header.MarshalSize() + transportCCLength + len(payload) + wireOverhead
	p := estimate.Packet{At: now, Size: size, Kind: kind, Probe: lk.out.probe.take(size)}
	d.stamp.number(b.ids.transportCC, lk.out.history.Sent(p))
	if lk.out.numbered.IsZero() {
		lk.out.numbered = now
	}
	lk.out.estimator.Sent(p)
	switch {
	case d.kind == media.Audio:
		lk.out.budget.sound.note(size, now)
	case kind == estimate.Retransmission:
		lk.out.pacer.credit -= float64(size)
	}
	return b.out.WriteRTP(&d.stamp.header, payload)
}

// numbers reports whether packets get a number: it was negotiated for their slot,
// and the connection is up.
func (lk *link) numbers(b *binding) bool { return b.ids.transportCC != 0 && !lk.up.up.IsZero() }

// transportCCLength is what the number takes in the header, rounded up.
const transportCCLength = 4

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
	if o.estimator.Bitrate() < o.budget.planner.Used() {
		lk.share(now) // what is too much fills a queue until it is stopped
	}
}

// share gives every picture its part of the estimate.
func (lk *link) share(now time.Time) {
	lk.plan(now)
	for _, d := range lk.down.tracks {
		if d.track != nil && d.kind == media.Video {
			d.target()
			d.requestKeyframe(now)
		}
	}
}

// plan finds out what each picture is to get.
func (lk *link) plan(now time.Time) {
	o, s := &lk.out, &lk.out.budget
	if !o.limited(now) {
		for _, d := range lk.down.tracks {
			d.aim.planned = false
		}
		return
	}
	o.estimator.Tick(now)
	s.claims, s.claimants = s.claims[:0], s.claimants[:0]
	stage := lk.stage()
	for _, d := range lk.down.tracks {
		if d.track != nil && d.kind == media.Video && !d.track.muted {
			s.claims = append(s.claims, d.claim(d == stage))
			s.claimants = append(s.claimants, d)
		}
	}
	if o.learns(now) {
		s.planner.Believe()
	}
	sound := s.sound.rate(now)
	left := lk.divide(sound, now)
	grants, next := s.planner.Plan(left-min(left, sound), s.claims, now)
	s.next = next
	for i, d := range s.claimants {
		d.aim.grant, d.aim.planned = grants[i], true
		d.aim.grant.Paused = grants[i].Paused && !o.learns(now)
		d.aim.short = grants[i].Paused || grants[i].Option < s.claims[i].Option
	}
}

// divide gives data channels their part of the estimate, and returns what is left
// for sound and pictures.
func (lk *link) divide(sound media.Bitrate, now time.Time) media.Bitrate {
	o, s := &lk.out, &lk.out.budget
	if !o.known || lk.data == nil {
		return o.estimator.Bitrate()
	}
	d := bulk.Demand{
		Estimate: o.estimator.Bitrate(), Media: sound + s.planner.Used(), Lowest: sound, Waits: lk.data.pending(),
	}
	for i := range s.claims {
		if c := &s.claims[i]; !c.Wish.Paused && len(c.Costs) > 0 {
			d.Lowest += c.Costs[0][0]
		}
	}
	data, left := s.share.Divide(d, now)
	lk.data.allow(data)
	return left
}

// stageShare is how many times larger than any other the tile on stage is, at
// least.
const stageShare = 4

// stage returns the slot whose picture the subscriber shows far larger than all
// others, or nil.
func (lk *link) stage() (largest *downTrack) {
	first, second := 0, 0
	for _, d := range lk.down.tracks {
		if d.track == nil || d.kind != media.Video || d.paused() {
			continue
		}
		switch pixels := d.wish.Size.Pixels(); {
		case pixels > first:
			largest, first, second = d, pixels, first
		case pixels > second:
			second = pixels
		}
	}
	if first < stageShare*second {
		return nil
	}
	return largest
}

// claim is what the slot asks of the budget.
func (d *downTrack) claim(onStage bool) allocate.Claim {
	s := &d.track.supply
	i, temporal, ok := d.chooser.Choose(d.wish, s.options)
	c := allocate.Claim{
		Wish: d.wish, Options: s.options, Costs: s.costs, Option: i, Temporal: temporal,
		OnStage: onStage, Screen: d.track.source == media.Screen, New: !d.aim.planned, Had: d.aim.grant,
	}
	c.Wish.Paused = !ok
	return c
}

// meter counts bits a second. The zero meter is ready to use.
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
