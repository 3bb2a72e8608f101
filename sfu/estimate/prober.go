package estimate

import (
	"time"

	"sfu/sfu/media"
)

// The constants of libwebrtc probe_controller.cc, by their names in its
// ProbeControllerConfig, and our own.
const (
	firstProbe       = 3                     // times the start: p1
	secondProbe      = 6                     // p2
	idleLimit        = 2                     // times the estimate, while it is not used: alr_scale, alloc_current_bwe_limit
	busyLimit        = 1.5                   // while it is, and a queue would last: loss_limited_scale
	fastestProbe     = 200_000_000           // bit/s: what probes cannot find is found by using it
	probePackets     = 5                     // min_probe_packets_sent
	alrProbeInterval = 5 * time.Second       // alr_interval
	probePatience    = 1 * time.Second       // until a result comes: kMaxWaitingTimeForProbingResult
	idleDuration     = 15 * time.Millisecond // min_probe_duration
	// A busy link is probed for longer than a frame of another flow takes, else
	// the pause between two of its frames looks like room.
	busyDuration = 50 * time.Millisecond
	// holdTime is how long a find must hold before it is believed.
	holdTime = 2 * time.Second

	// The next layer is within reach when the estimate is wantedReserve times its
	// rate, and it is probed for at wantedMargin times, so that what is found of
	// that is enough.
	wantedReserve = 1.15
	wantedMargin  = 1.3
	// As long as probes find nothing they get rarer, as in LiveKit
	// (ccutils/probe_regulator.go: 3 s, 1.5, 2 min). But ours are a few packets,
	// where theirs last for seconds, and a path that has become better is to be
	// used within 4 s. So they stop getting rarer as soon as they take no more
	// than probeShare of the estimate.
	wantedInterval  = 2 * time.Second
	wantedBackoff   = 1.5
	longestInterval = 3 * time.Second
	probeShare      = 0.05
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
	Queue    time.Duration // how long packets waited lately, at least
	Usage    Usage
	Limit    Limit
	ALR      bool
}

// Probe says how to probe: send packets marked with Cluster at Bitrate, at
// least MinPackets of them and for Duration. Media that is due meanwhile counts
// and is marked; the rest are repeats or padding, small ones if there are.
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
	sent     time.Time // when last was
	from     known     // at that time
	phase    phase

	interval time.Duration // between probes for what is wanted
	failed   known         // when a probe last found nothing; zero when that is outdated
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
	if now.Sub(p.sent) < p.last.length() {
		return Probe{}, false
	}
	rate := min(p.next(in, now), fastestProbe)
	if rate == 0 || rate <= in.Estimate {
		return Probe{}, false
	}
	p.clusters++
	p.last = Probe{Cluster: p.clusters, Bitrate: rate, Duration: idleDuration, MinPackets: probePackets}
	if p.clusters > 2 && !in.ALR {
		p.last.Duration = busyDuration
	}
	p.sent, p.from, p.phase = now, known{in.Estimate, in.Burst}, waiting
	return p.last, true
}

// length returns how long the probe takes, of packets as large as can be.
func (p Probe) length() time.Duration {
	if p.Bitrate == 0 {
		return 0
	}
	return max(p.Duration, time.Duration(p.MinPackets)*typicalPacket*time.Second/time.Duration(p.Bitrate))
}

// rarer returns the interval after one that was in vain.
func rarer(interval time.Duration, estimate media.Bitrate) time.Duration {
	cheap := time.Duration(probePackets * typicalPacket / probeShare / float64(max(estimate, 1)) * float64(time.Second))
	interval = time.Duration(float64(max(interval, wantedInterval)) * wantedBackoff)
	return min(interval, max(longestInterval, cheap))
}

// judge decides whether the last probe found what it was for: at least half of
// what it was above the estimate, and whether that holds. What passes for the
// time of a probe may be what another flow leaves between two of its frames.
func (p *Prober) judge(in ProbeInput, now time.Time) {
	from := p.from.estimate
	goal := from + (max(p.last.Bitrate, from)-from)/2
	past := now.Sub(p.sent)
	switch {
	case p.phase == waiting && in.Estimate >= goal:
		p.phase = found
	case p.phase == found && in.Estimate >= goal && past > holdTime:
		p.phase, p.interval, p.failed = idle, wantedInterval, known{}
	case p.phase == waiting && past > probePatience+in.RTT, p.phase == found && in.Estimate < goal:
		p.phase, p.failed = idle, known{max(from, in.Estimate), p.from.burst}
		p.interval = rarer(p.interval, in.Estimate)
	case p.phase == idle && p.failed.outdated(in):
		p.interval, p.failed = wantedInterval, known{}
	}
}

// known is what was known of the path at some time.
type known struct {
	estimate, burst media.Bitrate
}

// outdated reports that the path has become a better one since.
func (k known) outdated(in ProbeInput) bool {
	return k.estimate > 0 && float64(in.Estimate) > grownShare*float64(k.estimate) ||
		k.burst > 0 && float64(in.Burst) > fasterShare*float64(k.burst)
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
	return p.wanted(in, now.Sub(p.sent))
}

// wanted returns the rate to probe for what is wanted, or 0. since is how long
// ago the last probe was.
func (p *Prober) wanted(in ProbeInput, since time.Duration) media.Bitrate {
	known := max(in.Estimate, in.Acked) // after a false drop more arrives than is believed
	most := media.Bitrate(busyLimit * float64(known))
	if in.ALR {
		most = idleLimit * known
	}
	due := since >= max(p.interval, wantedInterval) || p.phase == found && in.Estimate < idleLimit*in.Wanted
	switch {
	case float64(in.Estimate) < wantedReserve*float64(in.Wanted):
		if due {
			return min(media.Bitrate(wantedMargin*float64(in.Wanted)), most)
		}
	case !in.ALR && (p.phase != found || in.Wanted == 0): // it will grow by itself, or meet the capacity
	case in.Wanted > 0: // more will be wanted after the next layer
		if due {
			return most
		}
	case since >= alrProbeInterval:
		// Know of twice of what is sent, and no more: it costs the subscriber.
		if rate := min(idleLimit*in.Acked, most); float64(rate) > grownShare*float64(in.Estimate) {
			return rate
		}
	}
	return 0
}

// congested reports that a probe would only add to a queue or to losses.
func congested(in ProbeInput) bool {
	return in.Usage == Overusing || in.Limit == LimitLoss || in.Limit == LimitSilence
}
