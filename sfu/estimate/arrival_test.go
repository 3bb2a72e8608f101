package estimate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// packets reads "5>30 6>31": sent at 5 ms, received at 30 ms; a p behind makes
// it part of a probe.
func packets(t *testing.T, trace string) (results []Result) {
	for _, word := range strings.Fields(trace) {
		var sent, got float64
		if _, err := fmt.Sscanf(word, "%f>%f", &sent, &got); err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		r := Result{Received: true, Arrival: time.Duration(got * float64(ms))}
		r.At, r.Size = began.Add(time.Duration(sent*float64(ms))), mtu
		if strings.HasSuffix(word, "p") {
			r.Probe = 1
		}
		results = append(results, r)
	}
	return results
}

func TestSpacing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, trace, want string }{
		{"two groups are not compared before the third", "0>20 10>30", ""},
		{"evenly", "0>20 10>30 20>40 30>50", "10/10 10/10"},
		{"packets within 5 ms are one group", "0>20 2>22 5>25 20>40 22>43 40>60", "17/18"},
		{"a queue grows", "0>20 10>35 20>50 30>65", "10/15 10/15"},
		{"what waited together arrives as a burst", "0>20 20>60 40>61 60>62 80>100 100>120", "60/42 20/38"},
		{"but a burst ends after 100 ms", "0>20 30>40 60>45 90>50 120>55 150>60 180>65 210>70 240>75 270>80 300>85 330>90 360>95 390>100 420>105 450>110 480>115 510>120 540>125 570>130 600>160", "570/110"},
		{"one that was overtaken says nothing", "0>20 10>30 5>31 20>40 30>50", "10/10 10/10"},
		{"overtaken by a little is a burst too", "0>20 10>30 20>25 30>26 40>50 50>60", "30/10 10/20"},
		{"a clock that was set back starts anew", "0>920 10>930 20>740 30>720 40>710 50>700 60>80 70>90 80>100 90>110", "10/10 10/10 10/10"},
		{"and one that was set forward", "0>20 10>30 20>5000 30>5010 40>5020 50>5030", "10/10 10/10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s spacing
			var got []string
			for _, r := range packets(t, tt.trace) {
				if d, ok := s.add(r, r.At.Add(50*ms)); ok {
					got = append(got, fmt.Sprintf("%d/%d", d.sent.Milliseconds(), d.arrived.Milliseconds()))
				}
			}
			if all := strings.Join(got, " "); all != tt.want {
				t.Errorf("sent/arrived apart by %q, not %q", all, tt.want)
			}
		})
	}
}

// trendOf feeds a trendline groups that are sent every 20 ms while the queue
// grows by so many ms each.
func trendOf(tl *trendline, groups int, growth time.Duration, now *time.Time) Usage {
	for range groups {
		*now = now.Add(20 * ms)
		tl.add(delta{sent: 20 * ms, arrived: 20*ms + growth}, *now)
	}
	return tl.usage
}

func TestTrendline(t *testing.T) {
	t.Parallel()
	type part struct {
		groups int
		growth time.Duration
		want   Usage
	}
	for _, tt := range []struct {
		name  string
		parts []part
	}{
		{"a steady path is used normally", []part{{100, 0, Normal}}},
		{"a queue that grows is overuse", []part{{40, 0, Normal}, {20, 4 * ms, Overusing}}},
		{"a queue that grows quickly is seen at once", []part{{40, 0, Normal}, {9, 15 * ms, Overusing}}},
		{"one that drains is not", []part{{40, 0, Normal}, {20, 4 * ms, Overusing}, {20, -4 * ms, Underusing}, {60, 0, Normal}}},
		{"a queue that stands is not seen here", []part{{40, 0, Normal}, {1, 5 * ms, Normal}, {40, 0, Normal}}},
		{"a few groups say nothing", []part{{5, 5 * ms, Normal}}},
		{"an hour between two groups is no queue", []part{{40, 0, Normal}, {3, time.Hour, Normal}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tl trendline
			now := began
			for i, p := range tt.parts {
				if got := trendOf(&tl, p.groups, p.growth, &now); got != p.want {
					t.Errorf("part %d: %v, not %v", i, got, p.want)
				}
			}
		})
	}
}

// A slope that falls again, or one group alone, is no overuse yet.
func TestOveruseLasts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		slopes []float64 // overuse is a slope above 0.05
		want   Usage
	}{
		{"one group, long after the one before", []float64{0.1}, Normal},
		{"it rises", []float64{0.1, 0.11}, Overusing},
		{"it falls again", []float64{0.1, 0.09, 0.08}, Normal},
		{"it goes and comes", []float64{0.1, 0, 0.1}, Normal},
	} {
		tl := trendline{deltas: trendFull, threshold: firstThreshold}
		for i, slope := range tt.slopes {
			tl.detect(slope, 40*ms, began.Add(time.Duration(i)*20*ms))
		}
		if tl.usage != tt.want {
			t.Errorf("%s: %v, not %v", tt.name, tl.usage, tt.want)
		}
	}
}

// The threshold follows the noise of the path, but no spike.
func TestThresholdAdapts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		trend float64
		want  float64
	}{
		{"a quiet path", 0, lowThreshold},
		{"one with a TCP flow beside us", 20, 20},
		{"a sudden drop of the capacity", firstThreshold + thresholdSpike + 1, firstThreshold},
	} {
		tl := trendline{threshold: firstThreshold}
		for i := range 200 {
			tl.adapt(tt.trend, began.Add(time.Duration(i)*20*ms))
		}
		if !about(tl.threshold, tt.want, 0.05) {
			t.Errorf("%s: %.1f, not %.1f", tt.name, tl.threshold, tt.want)
		}
	}
}

// What a probe does to the queue is no overuse.
func TestDetectorOverlooksProbes(t *testing.T) {
	t.Parallel()
	for _, probe := range []bool{false, true} {
		var d detector
		r := packets(t, "0>0")[0]
		queue, overused := time.Duration(0), false
		for i := range 200 {
			r.At = r.At.Add(10 * ms)
			r.Probe = 0
			if i%50 >= 25 && i%50 < 30 { // five packets that wait 12 ms more each
				queue += 12 * ms
				if probe {
					r.Probe = 1 + i/50
				}
			} else {
				queue = max(queue-3*ms, 0)
			}
			r.Arrival = r.At.Sub(began) + queue
			d.add(r, 1*mega, r.At.Add(50*ms))
			overused = overused || d.usage == Overusing
		}
		if overused == probe {
			t.Errorf("probe %v: overused %v", probe, overused)
		}
	}
}
