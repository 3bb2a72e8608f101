package speaker

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// Each line is what comes of the one above it: '^' the packets with which the
// source comes in, '#' is heard, '-' is not; for a letter of several packets '%'
// if only some are heard.
func TestAudible(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		limit, worth int // places, and packets in a letter
		score        string
	}{
		{"everyone", 0, 1, `
			ana: ####....
			     ########
			ben: ........
			     ########`},
		{"a new talker is in with the first packet", 2, 1, `
			ana: ..####..
			     --^#####
			ben: ....####
			     ----^###`},
		{"silence and noise take no place", 2, 10, `
			ana: ........................
			     ------------------------
			ben: ________________________
			     ------------------------
			eve:         #
			             ^`},
		{"a place is kept through pauses of 2 s", 1, 10, `
			ana: ##.........##............#.
			     ^######################--^#
			`},
		{"and without packets", 1, 10, `
			ana: ##         ##           #.
			     ^#         ##           ^#
			`},
		{"a pause yields to who speaks", 2, 10, `
			ana: ############################
			     ^###########################
			ben: ########....................
			     ^########%------------------
			eve: .........#####..............
			     ---------^##############----`},
		{"but a gap in a word does not", 1, 1, `
			ana: ####.........####
			     ^################
			ben: ....#############
			     -----------------`},
		{"who begins again after a pause may have to wait", 1, 1, `
			ana: ####...............####
			     ^#############---------
			ben: .............##########
			     -------------^#########`},
		{"who paused longest goes first", 2, 10, `
			ana: ###..............
			     ^######%---------
			ben: #####............
			     ^##############--
			eve: .......##########
			     -------^#########`},
		{"equally loud, the first is heard", 2, 10, `
			ana: ####################
			     ^###################
			ben: ####################
			     ^###################
			eve: ..##################
			     --------------------`},
		{"who is louder replaces the quietest", 2, 10, `
			ana: ++++++++++++
			     ^####%------
			ben: ############
			     ^###########
			eve: .....!!!!!!!
			     -----^######`},
		{"once that had its time", 1, 10, `
			ana: ++++++++++++
			     ^#%---------
			ben: .!!!!!!!!!!!
			     --%#########`},
		{"a loud place that fell quiet is quiet after a while", 1, 10, `
			ana: !++++++++++++
			     ^#########%--
			ben: .############
			     ----------^##`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var score, want []string
			for line := range strings.Lines(tt.score) {
				line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t\t\t")
				if name, _, ok := strings.Cut(line, ": "); ok && name != "" {
					score = append(score, line)
				} else if line != "" {
					want = append(want, strings.TrimPrefix(line, "     "))
				}
			}
			var a Audible
			a.Limit(tt.limit)
			all := parts(t, strings.Join(score, "\n"))
			for i, got := range hear(&a, all, tt.worth) {
				if got != want[i] {
					t.Errorf("%s\n     %s\nwant %s", score[i], got, want[i])
				}
			}
		})
	}
}

// hear plays a conversation and writes what is heard under each line of it.
func hear(a *Audible, all []part, worth int) []string {
	type letter struct{ heard, began, packets int }
	lines := make(map[Key][]letter)
	n := 0
	play(all, worth, func(key Key, level uint8, now time.Time) {
		for len(lines[key]) <= n/worth {
			lines[key] = append(lines[key], letter{})
		}
		l := &lines[key][n/worth]
		heard, began := a.Observe(key, level, now)
		l.packets++
		if heard {
			l.heard++
		}
		if began {
			l.began++
		}
	}, func(time.Time) { n++ })

	var texts []string
	for _, p := range all {
		text := ""
		for _, l := range lines[p.key] {
			switch {
			case l.packets == 0:
				text += " "
			case l.heard == 0:
				text += "-"
			case l.heard < l.packets:
				text += "%"
			case l.began > 0:
				text += "^"
			default:
				text += "#"
			}
		}
		texts = append(texts, text)
	}
	return texts
}

// ear checks of every packet what Audible promises of any.
type ear struct {
	Audible
	now   time.Time
	limit int
	in    map[Key]bool // heard with its last packet
	began []time.Time  // when the last of them came in
}

func (e *ear) observe(key Key, level uint8) error {
	free, idle, quiet := e.rivals()
	was := e.in[key]
	heard, began := e.Observe(key, level, e.now)
	speech := level <= threshold
	switch {
	case began && (!heard || !speech):
		return fmt.Errorf("level %d begins, heard %v", level, heard)
	case heard && !was && !began:
		return fmt.Errorf("level %d is heard and never began", level)
	case speech && !heard && (free || idle || int(level)+margin <= quiet):
		return fmt.Errorf("level %d is not heard: free %v, idle %v, quietest %d", level, free, idle, quiet)
	case len(e.places) > e.limit:
		return fmt.Errorf("%d places, of %d", len(e.places), e.limit)
	}
	e.in[key] = heard
	if began {
		e.began = append(e.began, e.now)
	}
	return nil
}

// rivals tells whether a place is free, whether one is held in a pause, and how
// loud the quietest is that had its time.
func (e *ear) rivals() (free, idle bool, quiet int) {
	free, quiet = len(e.places) < e.limit, -1
	for _, p := range e.places {
		idle = idle || e.now.Sub(p.spoke) >= pause
		if e.now.Sub(p.since) >= hold {
			quiet = max(quiet, int(p.level))
		}
	}
	return free, idle, quiet
}

