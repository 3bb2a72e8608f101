package codec

import (
	"bytes"
	"math/bits"
	"testing"
)

// bitWriter writes what bitReader reads.
type bitWriter struct {
	data []byte
	n    int // bits written
}

func (w *bitWriter) put(n int, v uint64) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

func (w *bitWriter) flag(b bool) {
	if b {
		w.put(1, 1)
		return
	}
	w.put(1, 0)
}

// golomb writes ue(v) (H.264, 9.1): as many zeros as v+1 has bits behind its
// first, then v+1.
func (w *bitWriter) golomb(v uint64) {
	n := bits.Len64(v + 1)
	w.put(n-1, 0)
	w.put(n, v+1)
}

// escape puts a 3 behind two zeros where what follows could be taken for a
// start code (H.264, 7.4.1).
func escape(raw []byte) []byte {
	var out []byte
	zeros := 0
	for _, b := range raw {
		if zeros == 2 && b <= 3 {
			out, zeros = append(out, 3), 0
		}
		if out = append(out, b); b == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return out
}

func TestGolombNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct { // H.264, table 9-2
		hex  string
		want uint32
		bad  bool
	}{
		{"80", 0, false},
		{"40", 1, false},
		{"60", 2, false},
		{"20", 3, false},
		{"38", 6, false},
		{"0480", 35, false},
		{"00000001 fffffffe", 1<<32 - 2, false},
		{"", 0, true},
		{"00", 0, true},
		{"08", 0, true},
		{"00000000 ffffffff ff", 0, true},
	} {
		r := bitReader{data: unhex(t, tt.hex)}
		if got := r.golomb(); r.bad != tt.bad || !tt.bad && got != tt.want {
			t.Errorf("%s: %d (bad: %v), want %d (bad: %v)", tt.hex, got, r.bad, tt.want, tt.bad)
		}
	}
}

func TestEscapesAreSkipped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ escaped, want string }{
		{"01 02 03", "01 02 03"},
		{"00 03", "00 03"},
		{"00 00 03 01", "00 00 01"},
		{"00 00 03 03", "00 00 03"},
		{"00 00 03 00 00 03 00", "00 00 00 00 00"},
		{"00 00 03 00 03", "00 00 00 03"},
		{"00 00 03", "00 00"},
	} {
		r := bitReader{data: unhex(t, tt.escaped), escaped: true}
		want := unhex(t, tt.want)
		var got []byte
		for range want {
			got = append(got, byte(r.bits(8)))
		}
		if !bytes.Equal(got, want) || r.bad {
			t.Errorf("%s: %x, want %s", tt.escaped, got, tt.want)
		}
		if r.bit(); !r.bad {
			t.Errorf("%s: goes on beyond the end", tt.escaped)
		}
	}
	plain := bitReader{data: unhex(t, "00 00 03")}
	if got := plain.bits(24); got != 3 || plain.bad {
		t.Errorf("only H.264 has escapes: %x", got)
	}
}
