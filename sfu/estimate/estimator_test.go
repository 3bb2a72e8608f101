package estimate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sfu/sfu/media"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cfg  Config
		want media.Bitrate
	}{
		{Config{}, defaultStart},
		{Config{Start: 500_000}, 500_000},
		{Config{Start: 1}, defaultMin},
		{Config{Start: 500_000, Max: 200_000}, 200_000},
		{Config{Start: 1, Min: 100_000, Max: 50_000}, 100_000},
	} {
		if got := New(tt.cfg).Bitrate(); got != tt.want {
			t.Errorf("%+v: begins at %d, not %d", tt.cfg, got, tt.want)
		}
	}
}

// beat sends packets of 500 bytes every 10 ms, 400 kbit/s, and answers every
// tenth time; answer says what is told of a packet, or that nothing is.
func beat(e *Estimator, from, to time.Duration, answer func(r *Result) bool) {
	var results []Result
	for at := from; at < to; at += 10 * ms {
		p := Packet{At: began.Add(at), Size: 500}
		e.Sent(p)
		r := Result{Packet: p, Received: true, Arrival: at + 25*ms}
		if answer(&r) {
			results = append(results, r)
		}
		if at%(100*ms) == 0 {
			now := began.Add(at + 60*ms)
			e.Feedback(results, now)
			e.Tick(now)
			results = results[:0]
		}
	}
}

func all(*Result) bool { return true }

func TestSilence(t *testing.T) {
	t.Parallel()
	const s = time.Second
	e := New(Config{})
	none := func(*Result) bool { return false }
	beat(e, 0, 10*s, none)
	if got := e.Bitrate(); got != defaultStart {
		t.Errorf("a client that never answers is estimated at %d", got)
	}
	beat(e, 10*s, 20*s, all)
	before := e.Bitrate()
	beat(e, 20*s, 21*s, none)
	if got := e.Bitrate(); got != before || e.State().Limit == LimitSilence {
		t.Errorf("a second of silence made %d of %d", got, before)
	}
	beat(e, 21*s, 24*s, none)
	if got := float64(e.Bitrate()); got > 0.7*float64(before) || e.State().Limit != LimitSilence {
		t.Errorf("four seconds of silence made %.0f of %d", got, before)
	}
	beat(e, 24*s, 60*s, none)
	if got := e.Bitrate(); got != defaultMin {
		t.Errorf("40 s of silence made %d", got)
	}
	beat(e, 60*s, 61*s, all)
	if e.State().Limit == LimitSilence {
		t.Error("a client that answers again is still called silent")
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	e := New(Config{})
	if e.RTT() != 0 || e.Loss() != 0 || e.ProbeInput(1).RTT != 0 {
		t.Errorf("before anything is known the round trip is %v, the loss %v", e.RTT(), e.Loss())
	}
	n := 0
	beat(e, 0, 20*time.Second, func(r *Result) bool {
		n++
		r.Received = n%10 != 0
		return true
	})
	if rtt := e.RTT(); rtt < 50*ms || rtt > 100*ms {
		t.Errorf("the round trip takes %v", rtt)
	}
	if loss := e.Loss(); !about(loss, 0.1, 0.3) {
		t.Errorf("a tenth is lost, or %.2f", loss)
	}
	if acked := e.State().Acked; !about(float64(acked), 360*kilo, 0.1) {
		t.Errorf("360 kbit/s arrive, or %d", acked)
	}
	if in := e.ProbeInput(700_000); in.Wanted != 700_000 || in.Estimate != e.Bitrate() || in.RTT != e.RTT() || in.Usage != Normal {
		t.Errorf("a prober is told %+v", in)
	}
}

// Whatever a receiver says, its estimate stays within a small multiple of what
// was sent, 400 kbit/s, and nothing panics.
func TestLiars(t *testing.T) {
	t.Parallel()
	const most = 2 * 400_000
	rng := rand.New(rand.NewPCG(1, 2))
	for name, lie := range map[string]func(r *Result){
		"all arrives at once":        func(r *Result) { r.Arrival = 0 },
		"ten times as fast":          func(r *Result) { r.Arrival /= 10 },
		"backwards":                  func(r *Result) { r.Arrival = -r.Arrival },
		"at any time":                func(r *Result) { r.Arrival = time.Duration(rng.Uint64()) },
		"within a century":           func(r *Result) { r.Arrival = time.Duration(rng.Int64N(int64(100 * 365 * 24 * time.Hour))) },
		"at the end of time":         func(r *Result) { r.Arrival = 1<<63 - 1 },
		"a millisecond later each":   func(r *Result) { r.Arrival = time.Duration(r.Seq) * ms },
		"lost, every other":          func(r *Result) { r.Received = rng.IntN(2) == 0 },
		"all but nothing is lost":    func(r *Result) { r.Received = rng.IntN(50) == 0 },
		"arrived before it was sent": func(r *Result) { r.Arrival -= time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			e := New(Config{})
			n := uint16(0)
			beat(e, 0, 30*time.Second, func(r *Result) bool {
				n++
				r.Seq = n
				lie(r)
				if b := e.Bitrate(); b > most {
					t.Fatalf("after %d packets the estimate is %d", n, b)
				}
				return true
			})
		})
	}
}

