package estimate

import (
	"testing"
	"time"
)

// A file goes at what pictures leave of the estimate, which is not told how much
// of the path it takes: it takes less whenever the path seems narrower. Told, the
// estimator was found to keep a queue of 100 ms instead of 30.
func TestAFileTakesWhatPicturesLeave(t *testing.T) {
	t.Parallel()
	const s = time.Second
	l := path(1, step{0, 2 * mega})
	pictures, file := l.flow(Config{Start: 1 * mega}), l.flow(Config{})
	const wanted = 1 * mega
	pictures.rate = func(f *flow) float64 { return min(wanted, float64(f.est.Bitrate())) }
	file.rate = func(*flow) float64 {
		return max(64_000, float64(pictures.est.Bitrate())-wanted)
	}
	l.run(60 * s)
	within(t, "Mbit/s of pictures", pictures.trace.throughput(10*s, 60*s)/mega, 0.95, 1.1)
	within(t, "Mbit/s of the file", file.trace.throughput(10*s, 60*s)/mega, 0.6, 1)
	within(t, "queueing delay", pictures.trace.waited(10*s, 60*s, 0.95).Seconds(), 0, 0.1)
}
