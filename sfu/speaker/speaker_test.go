package speaker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	interval = 300 * time.Millisecond
	ptime    = 20 * time.Millisecond
)

var start = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// Each step is one interval of 15 packets. "a20" is source a at level 20, in
// -dBov; "a20x6" sends six such packets and then silence, "a20x6." six and
// then nothing. What comes of it is who speaks, with the level in eighths, and
// "!" where that is news.
type heard struct{ hear, want string }

func TestUpdate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []heard
	}{
		{"silence", []heard{{"a127", ""}, {"a127", ""}}},
		{"nobody there", []heard{{"", ""}, {"", ""}}},
		{"one speaks", []heard{{"a20", "! a4"}, {"a20", "a4"}}},
		{"the loudest level there is", []heard{{"a0", "! a8"}}},
		{"the quietest speech", []heard{{"a35", "! a1"}, {"a35", "a1"}}},
		{"quieter than speech", []heard{{"a36", ""}, {"a36", ""}}},
		{"a level that RFC 6464 does not have", []heard{{"a200", ""}}},

		{"loudest first", []heard{{"a30 b10 c20", "! b6 c4 a2"}}},
		{"equally loud is always in the same order", []heard{{"c20 a20 b20", "! a4 b4 c4"}}},
		{"who dominates is before the loudest", []heard{{"c20", "! c4"}, {"c20", "c4"}, {"a30 b10 c20", "! c4 b6 a2"}, {"a30 b10 c20", "c4 b6 a2"}}},
		{"and that is news by itself", []heard{{"a20 b10", "! b6 a4"}, {"a20 b10", "! a4 b6"}, {"a20 b10", "a4 b6"}}},
		{"who dominates and is silent is not in it", []heard{{"a20", "! a4"}, {"a20", "a4"}, {"b20", "! a4 b4"}, {"b20", "a4 b4"}, {"b20", "! b4"}}},

		{"two fifths of the interval are speech", []heard{{"a127", ""}, {"a20x6", "! a4"}}},
		{"less is a cough", []heard{{"a127", ""}, {"a20x5", ""}, {"a20x5", ""}}},
		{"after silence that was not sent, one packet is not an interval", []heard{{"a127x1.", ""}, {"a20x1.", ""}}},
		{"long frames are speech too", []heard{{"a127", ""}, {"a20/3", "! a4"}}},

		{"a pause between words", []heard{{"a20", "! a4"}, {"a127", "a4"}, {"a20", "a4"}, {"a127", "a4"}, {"a127", "a4"}, {"a20", "a4"}}},
		{"a pause that is longer", []heard{{"a20", "! a4"}, {"a127", "a4"}, {"a127", "a4"}, {"a127", "!"}, {"a127", ""}}},
		{"who stops sending falls silent too", []heard{{"a20", "! a4"}, {"", "a4"}, {"", "a4"}, {"", "!"}, {"", ""}}},
		{"who starts again is as loud as then", []heard{{"a5", "! a7"}, {"", "a7"}, {"", "a7"}, {"", "!"}, {"a30", "! a2"}}},

		{"one goes on while another stops", []heard{{"a20 b20", "! a4 b4"}, {"a20", "a4 b4"}, {"a20", "a4 b4"}, {"a20", "! a4"}}},
		{"louder by degrees", []heard{{"a30", "! a2"}, {"a10", "! a4"}, {"a10", "! a5"}, {"a10", "a5"}, {"a10", "! a6"}, {"a10", "a6"}}},
		{"overtaken", []heard{{"a20 b30", "! a4 b2"}, {"b5", "! b5 a4"}}},
		{"up and down around a step is no news", []heard{{"a22", "! a4"}, {"a23", "a4"}, {"a21", "a4"}, {"a24", "a4"}, {"a20", "a4"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := room{now: start}
			for i, s := range tt.steps {
				if got := r.live(t, s.hear); got != s.want {
					t.Fatalf("interval %d, %q: got %q, want %q", i, s.hear, got, s.want)
				}
			}
		})
	}
}

// room is a Detector with people around it.
type room struct {
	Detector
	now time.Time
}

// voice is how one source sounds during an interval.
type voice struct {
	key    Key
	level  uint8
	loud   int // packets at that level
	frames int // of 20 ms in a packet
	dtx    bool
}

func (r *room) live(t *testing.T, hear string) string {
	t.Helper()
	var voices []voice
	for word := range strings.FieldsSeq(hear) {
		voices = append(voices, parseVoice(t, word))
	}
	for packet := range int(interval / ptime) {
		r.now = r.now.Add(ptime)
		for _, v := range voices {
			switch {
			case (packet+1)%v.frames != 0:
			case packet < v.loud:
				r.Observe(v.key, v.level, true, r.now)
			case !v.dtx:
				r.Observe(v.key, 127, false, r.now)
			}
		}
	}
	return describe(r.Update(r.now))
}

