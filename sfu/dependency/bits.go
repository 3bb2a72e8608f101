package dependency

import "math/bits"

// reader takes numbers from the front of data, high bits first. Beyond the end
// it yields zeros and sets short, so that a parser asks once, when it is
// through; no element of the format goes on for ever on zeros.
type reader struct {
	data  []byte
	at    int // the next bit
	short bool
}

// bits returns the next n bits: f(n) of the specification (A.8.2).
func (r *reader) bits(n int) (v uint32) {
	if n > 8*len(r.data)-r.at {
		r.at, r.short = 8*len(r.data), true
		return 0
	}
	for n > 0 {
		left := 8 - r.at&7 // in this byte
		k := min(n, left)
		b := r.data[r.at>>3] >> (left - k) & (1<<k - 1)
		v = v<<k | uint32(b)
		r.at += k
		n -= k
	}
	return v
}

// below returns the next number of n possible ones: ns(n) of the specification,
// in which the low numbers are one bit shorter when n is no power of two.
func (r *reader) below(n uint32) uint32 {
	w := bits.Len32(n)
	m := uint32(1)<<w - n
	v := r.bits(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.bits(1)
}

// writer appends numbers to dst, high bits first. The bits that are left over
// in the last byte are zero.
type writer struct {
	dst  []byte
	left int // bits that are free in the last byte
}

// bits appends the low n bits of v; those above must be zero.
func (w *writer) bits(v uint32, n int) {
	for n > 0 {
		if w.left == 0 {
			w.dst, w.left = append(w.dst, 0), 8
		}
		k := min(n, w.left)
		n -= k
		w.left -= k
		w.dst[len(w.dst)-1] |= byte(v >> n & (1<<k - 1) << w.left)
	}
}

// copy appends the bits of data from the bit at up to end.
func (w *writer) copy(data []byte, at, end int) {
	r := reader{data: data, at: at}
	for r.at < end {
		n := min(32, end-r.at)
		w.bits(r.bits(n), n)
	}
}
