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
	probeDuration    = 15 * time.Millisecond // min_probe_duration
	probePackets     = 5                     // min_probe_packets_sent
	alrProbeInterval = 5 * time.Second       // alr_interval
	probePatience    = time.Second           // until a result comes: kMaxWaitingTimeForProbingResult

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

	// The next layer is probed for with a reserve, so that finding its very
	// rate is a success; often at first, and after each failure more seldom
	// (LiveKit's ccutils/probe_regulator.go has 3 s, 1.5 and 2 min).
	wantedMargin    = 1.2
	wantedReserve   = 1.15 // the layer is within reach when the estimate is so much above its rate
	wantedInterval  = 3 * time.Second
	wantedBackoff   = 1.5
	longestInterval = 2 * time.Minute
	// An estimate that grows by itself this far above where a probe failed means
	// that the path has changed.
	grownShare = 1.05
)

// ProbeInput is what Prober decides by.
type ProbeInput struct {
	Estimate media.Bitrate
	Acked    media.Bitrate // 0 when not known
	Wanted   media.Bitrate // all that would be sent with the next layer, 0 when nothing more is wanted
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

// Prober decides when to probe and how fast. The zero Prober is ready to use.
type Prober struct {
	clusters int           // how many there were
	second   media.Bitrate // the other probe of the beginning, while it is still to come
	last     Probe
	sent     time.Time     // when last was
	from     media.Bitrate // the estimate at that time
	waiting  bool          // its result may still come
	found    bool          // it came, and there may be more to find

	interval time.Duration // between probes for what is wanted
	failed   media.Bitrate // the estimate after the last failure, 0 when there is none
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
	p.sent, p.from, p.waiting, p.found = now, in.Estimate, true, false
	return p.last, true
}

// judge decides whether the last probe found what it was for: at least half of
// what it was above the estimate.
func (p *Prober) judge(in ProbeInput, now time.Time) {
	switch {
	case p.waiting && in.Estimate >= p.from+(max(p.last.Bitrate, p.from)-p.from)/2:
		p.waiting, p.found = false, true
		p.interval, p.failed = wantedInterval, 0
	case p.waiting && now.Sub(p.sent) > probePatience+in.RTT:
		p.waiting, p.failed = false, in.Estimate
		p.interval = min(time.Duration(float64(max(p.interval, wantedInterval))*wantedBackoff), longestInterval)
	case !p.waiting && p.failed > 0 && float64(in.Estimate) > grownShare*float64(p.failed):
		p.interval, p.failed = wantedInterval, 0
	}
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
	case p.waiting || congested(in):
		return 0
	case p.drop.over(in, now):
		return p.drop.probe(now)
	}
	since := now.Sub(p.sent)
	most := probeLimit * in.Estimate
	if float64(in.Estimate) < wantedReserve*float64(in.Wanted) {
		if since >= p.interval || p.found && in.Estimate < in.Wanted {
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
