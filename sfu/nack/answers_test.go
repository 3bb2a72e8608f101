package nack

import (
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
		{"three times at most", 0, []ask{{0, 1, true}, {20 * ms, 1, true}, {40 * ms, 1, true}, {60 * ms, 1, false}, {4 * time.Second, 1, false}}},
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

// Whoever asks for everything all the time gets each packet three times.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	var a Answers
	now := time.Unix(1000, 0)
	var answered int
	for range 400 { // four seconds
		for seq := range uint16(600) {
			if a.Allow(seq, now, 0) {
				answered++
			}
		}
		now = now.Add(10 * time.Millisecond)
	}
	// Of the 88 numbers that share a slot with a newer one, each got at most
	// one answer before it was overwritten.
	if answered > 3*answerSlots+88 {
		t.Errorf("%d packets were sent again", answered)
	}
}

func TestAllowDoesNotAllocate(t *testing.T) {
	var a Answers
	now := time.Unix(1000, 0)
	a.Allow(0, now, 0)
	var seq uint16
	if allocs := testing.AllocsPerRun(1000, func() { a.Allow(seq, now, 0); seq++ }); allocs != 0 {
		t.Errorf("%v allocations a question", allocs)
	}
}
