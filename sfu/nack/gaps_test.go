package nack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// In a story a number is a packet that comes and +n passes n ms. ?a,b asks what
// is due and expects a and b, ?- nothing, and ?x that something was given up.
// !n says that n is still asked for, =n that it is not. kn is a keyframe whose
// first packet is n; R a restart; Tn allows n tries.
func TestGaps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rtt   time.Duration
		story string
	}{
		{"nothing is missing", 0, "1 2 3 +100 ?-"},
		{"the first packet leaves no gap", 0, "70 71 +100 ?-"},
		{"two newer packets came", 0, "1 3 ?- 4 ?2"},
		{"10 ms passed", 0, "1 3 +9 ?- +1 ?2"},
		{"it was only late", 0, "1 3 2 4 +100 ?-"},
		{"late ones do not count as newer", 0, "1 4 2 ?- 5 ?3"},
		{"a wide gap waits as well", 0, "1 5 ?- 6 ?2,3,4"},
		{"two gaps, each in its time", 0, "1 3 4 6 ?2 +9 ?- +1 ?5 +9 ?- +1 ?2"},
		{"asked again after 20 ms", 0, "1 3 4 ?2 +19 ?- +1 ?2"},
		{"asked again after one round trip", 70 * time.Millisecond, "1 3 4 ?2 +69 ?- 5 6 ?- +1 ?2"},
		{"a repair clears it", 0, "1 4 5 ?2,3 2 +20 ?3 3 +20 ?-"},
		{"a duplicate clears nothing", 0, "1 3 4 1 3 4 ?2"},
		{"the newest again is not a newer one", 0, "1 3 3 ?- 4 ?2"},
		{"the newest again leaves no gap", 0, "1 2 2 ?-"},
		{"a repair nobody asked for", 0, "5 6 2 ?- 7 ?-"},
		{
			"given up after ten times", 0,
			"1 3 4 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +20 ?2 +19 ?- +1 ?x +20 ?-",
		},
		{"the largest gap", 0, "1 514 +9 ?-"},
		{"too much is missing", 0, "1 515 ?x 516 ?- +20 ?-"},
		{"too much adds up", 0, "1 3 4 ?2 600 ?x +20 ?- 602 603 ?601"},
		{"a restart that nobody told of", 0, "1 3 900000 ?x"},
		{"a keyframe makes older ones needless", 0, "1 3 4 6 k4 7 +20 ?5"},
		{"a gap before the keyframe itself", 0, "1 4 k4 5 6 +20 ?-"},
		{"an outage that ends with a keyframe", 0, "1 900 k900 +20 ?-"},
		{"the keyframe was the last to be given up", 0, "1 900 k899 ?-"},
		{"a keyframe older than the outage", 0, "1 900 k898 ?x"},
		{"a restart", 0, "1 3 R 10 11 +20 ?-"},
		{"a restart after an outage", 0, "1 900 R ?-"},
		{"sound is asked for once", 0, "T1 1 3 4 ?2 +19 ?- +1 ?x +20 ?-"},
		{"each sound once", 0, "T1 1 3 4 ?2 6 7 ?5 +20 ?x +20 ?-"},
		{"a repaired sound is not given up", 0, "T1 1 3 4 ?2 2 +20 ?-"},
		{"the answer has a round trip's time", 100 * time.Millisecond, "T1 1 3 4 ?2 +99 ?- !2 +1 ?x =2"},
		{"as many tries as were set", 0, "T2 1 3 4 ?2 +20 ?2 +20 ?x"},
		{"none set are ten", 0, "T0 1 3 4 ?2 +20 ?2 +20 ?2"},
		{"a restart does not forget how many", 0, "T1 1 R 10 12 13 ?11 +20 ?x"},
		{"asked for until it comes", 0, "1 =2 4 !2 !3 =4 2 =2 !3"},
		{"asked for until it is not needed", 0, "1 4 !2 k4 =2"},
	} {
		if err := playGaps(tt.story, tt.rtt); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func playGaps(story string, rtt time.Duration) error {
	const base = 1 << 16
	var g Gaps
	now := time.Unix(1000, 0)
	for i, word := range strings.Fields(story) {
		n, _ := strconv.Atoi(strings.TrimLeft(word, "+k!=T"))
		switch word[0] {
		case '+':
			now = now.Add(time.Duration(n) * time.Millisecond)
		case 'k':
			g.Forget(base + uint64(n))
		case 'R':
			g.Reset()
		case 'T':
			g.Tries(n)
		case '!', '=':
			if got := g.Missing(base + uint64(n)); got != (word[0] == '!') {
				return fmt.Errorf("word %d, %s: missing is %v", i, word, got)
			}
		case '?':
			due, lost := g.Due(nil, now, rtt)
			if got := answerOf(due, lost, base); got != word[1:] {
				return fmt.Errorf("word %d, %s: got %s", i, word, got)
			}
		default:
			g.Note(base+uint64(n), now)
		}
	}
	return nil
}

func answerOf(due []uint64, lost bool, base uint64) string {
	var words []string
	for _, esn := range due {
		words = append(words, strconv.FormatUint(esn-base, 10))
	}
	if lost {
		words = append(words, "x")
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}

func TestDueAppends(t *testing.T) {
	t.Parallel()
	var g Gaps
	now := time.Unix(1000, 0)
	g.Note(1<<16, now)
	g.Note(1<<16+2, now)
	due, _ := g.Due([]uint64{7}, now.Add(time.Second), 0)
	if !slices.Equal(due, []uint64{7, 1<<16 + 1}) {
		t.Errorf("due is %v", due)
	}
}

// FuzzGaps compares with a set of numbers: what is due is missing, in order,
// not asked for too often, and nothing that came or was forgotten.
func FuzzGaps(f *testing.F) {
	f.Add([]byte{1, 2, 4, 1, 200, 3, 255, 255, 1, 250, 1})
	f.Add([]byte{60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 200, 1, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		var g Gaps
		missing := map[uint64]int{} // how often it was asked for
		now := time.Unix(1000, 0)
		newest := uint64(1 << 16)
		g.Note(newest, now)
		for _, b := range script {
			switch {
			case b < 64: // a packet ahead comes
				for esn := newest + 1; esn < newest+uint64(b); esn++ {
					missing[esn] = 0
				}
				newest += uint64(b)
				g.Note(newest, now)
			case b < 128: // one from behind
				esn := newest - uint64(b-64)
				delete(missing, esn)
				g.Note(esn, now)
			case b < 136: // a keyframe
				for esn := range missing {
					if esn < newest-uint64(b-128) {
						delete(missing, esn)
					}
				}
				g.Forget(newest - uint64(b-128))
			default: // time passes
				now = now.Add(time.Duration(b-136) * time.Millisecond)
				due, lost := g.Due(nil, now, 0)
				if !slices.IsSorted(due) {
					t.Fatalf("out of order: %v", due)
				}
				for _, esn := range due {
					tries, ok := missing[esn]
					if !ok || tries == maxTries {
						t.Fatalf("asked for %d (missing: %v, %d times before)", esn, ok, tries)
					}
					missing[esn]++
				}
				if again, _ := g.Due(nil, now, 0); len(again) != 0 {
					t.Fatalf("asked twice at once: %v", again)
				}
				if len(missing) > 0 && b == 255 && len(due) == 0 && !lost && len(g.missing) > 0 {
					t.Fatalf("after 119 ms nothing is due, yet %d are missing", len(g.missing))
				}
			}
			if len(g.missing) > maxMissing {
				t.Fatalf("remembers %d", len(g.missing))
			}
			for _, m := range g.missing {
				if _, ok := missing[m.esn]; !ok {
					t.Fatalf("remembers %d, which came", m.esn)
				}
			}
		}
	})
}

func TestGapsDoNotAllocate(t *testing.T) {
	var g Gaps
	now := time.Unix(1000, 0)
	due := make([]uint64, 0, maxMissing)
	esn := uint64(1 << 16)
	round := func() { // every third packet is lost, asked for and repaired
		for range 100 {
			g.Note(esn, now)
			g.Note(esn+2, now)
			esn += 3
		}
		now = now.Add(reorderTime)
		due, _ = g.Due(due[:0], now, 0)
		if len(due) != 100 {
			t.Fatalf("%d are due", len(due))
		}
		for _, missing := range due {
			g.Note(missing, now)
		}
		g.Forget(esn)
		g.Reset()
	}
	round()
	if allocs := testing.AllocsPerRun(100, round); allocs != 0 {
		t.Errorf("%v allocations a round", allocs)
	}
}

func BenchmarkGapsNote(b *testing.B) {
	var g Gaps
	now := time.Unix(1000, 0)
	b.ReportAllocs()
	for i := uint64(1 << 16); b.Loop(); i++ {
		g.Note(i, now)
	}
}
