package estimate

import (
	"time"

	"sfu/sfu/media"
)

// Config bounds an estimate. The zero value of a field means its default.
type Config struct {
	Start media.Bitrate // before anything is known
	Min   media.Bitrate
	Max   media.Bitrate
}

const (
	defaultStart media.Bitrate = 300_000 // libwebrtc: kDefaultStartBitrateBps
	defaultMin   media.Bitrate = 30_000  // sound, and a little
	defaultMax   media.Bitrate = 50_000_000

	// Feedback comes every 50 to 250 ms. When there is none for silence, though
	// packets were sent, the path is broken or stuffed: the estimate falls by
	// silenceCut every silenceStep (libwebrtc send_side_bandwidth_estimation.cc:
	// RttBasedBackoff with 3 s, 0.8 and 1 s; goog_cc also has a congestion
	// window that we have not, hence the shorter time).
	silence     = 1500 * time.Millisecond
	silenceStep = time.Second
	silenceCut  = 0.8

	// lossShare is what a new packet counts for in Loss: about the last 100.
	lossShare = 1.0 / 100
	// mostCarriedLoss bounds what a receiver can say to have been lost on the way.
	mostCarriedLoss = 0.2
)

// Usage is what the queueing delay says of the path.
type Usage uint8

// The three findings of the detector.
const (
	Normal Usage = iota
	Overusing
	Underusing
)

// Limit names what holds the estimate where it is.
type Limit uint8

// What can hold an estimate.
const (
	LimitDelay       Limit = iota // the delay-based rate, which grows while nothing stops it
	LimitLoss                     // losses that look like congestion
	LimitApplication              // too little is sent to learn more
	LimitSilence                  // feedback stays away
)

// State is what an Estimator knows, for logs and the client's quality bars.
type State struct {
	Usage Usage
	Limit Limit
	ALR   bool          // application-limited: much less is sent than could be
	Acked media.Bitrate // what lately arrived; 0 when not known
	Delay media.Bitrate // the rate by delay alone
	Loss  media.Bitrate // the bound by loss; the same as Delay when losses do not matter
}

// Estimator estimates one downlink.
type Estimator struct {
	detector detector
	latency  latency
	backlog  backlog
	aimd     aimd
	byLoss   lossBound
	bound    float64    // bit/s: what byLoss says
	arriving throughput // on the receiver's clock
	leaving  throughput // of the same packets, on ours
	epoch    time.Time  // what leaving counts from
	beside   float64    // bit/s: what else of ours arrives
	alr      alr
	probes   clusters
	bursts   bursts
	lost     float64 // share of packets
	quiet    quiet
	told     time.Time // the last feedback
}

// quiet watches for feedback that stays away. The zero quiet is ready to use.
type quiet struct {
	since time.Time // the first packet sent after the last feedback; zero when there is none
	cut   time.Time // when the estimate was last lowered for it
}

// New returns an Estimator that begins at cfg.Start.
func New(cfg Config) *Estimator {
	low, high := cfg.Min, cfg.Max
	if low == 0 {
		low = defaultMin
	}
	if high == 0 {
		high = defaultMax
	}
	start := cfg.Start
	if start == 0 {
		start = defaultStart
	}
	e := &Estimator{aimd: aimd{min: float64(low), max: float64(max(low, high))}}
	e.aimd.rate = min(max(float64(start), e.aimd.min), e.aimd.max)
	e.bound = e.aimd.rate
	return e
}

// Sent takes in that p was sent.
func (e *Estimator) Sent(p Packet) {
	if e.epoch.IsZero() {
		e.epoch = p.At
	}
	if e.quiet.since.IsZero() {
		e.quiet.since = p.At
	}
	e.probes.sent(p)
	e.idle(p.Size, p.At)
}

// idle follows whether the application uses what there is.
func (e *Estimator) idle(bytes int, now time.Time) {
	was := e.alr.active
	e.alr.add(bytes, e.rate(), now)
	if was && !e.alr.active {
		e.arriving.expectChange()
		e.leaving.expectChange()
	}
}

// Feedback takes in what became of packets, as History tells it.
func (e *Estimator) Feedback(results []Result, now time.Time) {
	if len(results) == 0 {
		return
	}
	e.quiet, e.told = quiet{}, now
	e.latency.add(results, e.epoch, now)
	var probed finding
	for _, r := range results {
		e.byLoss.add(r)
		if !r.Received {
			e.lost += lossShare * (1 - e.lost)
			continue
		}
		e.lost -= lossShare * e.lost
		e.arriving.add(r.Arrival, r.Size, e.alr.active)
		e.leaving.add(r.At.Sub(e.epoch), r.Size, e.alr.active)
		if e.detector.add(r, e.rate(), now) {
			e.bursts.arrived(r)
		}
		if f := e.probes.arrived(r); f.rate > 0 {
			probed = f
		}
	}
	acked := e.acked()
	drain := e.backlog.drain(e.latency.queue, e.latency.rtt, e.lost > e.byLoss.best.inherent+fullLoss, now)
	switch usage := e.usage(); {
	case drain && e.arriving.early() > 0:
		e.aimd.drain(1000*e.drained(), e.latency.queue, now)
	case e.detector.usage == Overusing && usage == Overusing:
		e.aimd.decrease(e.carried(), e.latency.rtt, now)
	case usage != Overusing: // a queue that stands drains by itself now
		if usage == Normal && e.latency.queue <= emptyQueue {
			e.aimd.prove(acked, now)
		}
		e.aimd.increase(usage, acked, e.latency.rtt, now)
		e.found(probed, acked, now)
	}
	e.bound = 1000 * e.byLoss.update(e.aimd.rate/1000, acked/1000, e.aimd.max/1000, e.alr.active)
}

