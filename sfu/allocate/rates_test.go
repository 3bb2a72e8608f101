package allocate

import (
	"testing"
	"time"

	"sfu/sfu/media"
)

// stage sends steady layers at a Rates.
type flow struct {
	r   Rates
	now time.Time
}

// send sends packets of 1000 bytes every gap for so long, of the temporal
// layers in turn.
func (f *flow) send(spatial uint8, temporal []uint8, gap, d time.Duration) {
	for i := range int(d / gap) {
		f.now = f.now.Add(gap)
		f.r.Note(media.Layer{Spatial: spatial, Temporal: temporal[i%len(temporal)]}, 1000, f.now)
	}
}

func (f *flow) is(t *testing.T, what string, layer media.Layer, kbits media.Bitrate) {
	t.Helper()
	got := f.r.Bitrate(layer) / 1000
	if got*100 < kbits*95 || got*100 > kbits*105 {
		t.Errorf("%s: %d kbit/s, want %d", what, got, kbits)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	f.is(t, "nothing came", media.TopLayer, 0)
	l1t3 := []uint8{0, 2, 1, 2}
	f.send(0, l1t3, 10*time.Millisecond, 490*time.Millisecond)
	f.is(t, "not known yet", media.TopLayer, 0)
	f.send(0, l1t3, 10*time.Millisecond, 2*time.Second)
	f.is(t, "the base layer", media.Layer{}, 200)
	f.is(t, "the middle one and below", media.Layer{Temporal: 1}, 400)
	f.is(t, "all", media.Layer{Temporal: 2}, 800)
	f.is(t, "beyond all", media.TopLayer, 800)

	f.send(0, l1t3, 40*time.Millisecond, 900*time.Millisecond)
	f.is(t, "nearly a second at a quarter", media.TopLayer, 800)
	f.send(0, l1t3, 40*time.Millisecond, 1100*time.Millisecond)
	f.is(t, "two seconds", media.TopLayer, 200)
	if c := f.r.Cost(0); c[0] != f.r.Bitrate(media.Layer{}) || c[1] != f.r.Bitrate(media.Layer{Temporal: 1}) || c[7] != f.r.Bitrate(media.Layer{Temporal: 7}) {
		t.Errorf("the costs are %v", c)
	}
}

// A higher spatial layer of an SVC encoding costs what the lower ones do too.
func TestRatesOfSpatialLayers(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	for range 300 {
		f.send(0, []uint8{0}, 5*time.Millisecond, 5*time.Millisecond)
		f.send(1, []uint8{1}, 5*time.Millisecond, 5*time.Millisecond)
	}
	f.is(t, "the lower", media.Layer{Temporal: 1}, 800)
	f.is(t, "both", media.Layer{Spatial: 1, Temporal: 1}, 1600)
	f.is(t, "both, but no upper frames", media.Layer{Spatial: 1}, 800)
	if f.r.Cost(1)[1] != f.r.Bitrate(media.Layer{Spatial: 1, Temporal: 1}) {
		t.Error("the cost of an option is not that of its spatial layer")
	}
	f.r.Note(media.Layer{Spatial: 255, Temporal: 255}, 1<<40, f.now)
	f.r.Note(media.Layer{}, -1, f.now)
	f.is(t, "a layer that there cannot be", media.TopLayer, 1600)
}

// A keyframe of as many bytes as come in half a second is not what a layer
// costs.
func TestRatesOfAKeyframe(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	f.send(0, []uint8{0}, time.Millisecond, 50*time.Millisecond)
	f.send(0, []uint8{0}, 10*time.Millisecond, 1500*time.Millisecond)
	f.is(t, "the first one is forgotten", media.TopLayer, 800)
	f.send(0, []uint8{0}, 10*time.Millisecond, 1500*time.Millisecond)
	for i := range 90 {
		if i%40 == 5 {
			f.send(0, []uint8{0}, time.Millisecond, 50*time.Millisecond)
		}
		f.send(0, []uint8{0}, 10*time.Millisecond, 100*time.Millisecond)
		f.is(t, "another", media.TopLayer, 800)
	}
}

// What stops keeps its rate, and what begins again has it until more is known:
// the first packets of a keyframe say nothing of a rate.
func TestRatesAfterAPause(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	f.send(0, []uint8{0}, 10*time.Millisecond, 2*time.Second)
	f.now = f.now.Add(time.Hour)
	f.is(t, "while nothing comes", media.TopLayer, 800)
	f.send(0, []uint8{0}, 20*time.Millisecond, 20*time.Millisecond)
	f.is(t, "at the first packet", media.TopLayer, 800)
	f.send(0, []uint8{0}, 20*time.Millisecond, time.Second)
	f.is(t, "later", media.TopLayer, 400)
	f.now = f.now.Add(newStream)
	f.send(0, []uint8{0}, time.Millisecond, 100*time.Millisecond)
	f.is(t, "it begins with more than it had", media.TopLayer, 1600)
}

// A screen that sends a frame in three seconds is not new each time.
func TestRatesOfASlowStream(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	for range 10 {
		f.now = f.now.Add(3 * time.Second)
		f.send(0, []uint8{0}, time.Millisecond, 10*time.Millisecond)
	}
	f.is(t, "half of what it costs in three seconds", media.TopLayer, 13)
}

func TestRatesWithAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	f := flow{now: time.Unix(1000, 0)}
	f.send(0, []uint8{0}, 10*time.Millisecond, 2*time.Second)
	f.r.Note(media.Layer{}, 1000, f.now.Add(-time.Minute))
	f.is(t, "one late packet more", media.TopLayer, 808)
}

func BenchmarkRates(b *testing.B) {
	var r Rates
	now := time.Unix(1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		r.Note(media.Layer{Temporal: 1}, 1200, now)
	}
}
