package estimate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sfu/sfu/media"
)

// These are the targets of the estimator in one package, with a source that
// follows the estimate or that does not. internal/bwe plays more of them, with
// layers and with a baseline.

const mega = 1e6

type step struct {
	from time.Duration
	rate float64
}

func steps(s ...step) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		rate := s[0].rate
		for _, x := range s {
			if at >= x.from {
				rate = x.rate
			}
		}
		return rate
	}
}

func wants(rate media.Bitrate) func(*flow) media.Bitrate {
	return func(*flow) media.Bitrate { return rate }
}

// path returns a link with a seed of its own.
func path(seed uint64, capacity ...step) *link {
	l := newLink(steps(capacity...))
	l.rng = rand.New(rand.NewPCG(seed, 2))
	return l
}

// within fails unless low <= got <= high.
func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %.3f, not between %.3f and %.3f", what, got, low, high)
	}
}

func TestCapacitySteps(t *testing.T) {
	t.Parallel()
	const s = time.Second
	phases := []step{{0, 1 * mega}, {20 * s, 2.5 * mega}, {40 * s, 0.6 * mega}, {60 * s, 1 * mega}, {80 * s, 0}}
	for _, tt := range []struct {
		name                string
		delay, queue, every time.Duration
		loss                float64
	}{
		{"50 ms", 25 * ms, 300 * ms, 50 * ms, 0.02},
		{"150 ms", 75 * ms, 300 * ms, 100 * ms, 0.02},
		{"50 ms, a short queue", 25 * ms, 70 * ms, 100 * ms, 0.035},
	} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(tt.name, "/", seed), func(t *testing.T) {
				t.Parallel()
				l := path(seed, phases[:4]...)
				l.delay, l.queue = tt.delay, tt.queue
				f := l.flow(Config{})
				f.every, f.wanted = tt.every, wants(20*mega)
				l.run(80 * s)
				last := 0.0
				for i, p := range phases[:4] {
					end := phases[i+1].from
					if p.rate > last {
						up := f.trace.when(p.from, func(e float64) bool { return e >= 0.8*p.rate })
						within(t, fmt.Sprint(p.rate, ": seconds to 80 %"), up.Seconds(), 0, 4)
					} else {
						down := f.trace.when(p.from, func(e float64) bool { return e <= p.rate })
						within(t, fmt.Sprint(p.rate, ": seconds to the capacity"), down.Seconds(), 0, 1)
					}
					within(t, fmt.Sprint(p.rate, ": use"), f.trace.throughput(p.from, end)/p.rate, 0.8, 1)
					last = p.rate
				}
				use := f.trace.throughput(0, 80*s) / (1.275 * mega)
				within(t, "use", use, 0.85, 1)
				within(t, "p95 of queueing in ms", float64(f.trace.waited(0, 80*s, 0.95).Milliseconds()), 0, 100)
				within(t, "loss", f.trace.loss(0, 80*s), 0, tt.loss)
			})
		}
	}
}

func TestLossyPaths(t *testing.T) {
	t.Parallel()
	random := func(share float64) func(*rand.Rand) bool {
		return func(rng *rand.Rand) bool { return rng.Float64() < share }
	}
	bursts := func() func(*rand.Rand) bool { // 2.5 %, in bursts of ten packets of which every other is lost
		bad := false
		return func(rng *rand.Rand) bool {
			bad = rng.Float64() < 0.005 || bad && rng.Float64() > 0.1
			return bad && rng.Float64() < 0.5
		}
	}
	for _, tt := range []struct {
		name  string
		lose  func(*rand.Rand) bool
		share float64
		rate  float64
		least float64 // of what the path could deliver
	}{
		{"1 %", random(0.01), 0.01, 1 * mega, 0.8},
		{"5 %", random(0.05), 0.05, 1 * mega, 0.8},
		{"10 %", random(0.10), 0.10, 1 * mega, 0.7},
		{"5 % of more", random(0.05), 0.05, 2.5 * mega, 0.7},
		{"10 % of more", random(0.10), 0.10, 2.5 * mega, 0.55},
		{"bursts", bursts(), 0.025, 1 * mega, 0.8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := path(1, step{0, tt.rate})
			l.lose = tt.lose
			f := l.flow(Config{})
			f.wanted = wants(2 * media.Bitrate(tt.rate))
			l.run(40 * time.Second)
			use := f.trace.throughput(10*time.Second, 40*time.Second) / tt.rate / (1 - tt.share)
			within(t, "use", use, tt.least, 1)
			within(t, "p95 of queueing in ms", float64(f.trace.waited(0, 40*time.Second, 0.95).Milliseconds()), 0, 120)
		})
	}
}

