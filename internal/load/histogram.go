package load

import (
	"math"
	"time"
)

// histogram keeps durations in steps of 2 %, so that a long run needs no more
// memory than a short one. The zero histogram is ready to use.
type histogram struct {
	counts [1200]uint64 // from 1 us to more than an hour
	total  uint64
}

var logStep = math.Log(1.02)

func (h *histogram) add(d time.Duration) {
	i := 0
	if d > time.Microsecond {
		i = min(len(h.counts)-1, int(math.Log(float64(d)/float64(time.Microsecond))/logStep))
	}
	h.counts[i]++
	h.total++
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// quantile returns the duration that a share q of all do not exceed; 0 if there
// is none.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank, seen := uint64(math.Ceil(q*float64(h.total))), uint64(0)
	for i, n := range h.counts {
		if seen += n; seen >= max(rank, 1) {
			return time.Duration(math.Exp(float64(i+1)*logStep) * float64(time.Microsecond))
		}
	}
	return 0
}
