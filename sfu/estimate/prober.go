package estimate

import (
	"time"

	"sfu/sfu/media"
)

// ProbeInput is what Prober decides by.
type ProbeInput struct {
	Estimate media.Bitrate
	Acked    media.Bitrate // 0 when not known
	Wanted   media.Bitrate // all that would be sent with the next layer, 0 when nothing more is wanted
	RTT      time.Duration // 0 when not known
	Usage    Usage
	Limit    Limit
	ALR      bool
}

// Probe says how to probe: send packets marked with Cluster at Bitrate, at
// least MinPackets of them and for Duration. Media that is due anyway counts
// and is marked too; the rest are repeats or padding.
type Probe struct {
	Cluster    int
	Bitrate    media.Bitrate
	Duration   time.Duration
	MinPackets int
}

// Prober decides when to probe and how fast. The zero Prober is ready to use.
type Prober struct {
	clusters int
}

// Update returns the next probe, if it is time for one. Call it after feedback
// and on every tick, and again until ok is false.
func (p *Prober) Update(in ProbeInput, now time.Time) (probe Probe, ok bool) {
	return Probe{}, false
}
