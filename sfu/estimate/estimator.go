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
	Loss  media.Bitrate // the bound by loss; Max when there is none
}

// Estimator estimates one downlink.
type Estimator struct {
	cfg Config
}

// New returns an Estimator that begins at cfg.Start.
func New(cfg Config) *Estimator { return &Estimator{cfg: cfg} }

// Sent takes in that p was sent.
func (e *Estimator) Sent(p Packet) {}

// Feedback takes in what became of packets, as History tells it.
func (e *Estimator) Feedback(results []Result, now time.Time) {}

// Tick notices what does not happen: call it every 25 to 100 ms.
func (e *Estimator) Tick(now time.Time) {}

// Bitrate returns what the downlink carries, as far as is known.
func (e *Estimator) Bitrate() media.Bitrate { return e.cfg.Start }

// RTT returns the smoothed round trip time, feedback interval included; 0
// before the first feedback.
func (e *Estimator) RTT() time.Duration { return 0 }

// Loss returns the share of packets that were lost lately, from 0 to 1.
func (e *Estimator) Loss() float64 { return 0 }

// State returns the rest that is known.
func (e *Estimator) State() State { return State{} }

// ProbeInput returns what a Prober wants to know; wanted is the rate that the
// next layer would need in all, or 0.
func (e *Estimator) ProbeInput(wanted media.Bitrate) ProbeInput {
	return ProbeInput{Wanted: wanted}
}
