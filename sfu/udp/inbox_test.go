package udp

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReceivedTrainsAreCut(t *testing.T) {
	t.Parallel()
	type buffer struct {
		data    string
		segment int
	}
	for _, tt := range []struct {
		name    string
		buffers []buffer
		want    string
	}{
		{"nothing", nil, ""},
		{"a packet alone", []buffer{{"abc", 0}}, "abc"},
		{"a train", []buffer{{"aabbcc", 2}}, "aa bb cc"},
		{"the last is shorter", []buffer{{"aaabbbc", 3}}, "aaa bbb c"},
		{"one that is shorter than its segments", []buffer{{"ab", 5}}, "ab"},
		{"a segment of all", []buffer{{"abcd", 4}}, "abcd"},
		{"an empty one is passed over", []buffer{{"a", 0}, {"", 0}, {"", 7}, {"b", 0}}, "a b"},
		{"all together", []buffer{{"aab", 2}, {"c", 0}, {"ddee", 2}}, "aa b c dd ee"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var in inbox
			for range 2 { // what was handed out comes no more
				var got []string
				for i, b := range tt.buffers {
					s := in.at(i)
					s.length, s.segment = copy(s.room[:], b.data), b.segment
				}
				in.fill(len(tt.buffers))
				for d, ok := in.next(); ok; d, ok = in.next() {
					if cap(d.data) != len(d.data) {
						t.Errorf("%q could grow into the next one", d.data)
					}
					got = append(got, string(d.data))
				}
				if s := strings.Join(got, " "); s != tt.want {
					t.Errorf("got %q, want %q", s, tt.want)
				}
			}
		})
	}
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	a := NewArrivals()
	base := a.start
	rtp := func(ssrc byte, seq uint16) []byte {
		return []byte{0x90, 0x80 | 111, byte(seq >> 8), byte(seq), 0, 0, 0, 0, 0, 0, 0, ssrc}
	}
	for seq := range uint16(500) {
		a.note(rtp(1, seq), base.Add(time.Duration(seq)*time.Millisecond))
		a.note(rtp(2, seq), base.Add(time.Duration(seq)*time.Second))
	}
	known := 0
	for seq := range uint16(500) {
		for ssrc, unit := range []time.Duration{time.Millisecond, time.Second} {
			at, ok := a.Of(uint32(ssrc+1), seq)
			if !ok {
				continue
			}
			known++
			if want := base.Add(time.Duration(seq) * unit); !at.Equal(want) {
				t.Fatalf("packet %d of stream %d: %s, want %s", seq, ssrc+1, at, want)
			}
		}
	}
	if known < 850 { // of 1000 in 4096 places a few share one
		t.Errorf("only %d of 1000 arrivals are known", known)
	}
	for _, b := range [][]byte{nil, {0x80}, append([]byte{0x80, 200}, make([]byte, 30)...), append([]byte{22, 1}, make([]byte, 30)...)} {
		a.note(b, base.Add(time.Hour))
	}
	if _, ok := a.Of(0, 0); ok {
		t.Error("what is not RTP was noted")
	}
}

func TestBufferWarning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		receive, send int
		want          []string
	}{
		{socketBuffer, socketBuffer, nil},
		{212992, socketBuffer, []string{"208 KiB in", fmt.Sprintf("net.core.rmem_max=%d", socketBuffer)}},
		{socketBuffer, 212992, []string{"208 KiB out", fmt.Sprintf("net.core.wmem_max=%d", socketBuffer)}},
		{0, 0, []string{"rmem_max", "wmem_max"}},
	} {
		got := bufferWarning(tt.receive, tt.send)
		if (got == "") != (tt.want == nil) {
			t.Errorf("%d and %d: %q", tt.receive, tt.send, got)
		}
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%d and %d: %q does not say %q", tt.receive, tt.send, got, w)
			}
		}
	}
}
