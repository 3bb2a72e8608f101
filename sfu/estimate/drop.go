package estimate

import (
	"time"

	"sfu/sfu/media"
)

// A drop to dropShare of what was is probed for dropProbe of it, if the path
// recovers within dropMemory, at most once in dropInterval (libwebrtc
// probe_controller.cc: kBitrateDropThreshold, kProbeFractionAfterDrop,
// kBitrateDropTimeout, kMinTimeBetweenAlrProbes; its timeout is 5 s, and radios
// and busy machines come to rest less soon).
const (
	dropShare    = 0.66
	dropProbe    = 0.85
	dropMemory   = 10 * time.Second
	dropInterval = 5 * time.Second
	// The path has recovered when no more than this waits on it.
	recoveredQueue = 10 * time.Millisecond
)

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
		in.Queue <= recoveredQueue &&
		float64(in.Estimate) < dropProbe*float64(d.from)
}

func (d *drop) probe(now time.Time) media.Bitrate {
	rate := media.Bitrate(dropProbe * float64(d.from))
	d.from, d.probed = 0, now
	return rate
}
