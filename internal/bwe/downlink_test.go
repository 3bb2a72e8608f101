package bwe

import (
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"sfu/sfu/allocate"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
)

// downlink is the server's side of one subscriber, and the subscriber.
type downlink struct {
	w        *world
	link     *link
	est      estimator
	planner  allocate.Planner
	claims   []allocate.Claim
	screens  []*screen
	voices   int
	recorder *twcc.Recorder
	need     media.Bitrate // of all that would be sent with the next layer

	answers float64 // to NACKs that are left

	pacer pacer
	probe probing
	trace trace
}

// probing is the probe under way.
type probing struct {
	estimate.Probe
	left, packets int
	due, ends     time.Duration
}

const leastPadding = 200 // bytes

const (
	planEvery = 100 * time.Millisecond
	lookEvery = 25 * time.Millisecond
	voiceRate = 40_000 // with headers, in bit/s
	voiceTime = 20 * time.Millisecond
)

// join lets a subscriber begin to receive.
func join(w *world, l *link, est estimator, cameras []int, voices int) *downlink {
	d := &downlink{w: w, link: l, est: est, voices: voices, recorder: twcc.NewRecorder(1), answers: nackCredit}
	for _, top := range cameras {
		s := &screen{}
		s.camera = newCamera(w, func(f *frame) { d.heard(s, f) })
		d.screens = append(d.screens, s)
		d.claims = append(d.claims, claim(top))
	}
	for range voices {
		w.every(voiceTime, func() {
			d.send(packet{bytes: int(voiceRate * voiceTime.Seconds() / 8)})
		})
	}
	w.every(planEvery, d.plan)
	d.begin()
	return d
}

// follow lets a subscriber receive one picture that is as large as the estimate,
// as if its publisher encoded it for him: what RFC 8867 measures estimators by.
func follow(w *world, l *link, est estimator) *downlink {
	s := &screen{}
	d := &downlink{w: w, link: l, est: est, recorder: twcc.NewRecorder(1), screens: []*screen{s}}
	w.every(frameTime, func() {
		d.need = 2 * est.bitrate()
		for bytes := int(float64(est.bitrate()) * frameTime.Seconds() / 8); bytes > 0; bytes -= mtu {
			s.queue = append(s.queue, packet{bytes: max(min(bytes, mtu), headers)})
		}
	})
	d.begin()
	return d
}

func (d *downlink) begin() {
	d.w.every(lookEvery, d.look)
	d.w.every(pacerTick, d.pace)
	d.w.after(0, d.report)
}

// claim asks for an encoding and all below it.
func claim(top int) allocate.Claim {
	c := allocate.Claim{New: true, Option: top, Temporal: 2, Costs: make([]allocate.Cost, len(encodingRates))}
	for i := range encodingRates {
		c.Options = append(c.Options, allocate.Option{
			Feed: media.Feed(i + 1), Temporal: 3, Live: true, Size: media.Size{Width: 320 << i, Height: 180 << i},
		})
	}
	return c
}

// plan shares the estimate among the pictures.
func (d *downlink) plan() {
	sound := media.Bitrate(d.voices * voiceRate)
	for i, s := range d.screens {
		for j, e := range s.camera.encodings {
			d.claims[i].Costs[j] = e.rates.Cost(0)
		}
	}
	grants, next := d.planner.Plan(max(d.est.bitrate(), sound)-sound, d.claims, epoch.Add(d.w.now))
	d.need = 0
	if next > 0 {
		d.need = sound + d.planner.Used() + next
	}
	for i, g := range grants {
		s, c := d.screens[i], &d.claims[i]
		if !c.New && g != c.Had {
			d.trace.changes = append(d.trace.changes, d.w.now)
		}
		c.Had, c.New = g, false
		target := s.target
		s.target, s.limit = nil, g.Temporal
		if !g.Paused {
			s.target = s.camera.encodings[g.Option]
		}
		d.turn(s, target)
	}
}

// turn lets a screen that had another target go for its new one. What waits of
// a picture that was too large is not worth sending.
func (d *downlink) turn(s *screen, before *encoding) {
	switch {
	case s.target == before:
		return
	case s.target == nil:
		s.current = nil
	default:
		s.camera.ask(s.target)
	}
	if before != nil && (s.target == nil || s.target.spatial < before.spatial) {
		s.queue = nil
	}
}

// heard forwards a frame of a publisher.
func (d *downlink) heard(s *screen, f *frame) {
	if !s.forward(f) {
		return
	}
	s.sent++
	p := &picture{frame: f, screen: s, order: s.sent, missing: len(f.packets)}
	d.answers = min(d.answers+nackEarn*float64(p.missing), nackCredit)
	for _, bytes := range f.packets {
		s.queue = append(s.queue, packet{bytes: bytes, picture: p})
	}
	d.pace()
}

