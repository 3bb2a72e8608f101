package estimate

import (
	"testing"
	"time"
)

// The start is a guess. Where it is twice of what the path carries, sound must
// not wait long for the estimate to say so.
func TestAThinPathIsKnownSoon(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{10 * ms, 35 * ms, 75 * ms} {
		l := path(1, step{0, 0.5 * mega})
		l.delay = delay
		f := l.flow(Config{Start: 1 * mega})
		f.every = 100 * ms
		l.run(5 * time.Second)
		low := f.trace.when(0, func(e float64) bool { return e < 0.55*mega })
		within(t, "seconds until the estimate is below the capacity", low.Seconds(), 0, 0.6+4*delay.Seconds())
		within(t, "queueing delay after a second and a half", f.trace.waited(1500*ms, 5*time.Second, 0.95).Seconds(), 0, 0.1)
	}
}