// While 400 kbit/s are sent, the estimate neither grows without end nor is the
// rest of the path forgotten.
func TestApplicationLimited(t *testing.T) {
	t.Parallel()
	for _, wanted := range []media.Bitrate{0, 900_000} {
		l := path(1, step{0, 1 * mega})
		f := l.flow(Config{})
		f.rate = func(*flow) float64 { return 400 * kilo }
		f.wanted = wants(wanted)
		l.run(30 * time.Second)
		for i, e := range f.trace.estimate[200:] {
			if e < 0.6*mega || e > 1.2*mega {
				t.Fatalf("wanting %d: at %v the estimate of a path of 1 Mbit/s is %.0f", wanted, time.Duration(i+200)*10*ms, e)
			}
		}
	}
}

// Who sends four fifths of what a path carries, and would like to send more, does
// not come to believe in more: a layer that does not fit costs a picture.
func TestEstimateDoesNotCreep(t *testing.T) {
	t.Parallel()
	for _, loss := range []float64{0, 0.03} {
		l := path(1, step{0, 1 * mega})
		l.lose = func(rng *rand.Rand) bool { return rng.Float64() < loss }
		f := l.flow(Config{})
		f.rate, f.wanted = func(*flow) float64 { return 800 * kilo }, wants(1_500_000)
		l.run(60 * time.Second)
		for i, e := range f.trace.estimate[1000:] {
			if e < 0.65*mega || e > 1.04*mega {
				t.Fatalf("%.0f %% lost: at %v the estimate of a path of 1 Mbit/s is %.0f", 100*loss, time.Duration(i+1000)*10*ms, e)
			}
		}
	}
}

// While little is sent only probes see that the path has become a worse one, or
// that one that lost much has become a better one.
func TestProbesSeeWhatIsNotUsed(t *testing.T) {
	t.Parallel()
	const s = time.Second
	l := path(1, step{0, 1 * mega}, step{10 * s, 0.6 * mega})
	f := l.flow(Config{})
	f.rate, f.wanted = func(*flow) float64 { return 300 * kilo }, wants(900_000)
	l.run(20 * s)
	within(t, "the estimate of 0.6 Mbit/s", f.trace.at(16*s)/mega, 0.4, 0.7)

	l = path(1, step{0, 0.4 * mega}, step{20 * s, 2 * mega})
	l.queue = 20 * ms // it loses much
	f = l.flow(Config{})
	f.wanted = wants(900_000)
	f.rate = func(f *flow) float64 {
		if l.now > 20*s {
			return 150 * kilo
		}
		return 600 * kilo
	}
	l.run(30 * s)
	within(t, "the estimate of 2 Mbit/s", f.trace.at(27*s)/mega, 0.9, 2)
}

