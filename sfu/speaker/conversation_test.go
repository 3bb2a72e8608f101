package speaker

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A conversation is written down like music, a line for each:
//
//	ana: ####..####
//	ben:       .###
//
// A letter is some packets: '!' loud speech, '#' speech, '+' quiet speech, '_' a
// noise that is none, '.' silence, and ' ' nothing at all, as with DTX. A source
// is called by the first letter of its line.
var levels = map[byte]uint8{'!': 8, '#': 20, '+': 30, '.': silence, '_': 50}

type part struct {
	key  Key
	line string
}

func parts(t *testing.T, score string) (all []part) {
	t.Helper()
	for text := range strings.Lines(score) {
		name, line, ok := strings.Cut(strings.TrimRight(text, "\n"), ": ")
		if name = strings.TrimSpace(name); !ok || name == "" {
			continue
		}
		all = append(all, part{Key(name[0]), line})
	}
	return all
}

// play calls packet for every packet of the conversation and then tick, once
// every ptime; a letter is worth that many of them.
func play(all []part, worth int, packet func(Key, uint8, time.Time), tick func(time.Time)) {
	now, length := start, 0
	for _, p := range all {
		length = max(length, len(p.line))
	}
	for i := range length * worth {
		now = now.Add(ptime)
		for _, p := range all {
			if i/worth >= len(p.line) || p.line[i/worth] == ' ' {
				continue
			}
			packet(p.key, levels[p.line[i/worth]], now)
		}
		tick(now)
	}
}

// talk is a random way to talk, in letters of 20 ms: words and the gaps between
// them, of about those lengths.
func talk(r *rand.Rand, length, word, gap time.Duration) string {
	var b strings.Builder
	around := func(d time.Duration) int { return int(d/ptime)/2 + r.IntN(int(d/ptime)+1) }
	for b.Len() < int(length/ptime) {
		b.WriteString(strings.Repeat("#", around(word)))
		b.WriteString(strings.Repeat(".", around(gap)))
	}
	return b.String()[:int(length/ptime)]
}

func silent(length time.Duration) string { return strings.Repeat(".", int(length/ptime)) }

// meeting is people who take turns, with a word of assent from the others here
// and there. It returns when each turn begins, too.
func meeting(r *rand.Rand, people int, length time.Duration) (all []part, turns []time.Duration) {
	lines := make([]string, people)
	for at, who := time.Duration(0), 0; at < length; {
		turns = append(turns, at)
		who = (who + 1 + r.IntN(people-1)) % people
		turn := 2*time.Second + time.Duration(r.IntN(250))*ptime
		pause := time.Duration(r.IntN(25)) * ptime
		for i := range lines {
			if i == who {
				lines[i] += talk(r, turn, 260*time.Millisecond, 80*time.Millisecond)
			} else {
				lines[i] += assent(r, turn)
			}
			lines[i] += silent(pause)
		}
		at += turn + pause
	}
	for i, line := range lines {
		all = append(all, part{Key('a' + i), line})
	}
	return all, turns
}

// assent is "mhm" at some time of another's turn, or nothing.
func assent(r *rand.Rand, turn time.Duration) string {
	const mhm = 240 * time.Millisecond
	if r.IntN(2) == 0 {
		return silent(turn)
	}
	before := time.Duration(r.IntN(50)) * ptime
	return silent(before) + strings.Repeat("#", int(mhm/ptime)) + silent(turn-before-mhm)
}

// laughter is people who laugh at the same time.
func laughter(r *rand.Rand, people int, length time.Duration) (all []part) {
	for i := range people {
		all = append(all, part{Key('a' + i), talk(r, length, 200*time.Millisecond, 200*time.Millisecond)})
	}
	return all
}
