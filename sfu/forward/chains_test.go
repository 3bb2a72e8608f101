package forward

import (
	"strings"
	"testing"
)

// What happens to a chain, in words: 5 is a new frame that names the chain's
// newest frame before it, (5) a late one; 5:2 names the frame 2 before, 5:0 none.
// A ! says that the frame is left out, +900 that 900 ms pass.
func TestChains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		story string
		want  chainState
	}{
		{"1:1", broken},
		{"1:0", intact},
		{"1:0 2:1 3:1", intact},
		{"1:0 2:1! 3:1", broken},
		{"1:0 2:1! 3:2", intact},
		{"1:0 2:1! 3:1 4:0", intact},
		{"1:0 3:1", waiting},
		{"1:0 3:1 (2:1)", intact},
		{"1:0 3:1 (2:0)", intact},
		{"1:0 3:1 (2:1!)", broken},
		{"1:0 3:1 +501 4:1", lost},
		{"1:0 3:1 +499 4:1", waiting},
		{"1:0 3:1 +501 4:1 (2:1)", intact},
		{"1:0 3:1 +501 4:1! 5:1", broken},
		{"1:0 4:1", waiting},
		{"1:0 4:1 (3:1)", waiting},
		{"1:0 4:1 (3:1) (2:1)", intact},
		{"1:0 4:1 (2:1)", waiting},
		{"1:0 4:1 (2:1) (3:1)", intact},
		{"1:0 2:1! 4:1 (3:1)", broken},
		{"1:0 60000:0 60001:1", intact},
		{"60000:0 1000:0 1001:1", intact},
		{"1:0 200:1! 201:1", broken},
	} {
		var ch chain
		r, at := frames{}, uint32(0)
		for _, word := range strings.Fields(c.story) {
			if word[0] == '+' {
				at += uint32(number(t, word[1:])) * 90
				continue
			}
			late := word[0] == '('
			n, diff, _ := strings.Cut(strings.Trim(word, "()!"), ":")
			frame, back := uint16(number(t, n)), uint8(number(t, diff))
			out := !strings.Contains(word, "!")
			if late {
				r.note(frame, out)
				ch.repair(&r, frame, back, out)
				continue
			}
			r.reach(frame)
			ch.follow(&r, frame, back, at, 45000)
			r.note(frame, out)
		}
		if ch.state != c.want {
			t.Errorf("%s: state %d, want %d", c.story, ch.state, c.want)
		}
	}
}