// The order in which packets are told of does not matter, nor whether feedback
// is kept for seconds and then comes as a flood.
func TestDisorder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for name, order := range map[string]func(results []Result){
		"newest first": slices.Reverse[[]Result],
		"any order": func(results []Result) {
			rng.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
		},
	} {
		e := New(Config{})
		var kept []Result
		for i := range 60 {
			from := time.Duration(i) * time.Second
			beat(e, from, from+time.Second, func(r *Result) bool {
				kept = append(kept, *r)
				return false
			})
			if i%5 == 4 {
				order(kept)
				e.Feedback(kept, began.Add(from+time.Second))
				kept = kept[:0]
			}
			if b := e.Bitrate(); b > 2*400_000 {
				t.Fatalf("%s: after %d s the estimate is %d", name, i, b)
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	l := path(1, step{0, 2 * mega})
	f := l.flow(Config{})
	l.run(5 * time.Second)
	now, n := began.Add(l.now), uint64(0)
	results := make([]Result, 0, 64)
	if allocs := testing.AllocsPerRun(200, func() {
		for range 20 {
			now = now.Add(ms)
			p := Packet{At: now, Size: mtu, Probe: int(n / 100), Kind: Padding}
			n++
			f.history.Sent(p)
			f.est.Sent(p)
			results = append(results, Result{Packet: p, Received: n%10 != 0, Arrival: time.Duration(n) * ms})
		}
		f.est.Feedback(results, now)
		f.est.Tick(now)
		f.prober.Update(f.est.ProbeInput(3_000_000), now)
		results = results[:0]
	}); allocs > 0 {
		t.Errorf("20 packets and their feedback allocate %.1f times", allocs)
	}
	fb := feedback(uint16(f.history.sent-500), slices.Repeat([]time.Duration{time.Hour}, 500)...)
	results = make([]Result, 0, 1000)
	if allocs := testing.AllocsPerRun(100, func() { f.history.Feedback(fb, now, results[:0]) }); allocs > 0 {
		t.Errorf("a feedback allocates %.1f times", allocs)
	}
}

func BenchmarkFeedback(b *testing.B) {
	var h History
	e := New(Config{})
	results := make([]Result, 0, 64)
	arrivals := make([]time.Duration, 20)
	now, at := began, time.Duration(0)
	for b.Loop() {
		first := uint16(h.sent)
		for i := range arrivals {
			now, at = now.Add(ms), at+ms
			p := Packet{At: now, Size: mtu}
			h.Sent(p)
			e.Sent(p)
			arrivals[i] = at
		}
		b.StopTimer()
		fb := feedback(first, arrivals...)
		b.StartTimer()
		results = h.Feedback(fb, now, results[:0])
		e.Feedback(results, now)
	}
}
