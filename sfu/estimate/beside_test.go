package estimate

import (
	"testing"
	"time"

	"sfu/sfu/media"
)

// A file goes at what pictures leave of the estimate but for a tenth, and the
// estimator is told how much of the path it takes: pictures that send little are
// not to be cut to what arrives of them alone.
func TestAFileTakesWhatPicturesLeave(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, wanted := range []float64{0.3 * mega, 1 * mega} {
		l := path(1, step{0, 2 * mega})
		pictures, file := l.flow(Config{Start: 1 * mega}), l.flow(Config{})
		pictures.rate = func(f *flow) float64 {
			f.est.Beside(media.Bitrate(file.trace.throughput(max(0, l.now-600*ms), l.now)))
			return min(wanted, float64(f.est.Bitrate()))
		}
		file.rate = func(*flow) float64 {
			return max(64_000, 0.9*float64(pictures.est.Bitrate())-wanted)
		}
		l.run(60 * s)
		carried := pictures.trace.throughput(10*s, 60*s) + file.trace.throughput(10*s, 60*s)
		within(t, "Mbit/s of pictures", pictures.trace.throughput(10*s, 60*s)/wanted, 0.95, 1.1)
		within(t, "Mbit/s of both", carried/mega, 1.6, 2)
		within(t, "queueing delay", pictures.trace.waited(10*s, 60*s, 0.95).Seconds(), 0, 0.1)
	}
}
