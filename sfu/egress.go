package sfu

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/allocate"
	"sfu/sfu/bulk"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
)

const (
	// What a packet takes on the wire besides RTP header and payload: the tag of
	// AES-GCM, UDP and IPv4.
	wireOverhead = 16 + 8 + 20
	// packetCost is the same with an RTP header and the usual extensions.
	packetCost = 12 + 16 + wireOverhead

	// What a path carries before anything is known (libwebrtc:
	// kDefaultStartBitrateBps): what is more fills the queue of a thin one before
	// its first feedback is here.
	startBitrate = 300_000
	minBitrate   = 30_000 // sound alone
	maxBitrate   = 200_000_000

	// learning is how long it takes to know a path at all: browsers answer within
	// 250 ms of the first packet, and the first probes follow. Meanwhile nothing
	// is off because it seems too much.
	learning = 2 * time.Second
)

// egress is how packets leave for one subscriber: numbered and timed, so that
// its browser's feedback tells what the path carries, and no more of them than
// that. The media loop owns it.
type egress struct {
	fan *fan // that sends to it
	way way  // nil until the connection is up for the first time

	history   estimate.History
	estimator *estimate.Estimator
	prober    estimate.Prober
	results   []estimate.Result

	numbered time.Time // the first packet with a number left
	known    bool      // the subscriber says what became of them
	budget   budget
	probe    probing
	pacer    pacer
	traffic  traffic
	starved  time.Duration // pictures were paused for lack of room, each for itself
	tap      *tap          // nil unless somebody records the participant
}

// budget is how the estimate is shared.
type budget struct {
	planner   allocate.Planner
	claims    []allocate.Claim
	claimants []*downTrack  // whose the claims are
	next      media.Bitrate // what the next larger picture costs on top, 0 when nobody waits for one
	sound     meter
	share     bulk.Share
	data      media.Bitrate // what data channels may send, while something waits there
	file      file
}

func newEgress(f *fan) egress {
	return egress{fan: f, estimator: estimate.New(estimate.Config{Start: startBitrate, Min: minBitrate, Max: maxBitrate})}
}

// beside returns what the path has for all but the data that is being sent: at
// least half of it.
func (o *egress) beside() media.Bitrate {
	estimate := o.estimator.Bitrate()
	return estimate - min(o.budget.data, estimate/2)
}

// limited reports whether pictures are spread and share a budget, from the very
// first on: a subscriber who does not negotiate feedback, or never sends any,
// takes what comes.
func (lk *link) limited(now time.Time) bool {
	return lk.out.known || lk.out.learns(now) && lk.negotiated()
}

// negotiated reports whether packets are to be numbered for the subscriber.
func (lk *link) negotiated() bool {
	return slices.ContainsFunc(lk.down.tracks, func(d *downTrack) bool {
		b := d.bound.Load()
		return b != nil && b.ids.transportCC != 0
	})
}

// learns reports whether packets flow for so short a time, if at all, that little
// is known.
func (o *egress) learns(now time.Time) bool {
	return o.numbered.IsZero() || now.Sub(o.numbered) < learning
}

// transmit sends the packet that d has just pressed. The number and the time go in
// last, for they are what the feedback is about.
func (lk *link) transmit(d *downTrack, packet []byte, kind estimate.Kind) error {
	o := &lk.out
	size, now := len(packet)+wireOverhead, o.fan.now
	o.traffic.bytes += uint64(size)
	d.sent.flow.bytes += uint64(size)
	d.stamp.time(packet, now)
	if d.stamp.seqAt != 0 {
		lk.number(d, packet, kind, now)
	}
	if o.tap != nil {
		o.tap.packet(packet, down, now)
	}
	return o.way.send(packet)
}

// number gives the packet under way its transport-cc number, and remembers it.
func (lk *link) number(d *downTrack, packet []byte, kind estimate.Kind, now time.Time) {
	size := len(packet) + wireOverhead
	p := estimate.Packet{At: now, Size: size, Kind: kind, Probe: lk.out.probe.take(size)}
	d.stamp.number(packet, lk.out.history.Sent(p))
	if lk.out.numbered.IsZero() {
		lk.out.numbered = now
	}
	lk.out.estimator.Sent(p)
	if d.kind == media.Audio {
		lk.out.budget.sound.note(size, now)
	}
	if d.kind == media.Audio || kind == estimate.Retransmission {
		lk.out.pacer.credit -= float64(size) // it did not wait, so pictures have to
	}
}

// numbers reports whether packets get a number: it was negotiated for their slot,
// and the connection is up.
func (lk *link) numbers(b *binding) bool { return b.ids.transportCC != 0 && !lk.up.up.IsZero() }

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
	if !lk.limited(now) {
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
	if lk.data == nil {
		return o.estimator.Bitrate()
	}
	o.estimator.Beside(s.file.rate(lk.data.delivered(), now))
	if !o.known {
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
	s.data = 0
	if d.Waits {
		s.data = data
	}
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

// fileWindow is how long the rate of data is looked at, fileWindows how many of them
// count: acknowledgements come late and in bursts, and what looks like less for a
// moment must not pass for a path that carries less.
const (
	fileWindow  = 300 * time.Millisecond
	fileWindows = 2
)

// file is how fast data channels are delivered. The zero file is ready to use.
type file struct {
	bytes int // in all, at since
	since time.Time
	rates [fileWindows]media.Bitrate // the newest first
}

// rate returns the highest bitrate of the last windows, of which bytes in all have
// been delivered by now.
func (f *file) rate(bytes int, now time.Time) media.Bitrate {
	if passed := now.Sub(f.since); f.since.IsZero() || passed >= fileWindow {
		copy(f.rates[1:], f.rates[:])
		if f.rates[0] = 0; !f.since.IsZero() {
			f.rates[0] = media.Bitrate(float64(8*(bytes-f.bytes)) / passed.Seconds())
		}
		f.bytes, f.since = bytes, now
	}
	return slices.Max(f.rates[:])
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
