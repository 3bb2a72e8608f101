package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestCommon(t *testing.T) {
	t.Parallel()
	const minute = 60 * 90000
	for _, c := range []struct {
		name     string
		ntp      uint64
		reported uint32
		rtp      uint32
		clock    uint32
		want     uint32
		ok       bool
	}{
		{"at the report", 10 << 32, 5000, 5000, 90000, 900000, true},
		{"after it", 10 << 32, 5000, 5090, 90000, 900090, true},
		{"before it", 10 << 32, 5000, 4910, 90000, 899910, true},
		{"half a second past", 10<<32 | 1<<31, 5000, 5000, 90000, 945000, true},
		{"of sound", 10<<32 | 1<<31, 5000, 5960, 48000, 504960, true},
		{"timestamps that wrapped since", 10 << 32, math.MaxUint32 - 9, 80, 90000, 900090, true},
		{"ticks that wrap", 47722 << 32, 0, 0, 90000, 12704, true}, // 4294980000 - 2^32
		{"the last tick of the NTP era", 1<<64 - 1, 0, 0, 90000, 1<<32 - 1, true},
		{"and the first of the next", 1, 0, 0, 90000, 0, true},
		{"no report came", 0, 0, 5000, 90000, 0, false},
		{"ten minutes after it", 10 << 32, 5000, 5000 + 10*minute, 90000, 900000 + 10*minute, true},
		{"longer", 10 << 32, 5000, 5001 + 10*minute, 90000, 0, false},
		{"ten minutes before", 1000 << 32, 5000, 1<<32 + 5000 - 10*minute, 90000, 90000000 - 10*minute, true},
		{"longer before", 1000 << 32, 5000, 1<<32 + 4999 - 10*minute, 90000, 0, false},
	} {
		var l Timeline
		l.Note(c.ntp, c.reported)
		if got, ok := l.Common(c.rtp, c.clock); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v, want %d, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestCommonIsForgotten(t *testing.T) {
	t.Parallel()
	var l Timeline
	l.Note(1<<32, 1)
	l.Reset()
	if _, ok := l.Common(1, 90000); ok {
		t.Error("a place on the common timeline after a restart")
	}
}

// Wherever on the NTP clock a report falls, and the next: a timestamp keeps its
// place, but for the rounding of either to a tick.
func TestCommonKeepsItsPlace(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 8))
	for range 10_000 {
		ntp, rtp, clock := r.Uint64(), r.Uint32(), []uint32{48000, 90000}[r.IntN(2)]
		later := uint64(r.IntN(30 << 20)) // in 2^-20 s
		ticks := uint32(later * uint64(clock) >> 20)
		var l, next Timeline
		l.Note(ntp, rtp)
		next.Note(ntp+later<<12, rtp+ticks)
		asked := rtp + uint32(r.IntN(30*int(clock)))
		a, _ := l.Common(asked, clock)
		b, ok := next.Common(asked, clock)
		if moved := int32(b - a); moved < 0 || moved > 1 || !ok {
			t.Fatalf("%d ticks of %d after %#x moved by %d", ticks, clock, ntp, moved)
		}
	}
}

// camera is what two encodings of one camera show of time: their timestamps
// begin at random and count by the same crystal, which is not the NTP clock's.
// Reports come every second, each encoding's in its own time, and count the time
// since the last picture in whole milliseconds, as browsers do.
type camera struct {
	r     *rand.Rand
	skew  float64
	ntp   uint64
	lines [2]Timeline
	first [2]uint32
	phase [2]time.Duration
}

func newCamera(seed uint64) *camera {
	r := rand.New(rand.NewPCG(seed, 9))
	c := &camera{r: r, ntp: r.Uint64(), skew: 1 + (r.Float64()-0.5)/5000} // 100 ppm either way
	for i := range c.first {
		c.first[i], c.phase[i] = r.Uint32(), time.Duration(r.IntN(1000))*time.Millisecond
	}
	return c
}

// rtp returns the timestamp of encoding i at a time on the NTP clock.
func (c *camera) rtp(i int, at time.Duration) uint32 {
	return c.first[i] + uint32(int64(at.Seconds()*c.skew*90000))
}

