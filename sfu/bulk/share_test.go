package bulk

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"sfu/sfu/media"
)

const (
	kbit = media.Bitrate(1000)
	tick = 100 * time.Millisecond
)

var began = time.Unix(1000, 0)

// over plays a demand for that long and returns how it ends.
func (s *Share) over(d Demand, now *time.Time, long time.Duration) (data, budget media.Bitrate) {
	for end := now.Add(long); now.Before(end); *now = now.Add(tick) {
		data, budget = s.Divide(d, *now)
	}
	return data, budget
}

func TestWhatDataMaySend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		demand       Demand
		data, budget media.Bitrate // when it has lasted, in kbit/s
	}{
		{"media leave most", Demand{Estimate: 5000, Media: 1000, Lowest: 200, Waits: true}, 3500, 3750},
		{"media leave nothing", Demand{Estimate: 2000, Media: 2000, Lowest: 200, Waits: true}, 500, 1500},
		{"and nothing waits", Demand{Estimate: 2000, Media: 2000, Lowest: 200}, 64, 2000},
		{"lowest layers are not taken", Demand{Estimate: 600, Media: 600, Lowest: 500, Waits: true}, 100, 500},
		{"nor where there is no room for them", Demand{Estimate: 600, Media: 600, Lowest: 900, Waits: true}, 64, 600},
		{"media take more than there is", Demand{Estimate: 600, Media: 9000, Lowest: 100, Waits: true}, 150, 450},
		{"a path for sound alone", Demand{Estimate: 100, Media: 100, Lowest: 100, Waits: true}, 25, 100},
		{"next to no path", Demand{Estimate: 10, Media: 40, Lowest: 40, Waits: true}, 16, 10},
		{"no path at all", Demand{Waits: true}, 16, 0},
	} {
		var s Share
		now, d := began, tt.demand
		d.Estimate, d.Media, d.Lowest = d.Estimate*kbit, d.Media*kbit, d.Lowest*kbit
		data, budget := s.over(d, &now, time.Minute)
		if data != tt.data*kbit || budget != tt.budget*kbit {
			t.Errorf("%s: data %d and media %d kbit/s, want %d and %d", tt.name, data/kbit, budget/kbit, tt.data, tt.budget)
		}
	}
}

// The budget of media goes down once and comes back once, however many files
// there are and however they stutter.
func TestAFileDoesNotMakeTheBudgetFlicker(t *testing.T) {
	t.Parallel()
	var s Share
	d := Demand{Estimate: 2000 * kbit, Media: 2000 * kbit, Lowest: 200 * kbit}
	now, rng := began, rand.New(rand.NewPCG(1, 2))
	last, turns, down := d.Estimate, 0, false
	for i := range 1200 { // two minutes, a file every 8 seconds for one of them
		d.Waits = i < 600 && i%80 < 40 && rng.IntN(4) > 0
		_, budget := s.Divide(d, now)
		step := max(budget, last) - min(budget, last)
		if step > d.Estimate/50 {
			t.Fatalf("after %v the budget changes by %d kbit/s", now.Sub(began), step/kbit)
		}
		if step > 0 && (budget < last) != down {
			down = !down
			turns++
		}
		last, now = budget, now.Add(tick)
	}
	if turns != 2 || last != d.Estimate {
		t.Errorf("%d turns, %d kbit/s in the end", turns, last/kbit)
	}
}

func TestAFileHasItsQuarterAfterTenSeconds(t *testing.T) {
	t.Parallel()
	var s Share
	d := Demand{Estimate: 2000 * kbit, Media: 2000 * kbit, Lowest: 200 * kbit}
	now := began
	s.over(d, &now, time.Minute)
	d.Waits = true
	if data, _ := s.over(d, &now, 5*time.Second); data < 240*kbit || data > 260*kbit {
		t.Errorf("%d kbit/s after 5 s", data/kbit)
	}
	if data, _ := s.over(d, &now, 5*time.Second); data < 490*kbit || data > 500*kbit {
		t.Errorf("%d kbit/s after 10 s", data/kbit)
	}
	d.Estimate = 800 * kbit // congestion: at once less
	if data, budget := s.Divide(d, now); data != 200*kbit || budget != 600*kbit {
		t.Errorf("%d and %d kbit/s after a drop", data/kbit, budget/kbit)
	}
	now = now.Add(time.Hour) // nobody asked: it begins again from where it was
	if data, _ := s.Divide(d, now); data != 200*kbit {
		t.Errorf("%d kbit/s after an hour", data/kbit)
	}
}

// Whatever the estimate does, what is promised adds up: media keep the rest,
// and data a way to go on.
func FuzzDivide(f *testing.F) {
	f.Add(uint64(2_000_000), uint64(1_500_000), uint64(300_000), true, int64(tick))
	f.Add(uint64(0), uint64(math.MaxUint64), uint64(math.MaxUint64), false, int64(-1))
	f.Add(uint64(math.MaxUint64), uint64(0), uint64(0), true, int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, estimate, used, lowest uint64, waits bool, step int64) {
		var s Share
		d := Demand{media.Bitrate(estimate), media.Bitrate(used), media.Bitrate(lowest), waits}
		now := began
		for range 150 {
			data, budget := s.Divide(d, now)
			switch {
			case data < trickle:
				t.Fatalf("data stops: %d", data)
			case budget > d.Estimate || d.Estimate-budget > d.Estimate/most+1:
				t.Fatalf("media have %d of %d", budget, d.Estimate)
			case budget < min(d.Lowest, d.Estimate):
				t.Fatalf("media have %d, less than the lowest layers, %d", budget, d.Lowest)
			case data > max(least, d.Estimate-min(d.Estimate, d.Media), d.Estimate/most+1):
				t.Fatalf("data has %d of %d beside %d", data, d.Estimate, d.Media)
			}
			now = now.Add(time.Duration(step))
		}
	})
}

// What a probe finds is not given to a file in one moment: it would fill the queue
// before anyone could tell.
func TestDataTakesItsTime(t *testing.T) {
	t.Parallel()
	var s Share
	now := began
	low := Demand{Estimate: 300 * kbit, Media: 250 * kbit, Lowest: 250 * kbit, Waits: true}
	high := low
	high.Estimate = 4000 * kbit
	low.Waits = false
	before, _ := s.over(low, &now, time.Minute)
	for range 10 {
		now = now.Add(100 * time.Millisecond)
		data, _ := s.Divide(high, now)
		if data > before+4000*kbit/20 {
			t.Fatalf("from %d to %d kbit/s in 100 ms", before/kbit, data/kbit)
		}
		before = data
	}
	if data, _ := s.over(high, &now, 5*time.Second); data != 3350*kbit {
		t.Errorf("%d kbit/s in the end, want 3350", data/kbit)
	}
	if data, _ := s.Divide(low, now.Add(time.Second)); data > 75*kbit {
		t.Errorf("%d kbit/s when the path is narrow again", data/kbit)
	}
}
