package e2e

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sfu/metrics"
)

// mean returns the mean of what a histogram has observed, and how often it did.
func mean(t *testing.T, h prometheus.Collector) (mean float64, n uint64) {
	t.Helper()
	out := histogramOf(t, h)
	n = out.GetSampleCount()
	return out.GetSampleSum() / float64(max(n, 1)), n
}

func TestLossIsBlamedOnTheLineThatLoses(t *testing.T) {
	for name, line := range map[string]struct{ up, down float64 }{
		"up": {up: 0.1}, "down": {down: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.allowed.loss = true
				ann := w.join("ann")
				bob := w.join("bob", sending())
				bob.receives(time.Second, ann)
				ann.link.lossy(line.up, 0)
				bob.link.lossy(0, line.down)
				w.run(8 * time.Second)
				for d, lost := range map[metrics.Direction]float64{metrics.In: line.up, metrics.Out: line.down} {
					share, n := mean(t, w.count.Loss[d])
					if n < 6 {
						t.Errorf("in direction %d it was looked %d times what was lost", d, n)
					}
					if share < 0.6*lost || share > 1.4*lost+0.01 {
						t.Errorf("in direction %d %.1f %% are said to be lost, not %.0f %%", d, 100*share, 100*lost)
					}
				}
			})
		})
	}
}

func TestRoundTripsAreMeasured(t *testing.T) {
	play(t, func(w *world) {
		w.join("ann")
		w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		w.run(5 * time.Second)
		if rtt, n := mean(t, w.count.RTT); n < 8 || rtt < 0.019 || rtt > 0.026 {
			t.Errorf("%d round trips of %.1f ms were measured, of 20 ms", n, 1000*rtt)
		}
	})
}
