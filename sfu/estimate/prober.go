package estimate

import (
	"time"

	"sfu/sfu/media"
)

const (
	// The constants of libwebrtc probe_controller.cc, by their names in
	// ProbeControllerConfig.
	firstProbe       = 3                     // x the start: p1
	secondProbe      = 6                     // p2
	furtherProbe     = 2                     // x what the last one found: step_size
	foundShare       = 0.7                   // of a probe's rate, for a find: further_probe_threshold
	probeLimit       = 2                     // x the estimate: alloc_current_bwe_limit, alr_scale
	busyLimit        = 1.5                   // the same while the estimate is used, and a queue would last: loss_limited_scale
	probeDuration    = 15 * time.Millisecond // min_probe_duration
	busyDuration     = 50 * time.Millisecond
	probePackets     = 5               // min_probe_packets_sent
	alrProbeInterval = 5 * time.Second // alr_interval
	probePatience    = time.Second     // until a result comes: kMaxWaitingTimeForProbingResult

	// A drop to dropShare of what was is probed for dropProbe of it, if the
	// path recovers within dropMemory (kBitrateDropThreshold,
	// kProbeFractionAfterDrop, kBitrateDropTimeout), at most once in
	// dropInterval (kMinTimeBetweenAlrProbes).
	dropShare    = 0.66
	dropProbe    = 0.85
	dropMemory   = 5 * time.Second
	dropInterval = 5 * time.Second
	// The path has recovered when the round trip is this close to that of empty
	// queues.
	recoveredRTT    = 1.2
	recoveredMargin = 10 * time.Millisecond

	// holdTime is how long a find must hold before it is believed.
	holdTime = 2 * time.Second

	// The next layer is probed for with a reserve, so that finding its very
	// rate is a success; often at first, and after each failure more seldom
	// (LiveKit's ccutils/probe_regulator.go has 3 s, 1.5 and 2 min).
	wantedMargin    = 1.3
	wantedReserve   = 1.15 // the layer is within reach when the estimate is so much above its rate
	wantedInterval  = 3 * time.Second
	wantedBackoff   = 1.5
	longestInterval = 6 * time.Second
	// An estimate that grows by itself so far above where a probe failed, or
	// bursts that pass so much faster than then, mean that the path has changed.
	grownShare  = 1.05
	fasterShare = 1.3
)

// ProbeInput is what Prober decides by.
type ProbeInput struct {
	Estimate media.Bitrate
	Acked    media.Bitrate // 0 when not known
	Wanted   media.Bitrate // all that would be sent with the next layer, 0 when nothing more is wanted
	Burst    media.Bitrate // at which media passes for a moment, 0 when not known
	RTT      time.Duration // 0 when not known
	BaseRTT  time.Duration // the shortest lately
	Usage    Usage
	Limit    Limit
	ALR      bool
}

// Probe says how to probe: send packets marked with Cluster at Bitrate, at
// least MinPackets of them and for Duration. Media that is due meanwhile counts;
// the rest are repeats or padding.
type Probe struct {
	Cluster    int
	Bitrate    media.Bitrate
	Duration   time.Duration
	MinPackets int
}

// phase is how far the last probe has come.
type phase uint8

const (
	idle    phase = iota // it is judged
	waiting              // its result may still come
	found                // it has, and must hold
)

// Prober decides when to probe and how fast. The zero Prober is ready to use.
type Prober struct {
	clusters int           // how many there were
	second   media.Bitrate // the other probe of the beginning, while it is still to come
	last     Probe
	sent     time.Time     // when last was
	from     media.Bitrate // the estimate at that time
	phase    phase

	interval time.Duration // between probes for what is wanted
	failed   failure
	drop     drop
}

// Update returns the next probe, if it is time for one. Call it after feedback
// and on every tick. While a probe is being sent there is no other one.
func (p *Prober) Update(in ProbeInput, now time.Time) (probe Probe, ok bool) {
	if in.RTT == 0 { // nobody answers yet
		return Probe{}, false
	}
	p.judge(in, now)
	p.drop.watch(in.Estimate, now)
	if now.Sub(p.sent) < p.last.Duration {
		return Probe{}, false
	}
	rate := p.next(in, now)
	if rate == 0 {
		return Probe{}, false
	}
	p.clusters++
	p.last = Probe{Cluster: p.clusters, Bitrate: rate, Duration: probeDuration, MinPackets: probePackets}
	if p.clusters > 2 && !in.ALR {
		p.last.Duration = busyDuration
	}
	p.sent, p.from, p.phase = now, in.Estimate, waiting
	return p.last, true
}