func parseVoice(t *testing.T, word string) voice {
	t.Helper()
	v := voice{key: Key(word[0]), loud: int(interval / ptime), frames: 1}
	rest, dtx := strings.CutSuffix(word[1:], ".")
	v.dtx = dtx
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("what is %q?", word)
		}
		return n
	}
	if level, frames, ok := strings.Cut(rest, "/"); ok {
		v.frames, rest = number(frames), level
	}
	if level, loud, ok := strings.Cut(rest, "x"); ok {
		v.loud, rest = number(loud), level
	}
	v.level = uint8(number(rest))
	return v
}

func describe(speaking []Speaking, changed bool) string {
	var words []string
	if changed {
		words = append(words, "!")
	}
	for _, s := range speaking {
		words = append(words, fmt.Sprintf("%c%v", rune(s.Key), s.Level*8))
	}
	return strings.Join(words, " ")
}

func TestARemovedSourceIsSilentAtOnce(t *testing.T) {
	t.Parallel()
	r := room{now: start}
	r.live(t, "a20 b20")
	r.Remove('a')
	r.Remove('z')
	if got, want := r.live(t, "b20"), "! b4"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBurstsAndAClockThatStandsStill(t *testing.T) {
	t.Parallel()
	var d Detector
	now := start
	for range 3 { // 100 ms of packets at once, three times
		now = now.Add(100 * time.Millisecond)
		for range 5 {
			d.Observe(1, 20, true, now)
		}
	}
	d.Observe(1, 20, true, now.Add(-time.Second))
	if speaking, _ := d.Update(now); !slices.Equal(speaking, []Speaking{{1, 0.5}}) {
		t.Errorf("speaking = %v, want source 1 at 0.5", speaking)
	}
	if speaking, changed := d.Update(now); len(speaking) != 1 || changed {
		t.Errorf("an interval of no length: speaking %v, changed %v", speaking, changed)
	}
}

func TestTheNumberOfSourcesIsBounded(t *testing.T) {
	t.Parallel()
	var d Detector
	for packet := range 10 {
		for key := range Key(2 * maxSources) {
			d.Observe(key, 20, true, start.Add(time.Duration(packet)*ptime))
		}
	}
	speaking, _ := d.Update(start.Add(10 * ptime))
	if len(speaking) != maxSources {
		t.Errorf("%d sources are heard, want %d", len(speaking), maxSources)
	}
	d.Remove(0)
	d.Observe(9999, 20, true, start)
	if len(d.sources) != maxSources || d.sources[9999] == nil {
		t.Error("a removed source makes no room for another")
	}
}

func TestNoAllocation(t *testing.T) {
	var d Detector
	now := start
	live := func() {
		for range 15 {
			now = now.Add(ptime)
			for key := range Key(50) {
				d.Observe(key, uint8(key), true, now)
			}
		}
		d.Update(now)
	}
	live()
	live()
	if n := testing.AllocsPerRun(10, live); n != 0 {
		t.Errorf("%v allocations in a steady interval, want none", n)
	}
}

// FuzzDetector reads each byte pair as a source and its level, or (source
// 0xff) as time that passes before an Update, and checks what Update promises.
func FuzzDetector(f *testing.F) {
	f.Add([]byte{1, 20, 0xff, 2, 1, 20, 0xff, 30, 1, 20, 2, 0, 0xff, 200})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var d Detector
		var told []Speaking
		now := start
		for i := 0; i+1 < len(ops); i += 2 {
			if ops[i] != 0xff {
				now = now.Add(ptime / 4)
				d.Observe(Key(ops[i]), ops[i+1], ops[i+1]&1 == 0, now)
				continue
			}
			now = now.Add(time.Duration(ops[i+1]) * time.Millisecond)
			speaking, changed := d.Update(now)
			dominant, ok := d.Dominant()
			first := slices.IndexFunc(speaking, func(s Speaking) bool { return ok && s.Key == dominant })
			if first > 0 || !slices.IsSortedFunc(speaking[1+first:], louder) {
				t.Fatalf("not %d and then loudest first: %v", dominant, speaking)
			}
			if changed == slices.Equal(speaking, told) {
				t.Fatalf("changed = %v from %v to %v", changed, told, speaking)
			}
			for _, s := range speaking {
				if !(s.Level > 0 && s.Level <= 1) {
					t.Fatalf("level %v of source %d", s.Level, s.Key)
				}
			}
			told = slices.Clone(speaking)
		}
		if speaking, _ := d.Update(now.Add(time.Hour)); len(speaking) != 0 {
			t.Fatalf("still speaking after an hour of silence: %v", speaking)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	var d Detector
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		d.Observe(Key(now.UnixMilli()%50), 20, true, now)
	}
}
