package dynacast

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A word of a story is a time in ms, what is wanted then, and what comes of it:
// "=" and what is on for news, "." for none, and after a tilde when Update is
// due again. A dash is nothing; encodings are q, h and f.
func TestSwitch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, story string }{
		{"all is wanted", "0:qhf. 100000:qhf."},
		{"all is on in the beginning, and five seconds on", "0:-.~5000 4999:-.~5000 5000:-=-"},
		{"the largest is not needed", "0:qh.~5000 4999:qh.~5000 5000:qh=qh"},
		{"a lower one is off while a higher is on", "0:f.~5000 5000:f=f"},
		{"on at once", "0:q.~5000 5000:q=q 5001:qhf=qhf 5002:qhf."},
		{"again after a moment", "0:qhf. 1000:q.~6000 5999:qhf. 6000:qhf."},
		{"five seconds in a row", "0:q.~5000 4000:qhf. 4001:q.~9001 9000:q.~9001 9001:q=q"},
		{"each in its own time", "0:qh.~5000 3000:q.~5000 5000:q=qh~8000 7999:q.~8000 8000:q=q"},
		{"one on and one off at once", "0:h.~5000 5000:h=h 6000:h. 11000:q=qh~16000 16000:q=q"},
		{"on and off in the same breath", "0:h.~5000 5000:h=h 5001:q=qh~10001 10001:f=qf~15001"},
		{"nobody looks, and somebody does", "0:-.~5000 9000:-=- 50000:-. 50001:h=h"},
		{"whoever looks late", "0:-.~5000 60000:-=- 120000:-."},
		{"one that is not there is no news", "0:qhf. 6000:qhfx."},
		{"one that is not there is not switched on", "0:-.~5000 5000:-=- 6000:x."},
		{"a clock that goes back", "9000:q.~14000 1000:q.~14000 14000:q=q"},
	} {
		if err := play(tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

const letters = "qhfx"

var start = time.Unix(1000, 0)

func play(story string) error {
	s := Switch{Encodings: 3}
	for word := range strings.FieldsSeq(story) {
		at, rest, _ := strings.Cut(word, ":")
		var ms int
		if _, err := fmt.Sscan(at, &ms); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		wanted := rest[:strings.IndexAny(rest, ".=")]
		active, changed := s.Update(parse(wanted), start.Add(time.Duration(ms)*time.Millisecond))
		got := at + ":" + wanted + "."
		if changed {
			got = at + ":" + wanted + "=" + format(active)
		}
		if next := s.Next(); !next.IsZero() {
			got += fmt.Sprintf("~%d", next.Sub(start).Milliseconds())
		}
		if got != word {
			return fmt.Errorf("%s: got %s", word, got)
		}
	}
	return nil
}

func parse(wanted string) (mask uint8) {
	for i, l := range letters {
		if strings.ContainsRune(wanted, l) {
			mask |= 1 << i
		}
	}
	return mask
}

func format(mask uint8) (s string) {
	for i, l := range letters {
		if mask&(1<<i) != 0 {
			s += string(l)
		}
	}
	if s == "" {
		return "-"
	}
	return s
}

func TestHowManyEncodings(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]uint8{-1: 255, 0: 255, 1: 1, 3: 7, 7: 127, 8: 255, 9: 255, 1 << 40: 255} {
		s := Switch{Encodings: n}
		if got, changed := s.Update(255, start); got != want || changed {
			t.Errorf("of %d encodings %08b are on, %v", n, got, changed)
		}
	}
}

// For any history: what is wanted is on, what is off was unwanted for five
// seconds, what was unwanted that long is off, news are told once, and Next
// names the very moment of the next one.
func TestAnyHistory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := Switch{Encodings: r.IntN(MaxEncodings + 1)}
		count := s.Encodings
		if count == 0 {
			count = MaxEncodings
		}
		now := start
		told := uint8(1<<count - 1)
		var unwanted [MaxEncodings]time.Time // since when; zero: wanted
		for range 100 {
			wanted := uint8(r.UintN(256) | r.UintN(256))
			active, changed := s.Update(wanted, now)
			want := uint8(0)
			var due []time.Time
			for i := range count {
				if wanted&(1<<i) != 0 {
					unwanted[i] = time.Time{}
				} else if unwanted[i].IsZero() {
					unwanted[i] = now
				}
				if unwanted[i].IsZero() || now.Sub(unwanted[i]) < 5*time.Second {
					want |= 1 << i
				}
				if want&(1<<i) != 0 && !unwanted[i].IsZero() {
					due = append(due, unwanted[i].Add(5*time.Second))
				}
			}
			var next time.Time
			if len(due) > 0 {
				next = slices.MinFunc(due, time.Time.Compare)
			}
			if active != want || changed != (active != told) || !s.Next().Equal(next) {
				t.Fatalf("got %08b, %v, next %v; want %08b after %08b, next %v", active, changed, s.Next(), want, told, next)
			}
			told = active
			now = now.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
		}
	}
}