func (c *camera) report(i int, at time.Duration) {
	picture := at.Truncate(33 * time.Millisecond)
	since := (at - picture).Round(time.Millisecond)
	ntp := c.ntp + uint64(at.Seconds()*(1<<32))
	c.lines[i].Note(ntp, c.rtp(i, picture)+uint32(since.Milliseconds())*90)
}

// A report is off by up to half a millisecond, for it counts in whole ones, and
// in the second to the next the crystals part by a tenth. Within what two reports
// are off, pictures that both encodings have lie in one place, and the next
// picture of each lies 33 ms behind the last.
func TestEncodingsOfOneCameraAgree(t *testing.T) {
	t.Parallel()
	const off = 90 + 9 // ticks
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newCamera(seed)
			var last [2]uint32
			next := c.phase
			for at := 2 * time.Second; at < 2*time.Minute; at += 33 * time.Millisecond {
				var places [2]uint32
				for i := range c.lines {
					for ; next[i] < at; next[i] += time.Second + time.Duration(c.r.IntN(1e5))*time.Microsecond {
						c.report(i, next[i])
					}
					place, ok := c.lines[i].Common(c.rtp(i, at), 90000)
					if !ok {
						t.Fatalf("encoding %d is nowhere at %v", i, at)
					}
					if step := int32(place - last[i]); last[i] != 0 && (step < 33*90-off || step > 33*90+off) {
						t.Fatalf("encoding %d goes %d ticks in 33 ms", i, step)
					}
					places[i], last[i] = place, place
				}
				if apart := int32(places[0] - places[1]); apart > off || apart < -off {
					t.Fatalf("at %v the encodings are %d ticks apart", at, apart)
				}
			}
		})
	}
}

// An encoding that was switched off for a minute, and goes on by its old reports,
// is off by no more than the crystals part in that time: 6 ms.
func TestOldReportsAreStillOfUse(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		c := newCamera(seed)
		for at := range 61 {
			c.report(0, time.Duration(at)*time.Second)
		}
		c.report(1, 0)
		kept, _ := c.lines[0].Common(c.rtp(0, time.Minute), 90000)
		old, ok := c.lines[1].Common(c.rtp(1, time.Minute), 90000)
		if apart := int32(kept - old); apart > 7*90 || apart < -7*90 || !ok {
			t.Errorf("after a minute without reports: %d ticks apart, %v", apart, ok)
		}
	}
}

func TestCommonDoesNotAllocate(t *testing.T) {
	var l Timeline
	l.Note(1<<40, 7)
	if allocs := testing.AllocsPerRun(100, func() { l.Common(9, 90000) }); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

// FuzzCommon: whatever a publisher reports, timestamps go on evenly between two
// reports, and with 2^32 ticks a circle nothing depends on where they began.
func FuzzCommon(f *testing.F) {
	f.Add(uint64(1)<<63, uint32(0), uint32(1), uint32(90000))
	f.Add(uint64(math.MaxUint64), uint32(math.MaxUint32), uint32(0), uint32(math.MaxUint32))
	f.Add(uint64(0), uint32(5), uint32(5), uint32(0))
	f.Fuzz(func(t *testing.T, ntp uint64, reported, rtp, clock uint32) {
		var l, shifted Timeline
		l.Note(ntp, reported)
		shifted.Note(ntp, reported+12345)
		a, ok := l.Common(rtp, clock)
		b, same := shifted.Common(rtp+12345, clock)
		if a != b || ok != same {
			t.Errorf("%d, %v here, %d, %v there", a, ok, b, same)
		}
		if at, known := l.Common(reported, clock); known && ok && a-at != rtp-reported {
			t.Errorf("%d ticks are %d", rtp-reported, a-at)
		}
	})
}

func BenchmarkCommon(b *testing.B) {
	var l Timeline
	l.Note(0xb44db705_20000000, 7)
	b.ReportAllocs()
	var rtp uint32
	for b.Loop() {
		l.Common(rtp, 90000)
		rtp += 3000
	}
}