// look asks the prober, and keeps the trace.
func (d *downlink) look() {
	now := epoch.Add(d.w.now)
	d.trace.estimates = append(d.trace.estimates, sample{d.w.now, float64(d.est.bitrate())})
	p, ok := d.est.probe(d.need, now)
	if !ok {
		return
	}
	d.probe = probing{p, int(float64(p.Bitrate) * p.Duration.Seconds() / 8), p.MinPackets, d.w.now, d.w.now + time.Second}
	d.trace.probes++
	d.pad()
}

// pad sends packets of a probe as long as media does not come fast enough.
func (d *downlink) pad() {
	p := &d.probe
	if !p.goes(d.w.now) {
		return
	}
	if p.due > d.w.now {
		d.w.after(p.due-d.w.now, d.pad)
		return
	}
	bytes := min(max(int(float64(p.Bitrate)*p.Duration.Seconds()/8)/p.MinPackets, leastPadding), mtu)
	d.send(packet{bytes: bytes, kind: estimate.Padding})
	d.pad()
}

// goes reports whether the probe is not over.
func (p *probing) goes(now time.Duration) bool {
	return (p.left > 0 || p.packets > 0) && now < p.ends
}

// count marks a packet that is sent while a probe goes on: media is part of it.
func (p *probing) count(bytes int, now time.Duration) (cluster int) {
	if !p.goes(now) {
		return 0
	}
	p.packets--
	p.left -= bytes
	p.due = max(p.due, now) + time.Duration(float64(8*bytes)/float64(p.Bitrate)*float64(time.Second))
	return p.Cluster
}

// packet is what the downlink sends: of a picture, of sound, or padding.
type packet struct {
	bytes   int
	kind    estimate.Kind
	picture *picture // nil when it is of none
	tries   int      // how often it was sent before
}

func (d *downlink) send(p packet) {
	seq := d.est.sent(p.bytes, p.kind, d.probe.count(p.bytes, d.w.now), epoch.Add(d.w.now))
	at := d.w.now
	d.trace.sent = append(d.trace.sent, at)
	d.link.send(p.bytes, func(queued time.Duration) {
		d.trace.queued = append(d.trace.queued, sample{at, queued.Seconds()})
		d.recorder.Record(1, seq, (d.w.now + time.Hour).Microseconds())
		d.landed(p)
	}, func(full bool) {
		if full {
			d.trace.dropped = append(d.trace.dropped, at)
		}
		d.lost(p)
	})
}

func (d *downlink) landed(p packet) {
	if p.kind != estimate.Padding {
		d.trace.carried = append(d.trace.carried, sample{d.w.now, float64(8 * p.bytes)})
	}
	if p.picture == nil {
		return
	}
	p.picture.missing--
	if p.picture.missing == 0 {
		p.picture.screen.show(p.picture, d.w.now)
	}
}

const (
	nackAfter  = 10 * time.Millisecond // a newer packet shows the gap; and again after a round trip, on a tick of 20 ms (libwebrtc nack_requester.cc)
	nackTries  = 6
	nackEarn   = 0.25 // answers for each packet of a picture ...
	nackCredit = 128  // ... and so many ahead
)

// lost asks for a packet of a picture again, and in the end for a keyframe.
func (d *downlink) lost(p packet) {
	if p.picture == nil || p.picture.screen.late(p.picture) {
		return
	}
	s := p.picture.screen
	if s.target == nil || p.picture.of.spatial > s.target.spatial {
		return // it is to go
	}
	if p.tries == nackTries || d.answers < 1 {
		if s.current != nil {
			s.camera.ask(s.current)
		}
		return
	}
	d.answers--
	p.tries++
	p.kind = estimate.Retransmission
	d.w.after(nackAfter+d.link.delay, func() { d.repeat(p) })
}

// report sends feedback every 50 to 100 ms, as it would go over the wire.
func (d *downlink) report() {
	for _, packet := range d.recorder.BuildFeedbackPacket() {
		fb := overTheWire(packet)
		d.w.after(d.link.delay, func() {
			d.est.feedback(fb, epoch.Add(d.w.now))
			d.look()
		})
	}
	d.w.after(50*time.Millisecond+time.Duration(d.w.rng.Int64N(int64(50*time.Millisecond))), d.report)
}

func overTheWire(p rtcp.Packet) *rtcp.TransportLayerCC {
	raw, err := p.Marshal()
	fb := &rtcp.TransportLayerCC{}
	if err == nil {
		err = fb.Unmarshal(raw)
	}
	if err != nil {
		panic(err) // of our own making
	}
	return fb
}
