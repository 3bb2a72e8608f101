package bwe

import (
	"slices"
	"time"
)

// trace is what happened on a downlink.
type trace struct {
	estimates []sample        // bit/s
	sent      []time.Duration // every packet
	dropped   []time.Duration // when those were sent that found the queue full
	queued    []sample        // by time of sending, seconds in the queue
	carried   []sample        // by time of arrival, bits, padding excepted
	changes   []time.Duration // of what is granted to a picture
	probes    int
}

type sample struct {
	at    time.Duration
	value float64
}

// total returns the sum of the samples from a time on.
func total(samples []sample, from time.Duration) (sum float64) {
	for _, s := range samples {
		if s.at >= from {
			sum += s.value
		}
	}
	return sum
}

func since(times []time.Duration, from time.Duration) (n int) {
	for _, at := range times {
		if at >= from {
			n++
		}
	}
	return n
}

// when returns how many seconds after from a sample first fulfils ok, and more
// than any target where none before until does.
func when(samples []sample, from, until time.Duration, ok func(float64) bool) float64 {
	for _, s := range samples {
		if s.at >= from && s.at < until && ok(s.value) {
			return (s.at - from).Seconds()
		}
	}
	return (until - from).Seconds()
}

// percentile returns what a share of the samples does not exceed.
func percentile(samples []sample, share float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	values := make([]float64, 0, len(samples))
	for _, s := range samples {
		values = append(values, s.value)
	}
	slices.Sort(values)
	return values[int(share*float64(len(values)-1))]
}