// Layers are what an SFU sends: most of the time much less than the path
// carries, and then at once a whole layer more.
func TestLayers(t *testing.T) {
	t.Parallel()
	const s = time.Second
	layers := []float64{150 * kilo, 500 * kilo, 1.5 * mega, 3 * mega}
	rate := func(f *flow) float64 {
		got := layers[0]
		for _, layer := range layers[1:] {
			if float64(f.est.Bitrate()) >= wantedReserve*layer {
				got = layer
			}
		}
		return got
	}
	for seed := range uint64(2) {
		l := path(seed, step{0, 6 * mega}, step{10 * s, 1 * mega}, step{30 * s, 6 * mega})
		f := l.flow(Config{})
		f.rate = rate
		f.wanted = func(f *flow) media.Bitrate {
			for _, layer := range layers {
				if layer > rate(f) {
					return media.Bitrate(layer)
				}
			}
			return 0
		}
		l.run(36 * s)
		top := func(e float64) bool { return e >= wantedReserve*layers[3] }
		within(t, "seconds to the top layer", f.trace.when(0, top).Seconds(), 0, 4)
		within(t, "seconds to what the path carries", f.trace.when(10*s, func(e float64) bool { return e <= 1*mega }).Seconds(), 0, 1)
		within(t, "the estimate of 1 Mbit/s", f.trace.at(29*s)/mega, 0.7, 1.2)
		within(t, "seconds to the top layer again", f.trace.when(30*s, top).Seconds(), 0, 4)
	}
}

func TestTwoFlowsShare(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for seed := range uint64(2) {
		l := path(seed, step{0, 2 * mega})
		a, b := l.flow(Config{}), l.flow(Config{})
		a.wanted, b.wanted = wants(20*mega), wants(20*mega)
		b.rate = func(f *flow) float64 {
			if l.now < 10*s { // the second comes later
				return 0
			}
			return float64(f.est.Bitrate())
		}
		l.run(60 * s)
		first, second := a.trace.throughput(20*s, 60*s), b.trace.throughput(20*s, 60*s)
		within(t, "the first to the second", first/second, 0.5, 2)
		within(t, "use", (first+second)/(2*mega), 0.85, 1)
		within(t, "p95 of queueing in ms", float64(a.trace.waited(20*s, 60*s, 0.95).Milliseconds()), 0, 200)
	}
}

// A TCP flow fills the queue whatever we do. It must not starve us.
func TestTCPLeavesSomething(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for seed := range uint64(2) {
		l := path(seed, step{0, 4 * mega})
		l.rival = &rival{window: 10, threshold: 100}
		f := l.flow(Config{})
		f.wanted = wants(20 * mega)
		l.run(60 * s)
		ours, theirs := f.trace.throughput(10*s, 60*s), float64(l.rival.delivered)*8/60
		within(t, "our share", ours/(ours+theirs), 0.3, 0.85)
	}
}

// The wire adds a delay of its own to every packet, as a radio does.
func TestJitter(t *testing.T) {
	t.Parallel()
	for name, jitter := range map[string]func(rng *rand.Rand) time.Duration{
		"up to 15 ms":         func(rng *rand.Rand) time.Duration { return time.Duration(rng.Float64() * float64(15*ms)) },
		"10 ms, at times 50":  func(rng *rand.Rand) time.Duration { return time.Duration(rng.ExpFloat64() * float64(10*ms)) },
		"60 ms, now and then": func(rng *rand.Rand) time.Duration { return time.Duration(rng.IntN(100)/99) * 60 * ms },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := path(1, step{0, 1 * mega})
			l.jitter = jitter
			f := l.flow(Config{})
			f.wanted = wants(20 * mega)
			l.run(40 * time.Second)
			within(t, "use", f.trace.throughput(5*time.Second, 40*time.Second)/mega, 0.8, 1)
		})
	}
}

// For four seconds everything is lost, or a third. Afterwards it is soon as
// before.
func TestOutage(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, share := range []float64{0.3, 1} {
		l := path(1, step{0, 1 * mega})
		l.lose = func(rng *rand.Rand) bool { return l.now > 20*s && l.now < 24*s && rng.Float64() < share }
		f := l.flow(Config{})
		f.wanted = wants(3 * mega)
		l.run(40 * s)
		within(t, "the estimate meanwhile", f.trace.at(24*s)/mega, 0, 0.8)
		within(t, "the estimate 8 s later", f.trace.at(32*s)/mega, 0.8, 1.2)
	}
}
