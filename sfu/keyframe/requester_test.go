package keyframe

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A word of a story is a time in ms and what becomes of a request then: y it is
// passed on, n it is not.
func TestRequester(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, story string }{
		{"three at once", "0y 0y 0y 0n"},
		{"three in a row", "0y 400y 800y 1200n 2999n"},
		{"then one in three seconds", "0y 0y 0y 2999n 3000y 3000n 5999n 6000y 8999n 9000y"},
		{"a refusal does not prolong the wait", "0y 0y 0y 1000n 2000n 2999n 3000y"},
		{"six seconds save up two", "0y 0y 0y 6000y 6000y 6000n"},
		{"a long pause saves up three, and no more", "0y 0y 0y 60000y 60000y 60000y 60000n"},
		{"a decoder that fails now and then is never refused", "0y 5000y 10000y 12000y 20000y 21000y 22000y"},
		{"two are not all", "0y 0y 1y 1n"},
	} {
		if err := ask(tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func ask(story string) error {
	var r Requester
	start := time.Unix(1000, 0)
	for i, word := range strings.Fields(story) {
		var ms int
		var want rune
		if _, err := fmt.Sscanf(word, "%d%c", &ms, &want); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		if got := r.Allow(start.Add(time.Duration(ms) * time.Millisecond)); got != (want == 'y') {
			return fmt.Errorf("word %d, %s: %v", i, word, got)
		}
	}
	return nil
}

// One subscriber asks all the time, and the publisher answers every PLI after
// 100 ms. Another asks once in a while: it gets its keyframe as soon as the
// source allows one, and the publisher is spared what the first one asks.
func TestRefusedRequesterCostsNobodyElse(t *testing.T) {
	t.Parallel()
	var source Throttle
	var noisy, patient Requester
	start := time.Unix(1000, 0)
	var plis int
	var answer, asked time.Time
	for at := time.Duration(0); at < time.Minute; at += 10 * time.Millisecond {
		now := start.Add(at)
		if !answer.IsZero() && !now.Before(answer) {
			source.Seen(now)
			answer, asked = time.Time{}, time.Time{}
		}
		if source.Waiting() || noisy.Allow(now) {
			source.Request(now)
		}
		if at%(7*time.Second) == 5*time.Second {
			if !patient.Allow(now) {
				t.Fatalf("at %v the patient one is refused", at)
			}
			source.Request(now)
			asked = now
		}
		if !asked.IsZero() && now.Sub(asked) > minGap+100*time.Millisecond {
			t.Fatalf("at %v the patient one still waits for its keyframe", at)
		}
		if source.Due(now) {
			plis++
			answer = now.Add(100 * time.Millisecond)
		}
	}
	// 3 at once and one in 3 s for the noisy one, 8 for the patient one.
	if most := 3 + 20 + 8; plis > most || plis < most-8 {
		t.Errorf("%d PLIs in a minute, want about %d", plis, most)
	}
}