// found takes in what a probe has found. While the application uses the
// estimate, the detector knows better when it is too high.
func (e *Estimator) found(f finding, acked float64, now time.Time) {
	if f.rate == 0 {
		return
	}
	e.aimd.ceiling.add(f, now)
	switch bound := e.aimd.ceiling.bound(acked, now); {
	case f.rate > e.aimd.rate:
		e.aimd.set(f.rate, now)
	case f.full && e.aimd.rate > bound:
		e.aimd.set(bound, now)
	}
	e.byLoss.probed(f.rate / 1000)
}

// usage is the detector's finding, and what it does not see: a queue that stands
// is too much, and one that is empty is not.
func (e *Estimator) usage() Usage {
	switch {
	case e.backlog.standing():
		return Overusing
	case e.latency.queue <= e.harmless():
		return Normal
	}
	return e.detector.usage
}

// harmless returns how long a queue may be that drains by itself.
func (e *Estimator) harmless() time.Duration {
	if e.acked() < roomShare*e.aimd.ceiling.known(e.told) {
		return burstQueue
	}
	return emptyQueue
}

// acked returns at which rate, in bit/s, packets arrive, as far as they were
// sent at that rate: a queue that empties is faster, and a receiver that lies
// can be. It is 0 when not known.
func (e *Estimator) acked() float64 {
	packets := 1000 * min(e.arriving.rate, e.leaving.rate)
	if packets == 0 {
		return 0
	}
	return packets + e.beside
}

// Beside says what else of ours the path carries at the moment: data channels have
// no numbers, and no feedback tells of them. Without that a file would look like
// a path that has become as narrow as what is left for media.
func (e *Estimator) Beside(rate media.Bitrate) { e.beside = float64(rate) }

// carried returns at which rate, in bit/s, the path carries what is too much for
// it. While the queue is not full, what gets lost was carried, too.
func (e *Estimator) carried() float64 {
	kbps := max(e.arriving.rate, e.arriving.early())
	if e.latency.queue < fullQueue {
		kbps /= 1 - min(e.lost, mostCarriedLoss)
	}
	return 1000 * kbps
}

// drained returns at which rate, in kbit/s, a queue that stands is emptied: what
// arrived lately. Where little is sent, the last sample may be of next to nothing.
func (e *Estimator) drained() float64 {
	if e.alr.active {
		return max(e.arriving.early(), e.arriving.rate)
	}
	return e.arriving.early()
}

// Tick notices what does not happen: call it every 25 to 100 ms.
func (e *Estimator) Tick(now time.Time) {
	e.idle(0, now)
	q := &e.quiet
	if e.latency.rtt == 0 || q.since.IsZero() || now.Sub(q.since) < silence+e.latency.rtt || now.Sub(q.cut) < silenceStep {
		return
	}
	q.cut = now
	e.aimd.set(e.rate()*silenceCut, now)
	e.bound = min(e.bound, e.aimd.rate)
}

func (e *Estimator) rate() float64 { return max(min(e.aimd.rate, e.bound), e.aimd.min) }

// Bitrate returns what the downlink carries, as far as is known.
func (e *Estimator) Bitrate() media.Bitrate { return media.Bitrate(e.rate()) }

// RTT returns the smoothed round trip time; 0 before the first feedback.
func (e *Estimator) RTT() time.Duration { return e.latency.rtt }

// Loss returns the share of packets that were lost lately, from 0 to 1.
func (e *Estimator) Loss() float64 { return e.lost }

// State returns the rest that is known.
func (e *Estimator) State() State {
	return State{
		Usage: e.usage(),
		Limit: e.limit(),
		ALR:   e.alr.active,
		Acked: media.Bitrate(e.acked()),
		Delay: media.Bitrate(e.aimd.rate),
		Loss:  media.Bitrate(e.bound),
	}
}

func (e *Estimator) limit() Limit {
	switch acked := e.acked(); {
	case !e.quiet.cut.IsZero():
		return LimitSilence
	case e.bound < e.aimd.rate && e.byLoss.congested():
		return LimitLoss
	case e.alr.active || acked > 0 && e.aimd.rate >= ackedFactor*acked+ackedHeadroom:
		return LimitApplication
	}
	return LimitDelay
}

// ProbeInput returns what a Prober wants to know; wanted is the rate that the
// next layer would need in all, or 0.
func (e *Estimator) ProbeInput(wanted media.Bitrate) ProbeInput {
	return ProbeInput{
		Estimate: e.Bitrate(),
		Acked:    media.Bitrate(e.acked()),
		Wanted:   wanted,
		Burst:    media.Bitrate(e.bursts.rate),
		RTT:      e.latency.rtt,
		Queue:    e.latency.queue,
		Usage:    e.usage(),
		Limit:    e.limit(),
		ALR:      e.alr.active,
	}
}
