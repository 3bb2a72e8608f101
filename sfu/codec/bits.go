package codec

// bitReader takes a header bit by bit, the highest of each byte first. Beyond
// the end, and where a number has none, it yields nothing and sets bad, so that
// a parser asks once, when it is through.
type bitReader struct {
	data    []byte
	at      int  // in bits
	escaped bool // has the emulation prevention of H.264 in it
	bad     bool
}

func (r *bitReader) bit() uint32 {
	if r.escaped && r.at%8 == 0 {
		r.skipEscape()
	}
	if r.at/8 >= len(r.data) {
		r.bad = true
		return 0
	}
	b := r.data[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint32(b)
}

// skipEscape skips the 3 that encoders write behind two zeros, lest a start
// code appear (H.264, 7.4.1).
func (r *bitReader) skipEscape() {
	i := r.at / 8
	if i >= 2 && i < len(r.data) && r.data[i] == 3 && r.data[i-1] == 0 && r.data[i-2] == 0 {
		r.at += 8
	}
}

func (r *bitReader) flag() bool { return r.bit() == 1 }

// bits returns a number of n bits, 32 at most.
func (r *bitReader) bits(n int) uint32 {
	var v uint32
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

// golomb returns an Exp-Golomb number: ue(v) of H.264 (9.1), uvlc() of AV1
// (4.10.3). Neither allows one of 32 zeros where it is used here.
func (r *bitReader) golomb() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros == 32 || r.bad {
			r.bad = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}
