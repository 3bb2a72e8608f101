package udp

import (
	"fmt"
	"strings"
	"testing"
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
