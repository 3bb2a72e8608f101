package nack

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	type ask struct {
		at   time.Duration
		seq  uint16
		want bool
	}
	const ms = time.Millisecond
	for _, tt := range []struct {
		name string
		rtt  time.Duration
		asks []ask
	}{
		{"each number by itself", 0, []ask{{0, 1, true}, {0, 2, true}, {0, 0, true}, {0, 65535, true}}},
		{"not again within a round trip", 50 * ms, []ask{{0, 1, true}, {49 * ms, 1, false}, {50 * ms, 1, true}, {99 * ms, 1, false}}},
		{"a refusal does not prolong the wait", 50 * ms, []ask{{0, 1, true}, {40 * ms, 1, false}, {50 * ms, 1, true}}},
		{"an unknown round trip", 0, []ask{{0, 1, true}, {9 * ms, 1, false}, {10 * ms, 1, true}}},
		{"six times at most", 0, []ask{
			{0, 1, true}, {20 * ms, 1, true}, {40 * ms, 1, true}, {60 * ms, 1, true}, {80 * ms, 1, true}, {100 * ms, 1, true},
			{120 * ms, 1, false}, {4 * time.Second, 1, false},
		}},
		{"a newer number takes the slot", 0, []ask{{0, 1, true}, {0, 513, true}, {0, 1025, true}}},
		{"and an older one does not get it back", 0, []ask{{0, 513, true}, {0, 1, false}, {100 * ms, 1, false}, {100 * ms, 513, true}}},
		{"over the wrap", 0, []ask{{0, 65535, true}, {0, 511, true}, {0, 65535, false}}},
		{"the same number a circle later", 0, []ask{{0, 1, true}, {20 * ms, 1, true}, {40 * ms, 1, true}, {6 * time.Second, 1, true}, {6*time.Second + ms, 1, false}}},
		{"an older number when the slot is forgotten", 0, []ask{{0, 513, true}, {6 * time.Second, 1, true}}},
	} {
		var a Answers
		start := time.Unix(1000, 0)
		for i, ask := range tt.asks {
			if got := a.Allow(ask.seq, start.Add(ask.at), tt.rtt); got != ask.want {
				t.Errorf("%s: question %d, %d after %v: %v", tt.name, i, ask.seq, ask.at, got)
			}
		}
	}
}

// Whoever asks for everything all the time gets each packet six times, even
// where more was earned.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	var a Answers
	now := time.Unix(1000, 0)
	var answered int
	for range 400 { // four seconds
		for seq := range uint16(600) {
			a.Sent(earn)
			if a.Allow(seq, now, 0) {
				answered++
			}
		}
		now = now.Add(10 * time.Millisecond)
	}
	// Of the 88 numbers that share a slot with a newer one, each got at most
	// one answer before it was overwritten.
	if answered > maxAnswers*answerSlots+88 || answered < maxAnswers*(answerSlots-88) {
		t.Errorf("%d packets were sent again", answered)
	}
}

// In a story s sends packets, a asks for as many others, each for the first
// time, and what follows is how many are answered.
func TestAnswersAreEarned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, story string }{
		{"a credit from the start", "a200=128 a1=0"},
		{"one for four packets", "a128=128 s3 a1=0 s1 a2=1 s400 a150=100"},
		{"a refusal costs nothing", "a500=128 s4 a1=1"},
		{"what is paid back is there again", "a128=128 s512 a200=128"},
		{"half of it", "a128=128 s256 a200=64"},
		{"a long quiet time saves up no more than that", "s1000000 a200=128 a10=0"},
		{"few answers cost nothing in the long run", "a20=20 s80 a20=20 s80 a128=128 a1=0"},
	} {
		var a Answers
		var seq uint16
		for i, word := range strings.Fields(tt.story) {
			var n, want, got int
			if _, err := fmt.Sscanf(word, "s%d", &n); err == nil {
				a.Sent(n)
				continue
			}
			if _, err := fmt.Sscanf(word, "a%d=%d", &n, &want); err != nil {
				t.Fatalf("%s: %s: %v", tt.name, word, err)
			}
			for range n {
				seq++
				if a.Allow(seq, time.Unix(1000, 0), 0) {
					got++
				}
			}
			if got != want {
				t.Errorf("%s: word %d, %s: %d", tt.name, i, word, got)
			}
		}
	}
}

