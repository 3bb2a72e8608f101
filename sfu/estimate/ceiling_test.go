package estimate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A story tells what probes have found, in kbit/s: s where they were slowed down,
// r where there was room; p is a pause in seconds. What is wanted is the ceiling
// in the end.
func TestCeiling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, story string
		want        float64 // kbit/s, 0 for none
	}{
		{"nothing is known", "", 0},
		{"there was room", "r1000", 0},
		{"one probe", "s1000", 1000},
		{"it wavers", "s1000 s1030 s970", 997},
		{"one meets another flow", "s1000 s500", 1000},
		{"again and again", "s1000 s500 s500", 500},
		{"but not in between", "s1000 s500 s1000 s500", 1000},
		{"it grows", "s1000 s1300", 1100},
		{"there is more room", "s1000 r1200", 0},
		{"there is room for less", "s1000 r900", 1000},
		{"out of date", "s1000 p16", 0},
		{"not yet", "s1000 p14", 1000},
	} {
		var c ceiling
		now := began
		for word := range strings.FieldsSeq(tt.story) {
			var n float64
			fmt.Sscan(word[1:], &n)
			switch word[0] {
			case 's':
				c.add(finding{saturatedShare * n * kilo, true}, now)
			case 'r':
				c.add(finding{n * kilo, false}, now)
			case 'p':
				now = now.Add(time.Duration(n) * time.Second)
			}
		}
		if got := c.known(now); !about(got, tt.want*kilo, 0.001) {
			t.Errorf("%s: %.0f, want %.0f", tt.name, got/kilo, tt.want)
		}
	}
}
