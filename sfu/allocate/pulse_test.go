package allocate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// stream is an encoding that sends a frame every so often, in packets 1 ms
// apart, within [from, to); all in milliseconds.
type stream struct{ from, to, gap, packets int }

// A word of what is expected is a time in ms and + for live or - for not. The
// encoding that is asked for is the first; it is asked every 20 ms.
func TestPulse(t *testing.T) {
	t.Parallel()
	const end = 1 << 30
	for _, tt := range []struct {
		name    string
		own     []stream
		others  []stream
		expects string
	}{
		{"never came", nil, []stream{{0, end, 33, 3}}, "0- 5000-"},
		{"comes late", []stream{{8000, end, 33, 3}}, []stream{{0, end, 33, 3}}, "7990- 8010+ 10000+"},
		{"flows", []stream{{0, end, 33, 3}}, []stream{{5, end, 33, 3}}, "20+ 5000+ 10000+"},
		{"stops", []stream{{0, 2000, 33, 3}}, []stream{{5, end, 33, 3}}, "2000+ 2950+ 3100- 10000-"},
		{"stops and comes back", []stream{{0, 2000, 33, 3}, {6000, end, 33, 3}}, []stream{{5, end, 33, 3}}, "3100- 5990- 6010+ 9000+"},
		{"keeps silent for less than a second", []stream{{0, 2000, 33, 3}, {2900, end, 33, 3}}, []stream{{5, end, 33, 3}}, "2500+ 2890+ 2990+ 5000+"},
		{"the only one", []stream{{0, 2000, 33, 3}}, nil, "2000+ 10000+"},
		{"all stop at once", []stream{{0, 2000, 33, 3}}, []stream{{5, 2030, 33, 3}}, "2000+ 10000+"},
		{"all stop, and this one stays away", []stream{{0, 2000, 33, 3}}, []stream{{5, 2030, 33, 3}, {9000, end, 33, 3}}, "2000+ 8990+ 9100+ 9400-"},
		{"all stop, and it comes back a little later", []stream{{0, 2000, 33, 3}, {9100, end, 33, 3}}, []stream{{5, 2030, 33, 3}, {9000, end, 33, 3}}, "8990+ 9020+ 9090+ 9110+ 9500+"},
		{"stopped before all stopped", []stream{{0, 2000, 33, 3}}, []stream{{5, 4000, 33, 3}}, "3500- 20000-"},

		{"a still screen", []stream{{20, end, 5000, 9}}, []stream{{0, end, 5000, 9}}, "1000+ 5000+ 5010+ 10000+ 10010+ 15010+"},
		{"a still screen, behind another", []stream{{0, end, 5000, 9}}, []stream{{20, end, 5000, 9}}, "1000+ 5010+ 10000+ 10010+"},
		{"a screen that comes to rest", []stream{{20, 2000, 33, 9}, {6020, end, 4000, 9}}, []stream{{0, 2000, 33, 9}, {6000, end, 4000, 9}}, "2000+ 5990+ 6000+ 6010+ 6040+ 10000+ 10010+"},
		{"stops while the screen is still", []stream{{20, 10000, 1000, 9}}, []stream{{0, end, 1000, 9}}, "9500+ 10000+ 11500+ 12500- 20000-"},

		{"slower than the others", []stream{{0, end, 500, 3}}, []stream{{5, end, 33, 3}}, "490+ 990+ 5000+"},
		{"much slower, by and by", []stream{{0, 8000, 900, 3}, {8000, end, 1500, 3}}, []stream{{5, end, 33, 3}}, "7990+ 9100+ 9490+ 12490+ 30000+"},
		{"much slower, and stops", []stream{{0, 20000, 900, 3}}, []stream{{5, end, 33, 3}}, "20700+ 22000+ 23000-"},
		{"a long pause is no rhythm", []stream{{0, 2000, 33, 3}, {60000, 60500, 33, 3}}, []stream{{5, end, 33, 3}}, "60490+ 61400+ 61700-"},
		{"nor is one of all", []stream{{0, 2000, 33, 3}, {5000, 5030, 33, 3}}, []stream{{5, 2000, 33, 3}, {5005, end, 33, 3}}, "5030+ 6000+ 6400-"},
		{"nor are some", []stream{{0, 2000, 33, 3}, {6000, 6300, 33, 3}, {12000, 12300, 33, 3}, {18000, 18300, 33, 3}}, []stream{{5, end, 33, 3}}, "18290+ 19500-"},
	} {
		if err := listen(tt.own, tt.others, tt.expects); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func listen(own, others []stream, expects string) error {
	var p Pulse
	var newest time.Time
	start := time.Unix(1000, 0)
	ms := 0
	for word := range strings.FieldsSeq(expects) {
		var at int
		var sign rune
		if _, err := fmt.Sscanf(word, "%d%c", &at, &sign); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		for ; ms <= at; ms++ {
			now := start.Add(time.Duration(ms) * time.Millisecond)
			if sends(own, ms) {
				p.Note(now)
				newest = now
			}
			if sends(others, ms) {
				newest = now
			}
			if ms%20 == 0 {
				p.Live(newest)
			}
		}
		if got := p.Live(newest); got != (sign == '+') {
			return fmt.Errorf("%s: live %v", word, got)
		}
	}
	return nil
}

func sends(streams []stream, ms int) bool {
	for _, s := range streams {
		if s.from <= ms && ms < s.to && (ms-s.from)%s.gap < s.packets {
			return true
		}
	}
	return false
}

// Arrival times of different connections need not be in order.
func TestPulseOfOldPackets(t *testing.T) {
	t.Parallel()
	var p Pulse
	now := time.Unix(1000, 0)
	p.Note(now)
	p.Note(now.Add(-10 * time.Second))
	if !p.Live(now.Add(-20*time.Second)) || !p.Live(now) {
		t.Error("not live although nothing newer came")
	}
	p.Live(now.Add(700 * time.Millisecond))
	if !p.Live(now.Add(1400 * time.Millisecond)) {
		t.Error("an older packet counts as if others had been heard")
	}
	if p.Live(now.Add(1500 * time.Millisecond)) {
		t.Error("live although others keep coming")
	}
}

func TestPulseStaysStopped(t *testing.T) {
	t.Parallel()
	var p Pulse
	now := time.Unix(1000, 0)
	p.Note(now)
	for i := range 1000 {
		now = now.Add(beat)
		if live := p.Live(now); live != (i < 10) {
			t.Fatalf("live %v after %v", live, time.Duration(i+1)*beat)
		}
	}
}

func BenchmarkNote(b *testing.B) {
	var p Pulse
	now := time.Unix(1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		p.Note(now)
	}
}