// What is refused for want of credit is no answer: it is given at once when there
// is some, a round trip need not pass, and it still may come six times.
func TestRefusalIsNoAnswer(t *testing.T) {
	t.Parallel()
	var a Answers
	now := time.Unix(1000, 0)
	for seq := range uint16(maxCredit) {
		a.Allow(seq, now, time.Second)
	}
	for range 2 {
		if a.Allow(200, now, time.Second) {
			t.Fatal("answered beyond the credit")
		}
	}
	for i := range maxAnswers {
		a.Sent(earn)
		if !a.Allow(200, now, time.Second) {
			t.Fatalf("answer %d is refused", i+1)
		}
		now = now.Add(time.Second)
	}
}

// A subscriber whose path loses packets and repeats alike asks once a round trip
// for what it misses. Up to 20 % all of it is repaired that six answers can,
// and none waits for want of credit.
func TestHonestLossIsRepaired(t *testing.T) {
	t.Parallel()
	for _, loss := range []float64{0.01, 0.1, 0.2} {
		r := rand.New(rand.NewPCG(7, uint64(loss*100)))
		var a Answers
		var missing []uint16
		var repeats, poor int
		now := time.Unix(1000, 0)
		const packets = 30_000 // at 300 a second
		for seq := range uint16(packets) {
			a.Sent(1)
			if r.Float64() < loss {
				missing = append(missing, seq)
			}
			now = now.Add(time.Second / 300)
			if seq%15 != 0 { // 50 ms
				continue
			}
			missing = slices.DeleteFunc(missing, func(seq uint16) bool {
				if !a.Allow(seq, now, 50*time.Millisecond) {
					if a.debt+earn > maxCredit*earn {
						poor++
					}
					return false
				}
				repeats++
				return r.Float64() >= loss
			})
		}
		// Six answers leave loss to the seventh; the last may still be under way.
		if left := float64(len(missing)) / packets; left > 0.001 {
			t.Errorf("at %v: %.2f %% are not repaired", loss, 100*left)
		}
		if repeats > packets/earn+maxCredit {
			t.Errorf("at %v: %d packets sent again", loss, repeats)
		}
		if poor > 0 {
			t.Errorf("at %v: %d questions were refused for want of credit", loss, poor)
		}
	}
}

// Whoever makes up NACKs for all that it was sent gets a quarter of it and the
// credit, whatever it asks for and in whichever order.
func TestFloodOfNacksEarnsAQuarter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var a Answers
	now := time.Unix(1000, 0)
	var answered, sent int
	for newest := range uint16(60_000) {
		a.Sent(1)
		sent++
		for range 10 {
			if a.Allow(newest-uint16(r.IntN(600)), now, 0) {
				answered++
			}
		}
		if answered > sent/earn+maxCredit {
			t.Fatalf("%d packets were sent, %d of them again", sent, answered)
		}
		now = now.Add(2 * time.Millisecond)
	}
}

// FuzzAnswers asks for any number at any time: no number is answered twice within
// a round trip, nor more often than six times while it is remembered, and what
// is sent again has been earned.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{0, 9, 1, 0, 1, 0, 2, 30, 1, 0, 2, 30, 1, 0, 2, 30, 1, 0})
	f.Add([]byte{1, 0, 3, 2, 1, 0, 4, 200, 1, 5, 2, 255, 1, 5, 0, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		const rtt = 25 * time.Millisecond
		var a Answers
		var seq uint16
		var sent, answered int
		given := make(map[uint16][]time.Time)
		now := time.Unix(1000, 0)
		for i := 0; i+1 < len(script); i += 2 {
			switch b := script[i+1]; script[i] % 5 {
			case 0:
				a.Sent(int(b))
				sent += int(b)
			case 1: // ask for the next few
				for range b {
					seq++
					if !a.Allow(seq, now, rtt) {
						continue
					}
					answered++
					was := given[seq]
					if n := len(was); n > 0 && now.Sub(was[n-1]) < rtt ||
						n >= maxAnswers && now.Sub(was[n-maxAnswers]) < forgetAnswer {
						t.Fatalf("%d is answered at %v after %v", seq, now, was)
					}
					given[seq] = append(was, now)
				}
			case 2:
				now = now.Add(time.Duration(b) * time.Millisecond)
			case 3:
				seq += uint16(b) << 8
			case 4:
				seq -= uint16(b)
			}
			if answered > sent/earn+maxCredit {
				t.Fatalf("%d packets sent, %d of them again", sent, answered)
			}
		}
	})
}

func TestAllowDoesNotAllocate(t *testing.T) {
	var a Answers
	now := time.Unix(1000, 0)
	a.Allow(0, now, 0)
	var seq uint16
	round := func() { a.Sent(4); a.Allow(seq, now, 0); seq++ }
	if allocs := testing.AllocsPerRun(1000, round); allocs != 0 {
		t.Errorf("%v allocations a question", allocs)
	}
}
