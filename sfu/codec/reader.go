package codec

// reader takes a payload from the front. Beyond the end it yields nothing and
// sets short, so that a parser asks once, when it is through.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.short = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// take returns the next n bytes.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.short = true
		n = uint64(len(r.rest))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// leb128 returns the next little-endian base 128 number (AV1 specification,
// 4.10.5).
func (r *reader) leb128() uint64 {
	var v uint64
	for i := range 8 {
		b := r.byte()
		v |= uint64(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			return v
		}
	}
	r.short = true // longer than the format allows: it has no end
	return 0
}