// judge decides whether the last probe found what it was for: at least half of
// what it was above the estimate, and whether that holds. What passes for the
// time of a probe may be what another flow leaves between two of its frames.
func (p *Prober) judge(in ProbeInput, now time.Time) {
	goal := p.from + (max(p.last.Bitrate, p.from)-p.from)/2
	past := now.Sub(p.sent)
	switch {
	case p.phase == waiting && in.Estimate >= goal:
		p.phase = found
	case p.phase == found && in.Estimate >= goal && past > holdTime:
		p.phase, p.interval, p.failed = idle, wantedInterval, failure{}
	case p.phase == waiting && past > probePatience+in.RTT, p.phase == found && in.Estimate < goal:
		p.phase, p.failed = idle, failure{max(p.from, in.Estimate), in.Burst}
		p.interval = min(time.Duration(float64(max(p.interval, wantedInterval))*wantedBackoff), longestInterval)
	case p.phase == idle && p.failed.outdated(in):
		p.interval, p.failed = wantedInterval, failure{}
	}
}

// failure is what was known when a probe found nothing.
type failure struct {
	estimate, burst media.Bitrate
}

// outdated reports that the path has become a better one since.
func (f failure) outdated(in ProbeInput) bool {
	return f.estimate > 0 && float64(in.Estimate) > grownShare*float64(f.estimate) ||
		f.burst > 0 && float64(in.Burst) > fasterShare*float64(f.burst)
}

// next returns the rate to probe now, or 0.
func (p *Prober) next(in ProbeInput, now time.Time) media.Bitrate {
	switch {
	case p.clusters == 0:
		p.second = secondProbe * in.Estimate
		return firstProbe * in.Estimate
	case p.second > 0:
		rate := p.second
		p.second = 0
		return rate
	case p.phase == waiting || congested(in):
		return 0
	case p.drop.over(in, now):
		return p.drop.probe(now)
	}
	since := now.Sub(p.sent)
	most := media.Bitrate(busyLimit * float64(in.Estimate))
	if in.ALR {
		most = probeLimit * in.Estimate
	}
	if float64(in.Estimate) < wantedReserve*float64(in.Wanted) {
		if since >= p.interval || p.phase == found && in.Estimate < in.Wanted {
			return min(media.Bitrate(wantedMargin*float64(in.Wanted)), most)
		}
		return 0
	}
	// Nothing more is wanted. Know of twice of what is sent, and no more: it
	// costs the subscriber.
	if rate := min(probeLimit*in.Acked, most); in.ALR && since >= alrProbeInterval && float64(rate) > grownShare*float64(in.Estimate) {
		return rate
	}
	return 0
}

// congested reports that a probe would only add to a queue or to losses.
func congested(in ProbeInput) bool {
	return in.Usage == Overusing || in.Limit == LimitLoss || in.Limit == LimitSilence
}

// drop remembers from where the estimate fell.
type drop struct {
	peak   media.Bitrate // the highest estimate of about the last dropMemory
	peaked time.Time
	from   media.Bitrate // the peak before the last drop; 0 when it is settled
	at     time.Time
	probed time.Time
}

func (d *drop) watch(estimate media.Bitrate, now time.Time) {
	if d.from > 0 && now.Sub(d.at) > dropMemory {
		d.from = 0 // it was real
	}
	if float64(estimate) < dropShare*float64(d.peak) {
		d.from, d.at = max(d.from, d.peak), now
		d.peak, d.peaked = estimate, now
	}
	if estimate >= d.peak || now.Sub(d.peaked) > dropMemory {
		d.peak, d.peaked = estimate, now
	}
}

// over reports that the path may be again what it was before the drop.
func (d *drop) over(in ProbeInput, now time.Time) bool {
	return d.from > 0 && now.Sub(d.probed) > dropInterval && in.Usage == Normal &&
		float64(in.RTT) <= recoveredRTT*float64(in.BaseRTT)+float64(recoveredMargin) &&
		float64(in.Estimate) < dropProbe*float64(d.from)
}

func (d *drop) probe(now time.Time) media.Bitrate {
	rate := media.Bitrate(dropProbe * float64(d.from))
	d.from, d.probed = 0, now
	return rate
}
