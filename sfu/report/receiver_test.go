package report

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

const base = 1 << 16

// note takes packets of 20 ms of audio, each in its time.
func note(r *Receiver, start time.Time, numbers ...uint64) {
	for _, n := range numbers {
		r.Note(n, uint32(n)*960, 48000, start.Add(time.Duration(n)*20*time.Millisecond))
	}
}

func TestLoss(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	type interval struct {
		numbers  []uint64
		fraction uint8
		total    uint32
		highest  uint32
		loss     string
	}
	for _, c := range []struct {
		name      string
		intervals []interval
	}{
		{"none", []interval{{[]uint64{base + 1, base + 2, base + 3}, 0, 0, 3, "0/3"}}},
		{"one of four", []interval{{[]uint64{base + 1, base + 2, base + 4}, 64, 1, 4, "1/4"}}},
		{"one of three", []interval{{[]uint64{base + 1, base + 3}, 85, 1, 3, "1/3"}}}, // 256/3 = 85.3
		{"each interval by itself, the total over all", []interval{
			{[]uint64{base + 1, base + 4}, 128, 2, 4, "2/4"},
			{[]uint64{base + 5, base + 6}, 0, 2, 6, "0/2"},
			{[]uint64{base + 10}, 192, 5, 10, "3/4"},
			{nil, 0, 5, 10, "0/0"},
		}},
		{"what came late after all is not lost", []interval{
			{[]uint64{base + 1, base + 3}, 85, 1, 3, "1/3"},
			{[]uint64{base + 2, base + 4}, 0, 0, 4, "0/1"},
		}},
		{"late ones hide a loss, as they do in A.3", []interval{
			{[]uint64{base + 1, base + 4}, 128, 2, 4, "2/4"},
			{[]uint64{base + 2, base + 3, base + 6}, 0, 1, 6, "0/2"},
		}},
		{"more than expected is a negative total", []interval{
			{[]uint64{base + 5, base + 3, base + 4}, 0, 0xfffffe, 5, "0/1"},
		}},
		{"nearly all", []interval{{[]uint64{base + 1, base + 1000}, 255, 998, 1000, "998/1000"}}}, // 998*256/1000 = 255.4
		{"numbers wrap, cycles count", []interval{
			{[]uint64{base + 65534, base + 65535}, 0, 0, 65534 + 1, "0/2"},
			{[]uint64{2 * base, 2*base + 1}, 0, 0, 65536 + 1, "0/2"},
			{[]uint64{3*base + 7}, 255, 65541, 2*65536 + 7, "65541/65542"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r Receiver
			for i, in := range c.intervals {
				note(&r, start, in.numbers...)
				got := r.Block(77, start)
				want := rtcp.ReceptionReport{
					SSRC: 77, FractionLost: in.fraction, TotalLost: in.total,
					LastSequenceNumber: in.highest,
				}
				if got.Jitter = 0; got != want {
					t.Errorf("interval %d: %+v, want %+v", i, got, want)
				}
				lost, expected := r.Loss()
				if loss := fmt.Sprintf("%d/%d", lost, expected); loss != in.loss {
					t.Errorf("interval %d: %s lost, want %s", i, loss, in.loss)
				}
			}
		})
	}
}

func TestTotalKeepsToItsField(t *testing.T) {
	t.Parallel()
	for lost, want := range map[int64]uint32{
		0: 0, 5: 5, -1: 0xffffff,
		1<<23 - 1: 0x7fffff, 1 << 23: 0x7fffff, math.MaxInt64: 0x7fffff,
		-1 << 23: 0x800000, math.MinInt64: 0x800000,
	} {
		if got := total(lost); got != want {
			t.Errorf("%d lost is %#x, want %#x", lost, got, want)
		}
	}
}

// By hand, from A.8: D is how much later than its timestamp says a packet came
// than the one before, and the estimate, in sixteenths, grows by |D| less its
// own sixteenth, rounded.
func TestJitter(t *testing.T) {
	t.Parallel()
	var r Receiver
	start := time.Unix(1000, 0)
	for _, c := range []struct {
		n          uint64
		late       time.Duration // than in time
		sixteenths int64
		want       uint32
	}{
		{1, 0, 0, 0},
		{2, 0, 0, 0},
		{3, 10 * time.Millisecond, 480, 30},  // |D| = 480: 480 - 8/16
		{4, 0, 930, 58},                      // |D| = 480: 480 + 480 - 488/16
		{5, 0, 872, 54},                      // D = 0: 930 - 938/16
		{7, 0, 817, 51},                      // a loss changes nothing: 872 - 880/16
		{6, 500 * time.Millisecond, 817, 51}, // sent again, it does not count
		{8, 5 * time.Millisecond, 1006, 62},  // |D| = 240: 817 + 240 - 825/16
	} {
		arrival := start.Add(time.Duration(c.n)*20*time.Millisecond + c.late)
		r.Note(base+c.n, uint32(c.n)*960-2000, 48000, arrival)
		if got := r.Block(1, arrival).Jitter; got != c.want || r.jitter != c.sixteenths {
			t.Errorf("after packet %d: %d, %d/16, want %d, %d/16", c.n, got, r.jitter, c.want, c.sixteenths)
		}
	}
}

func TestJitterIsIndifferentToWraps(t *testing.T) {
	t.Parallel()
	var r Receiver
	start := time.Unix(1000, 0)
	for n := range uint64(400) {
		d := time.Duration(n) * 333 * time.Second // the arrival in ticks wraps, too
		r.Note(base+n, uint32(n*333*90000)+math.MaxUint32-1000, 90000, start.Add(d))
	}
	if got := r.Block(1, start).Jitter; got != 0 {
		t.Errorf("jitter %d of a steady stream", got)
	}
}

func TestDelaySinceReport(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	for _, c := range []struct {
		name  string
		ntp   uint64
		after time.Duration
		want  rtcp.ReceptionReport
	}{
		{"figure 2 of RFC 3550", 0xb44db705_20000000, 5250 * time.Millisecond,
			rtcp.ReceptionReport{LastSenderReport: 0xb7052000, Delay: 0x00054000}},
		{"none came", 0, time.Second, rtcp.ReceptionReport{}},
		{"at once", 1 << 32, 0, rtcp.ReceptionReport{LastSenderReport: 1 << 16}},
		{"a clock that went back", 1 << 32, -time.Hour, rtcp.ReceptionReport{LastSenderReport: 1 << 16}},
		{"days ago", 1 << 32, 100 * time.Hour, rtcp.ReceptionReport{LastSenderReport: 1 << 16, Delay: math.MaxUint32}},
	} {
		var r Receiver
		r.NoteReport(c.ntp, start)
		if got := r.Block(0, start.Add(c.after)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestReceiverReset(t *testing.T) {
	t.Parallel()
	var r Receiver
	start := time.Unix(1000, 0)
	note(&r, start, base+1, base+5)
	r.NoteReport(1<<32, start)
	r.Block(7, start)
	r.Reset()
	if got, want := r.Block(7, start), (rtcp.ReceptionReport{SSRC: 7}); got != want {
		t.Errorf("after a reset: %+v", got)
	}
	if lost, expected := r.Loss(); lost != 0 || expected != 0 {
		t.Errorf("after a reset: %d of %d lost", lost, expected)
	}
}

// A block of any packets and reports can be marshalled.
func FuzzReceiver(f *testing.F) {
	f.Add(uint64(1<<16), uint64(1), uint32(0), uint32(90000), int64(20e6), uint64(1<<40))
	f.Add(uint64(math.MaxUint64), uint64(1<<62), uint32(math.MaxUint32), uint32(math.MaxUint32), int64(math.MinInt64), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, esn, step uint64, timestamp, clock uint32, late int64, ntp uint64) {
		var r Receiver
		now := time.Unix(1000, 0)
		for range 4 {
			r.Note(esn, timestamp, clock, now)
			r.NoteReport(ntp, now)
			block := r.Block(1, now)
			if _, err := block.Marshal(); err != nil {
				t.Fatalf("%+v: %v", block, err)
			}
			RTT(block, now)
			now = now.Add(time.Duration(late))
			esn, timestamp = esn+step, timestamp*3
		}
	})
}
