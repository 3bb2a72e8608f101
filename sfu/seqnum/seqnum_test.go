package seqnum

import (
	"math"
	"testing"
)

func TestLessAndDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		a, b     uint16
		less     bool
		distance int
	}{
		{"the same", 7, 7, false, 0},
		{"the next", 7, 8, true, 1},
		{"the one before", 8, 7, false, -1},
		{"over the wrap", 65535, 0, true, 1},
		{"back over the wrap", 0, 65535, false, -1},
		{"the furthest ahead", 100, 100 + 32767, true, 32767},
		{"half the circle counts as behind", 0, 32768, true, -32768},
	} {
		if got := Distance(tt.a, tt.b); got != tt.distance {
			t.Errorf("%s: Distance(%d, %d) = %d, want %d", tt.name, tt.a, tt.b, got, tt.distance)
		}
		if got := Less(tt.a, tt.b); got != tt.less {
			t.Errorf("%s: Less(%d, %d) = %v, want %v", tt.name, tt.a, tt.b, got, tt.less)
		}
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		last uint64
		seq  uint16
		want uint64
	}{
		{"the first number of a count", 1 << 16, 0, 1 << 16},
		{"the next", 1<<16 + 7, 8, 1<<16 + 8},
		{"over the wrap", 1<<16 + 65535, 0, 2 << 16},
		{"back over the wrap", 2 << 16, 65535, 1<<16 + 65535},
		{"as far ahead as can be", 1 << 16, 32767, 1<<16 + 32767},
		{"half the circle is behind", 1 << 16, 32768, 1 << 15},
		{"below zero is one circle up", 5, 65535, 65535},
		{"zero itself is not", 5, 0, 0},
		{"the largest number", math.MaxUint64 - 1, 65535, math.MaxUint64},
	} {
		if got := Unwrap(tt.last, tt.seq); got != tt.want {
			t.Errorf("%s: Unwrap(%d, %d) = %d, want %d", tt.name, tt.last, tt.seq, got, tt.want)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(uint64(0), uint16(0))
	f.Add(uint64(5), uint16(65535))
	f.Add(uint64(1<<16), uint16(32768))
	f.Fuzz(func(t *testing.T, last uint64, seq uint16) {
		last &= 1<<48 - 1 // no stream lives to see the rest
		got := Unwrap(last, seq)
		if uint16(got) != seq {
			t.Fatalf("Unwrap(%d, %d) = %d has the low bits %d", last, seq, got, uint16(got))
		}
		// The nearest such number is at most half a circle away; only below
		// zero may it be further.
		off := int64(got - last)
		if off > 1<<15-1 && last >= 1<<15 || off < -1<<15 || off >= 1<<16 {
			t.Fatalf("Unwrap(%d, %d) = %d is %d away", last, seq, got, off)
		}
	})
}