// A minute of twelve people of any loudness who talk when they like: within 20
// ms there are never more voices than places, but for those that come in just
// then.
func TestNeverMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for limit := 1; limit <= 5; limit++ {
		r := rand.New(rand.NewPCG(uint64(limit), 4))
		var all []part
		loudness := make(map[Key]uint8)
		for i := range 12 {
			gap := time.Duration(100+r.IntN(2000)) * time.Millisecond
			all = append(all, part{Key('a' + i), talk(r, time.Minute, 400*time.Millisecond, gap)})
			loudness[Key('a'+i)] = uint8(5 + r.IntN(25))
		}
		e := ear{limit: limit, in: make(map[Key]bool)}
		e.Limit(limit)
		voices, entered, changes := 0, 0, 0
		play(all, 1, func(key Key, level uint8, now time.Time) {
			if level != silence {
				level = loudness[key] + uint8(r.IntN(6))
			}
			e.now = now
			if err := e.observe(key, level); err != nil {
				t.Fatalf("%c: %v", key, err)
			}
			if e.in[key] {
				voices++
			}
		}, func(time.Time) {
			entered = len(e.began) - changes
			changes = len(e.began)
			if voices > limit+entered {
				t.Fatalf("%d voices at once, %d of them new, in %d places", voices, entered, limit)
			}
			voices = 0
		})
		t.Logf("%d places: %d changes in a minute", limit, changes)
		if changes == 0 {
			t.Error("nothing happened")
		}
	}
}

// Of people who talk without a pause, each as loud as the other from word to
// word, those who came first stay.
func TestEquallyLoudTalkersDoNotAlternate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	e := ear{limit: 3, in: make(map[Key]bool)}
	e.Limit(3)
	for range int(time.Minute / ptime) {
		e.now = e.now.Add(ptime)
		for key := range Key(6) {
			level := 18 + uint8(r.IntN(10)) // 10 dB of prosody
			if r.IntN(4) == 0 {
				level = silence
			}
			if err := e.observe(key, level); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(e.began) > 6 {
		t.Errorf("%d changes in a minute", len(e.began)-3)
	}
}

func TestALimitThatChanges(t *testing.T) {
	t.Parallel()
	var a Audible
	now := start
	speak := func(key Key) (heard, began bool) {
		now = now.Add(ptime)
		return a.Observe(key, 20, now)
	}
	expect := func(key Key, heard, began bool) {
		t.Helper()
		if h, b := speak(key); h != heard || b != began {
			t.Errorf("%c: heard %v, began %v; want %v, %v", key, h, b, heard, began)
		}
	}
	expect('a', true, false)
	a.Limit(3)
	for _, key := range "abc" {
		expect(Key(key), true, true)
	}
	expect('d', false, false)
	a.Limit(4)
	expect('d', true, true)
	expect('a', true, false)
	a.Limit(2) // the last who spoke
	expect('d', true, false)
	expect('a', true, false)
	expect('b', false, false)
	a.Remove('d')
	a.Remove('z')
	expect('b', true, true)
	a.Limit(-1)
	expect('c', true, false)
	a.Limit(1 << 40)
	if cap(a.places) > 2*maxSources {
		t.Errorf("%d places", cap(a.places))
	}
}

// FuzzAudible reads each three bytes as a source, its level and the time since
// the packet before.
func FuzzAudible(f *testing.F) {
	f.Add(byte(2), []byte{1, 20, 20, 2, 20, 0, 3, 5, 0, 1, 127, 200, 3, 5, 20})
	f.Add(byte(1), []byte{1, 20, 1, 2, 0, 200, 2, 0, 200, 2, 0, 200, 1, 255, 255, 0, 35, 0})
	f.Fuzz(func(t *testing.T, limit byte, ops []byte) {
		e := ear{now: start, limit: 1 + int(limit%8), in: make(map[Key]bool)}
		e.Limit(e.limit)
		for ; len(ops) >= 3; ops = ops[3:] {
			e.now = e.now.Add(time.Duration(ops[2]) * 2 * time.Millisecond)
			if ops[0] == 0xff { // it goes
				e.Remove(Key(ops[1]))
				delete(e.in, Key(ops[1]))
				continue
			}
			if err := e.observe(Key(ops[0]), ops[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAudibleDoesNotAllocate(t *testing.T) {
	var a Audible
	a.Limit(5)
	now, n := start, 0
	if cap(a.places) < 5 {
		t.Error("the places are not there before they are needed")
	}
	if allocs := testing.AllocsPerRun(1000, func() {
		now = now.Add(ptime)
		n++
		a.Observe(Key(n%50), uint8(n%40), now)
	}); allocs != 0 {
		t.Errorf("%v allocations a packet, want none", allocs)
	}
}

func BenchmarkAudible(b *testing.B) {
	for _, limit := range []int{3, 10} {
		b.Run(fmt.Sprintf("limit %d", limit), func(b *testing.B) {
			var a Audible
			a.Limit(limit)
			now, n := start, 0
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(400 * time.Microsecond) // fifty talk
				n++
				a.Observe(Key(n%50), uint8(n%40), now)
			}
		})
	}
}
