package seqnum

// Less reports whether a comes before b, for numbers less than half the circle
// apart.
func Less(a, b uint16) bool { return int16(a-b) < 0 }

// Distance returns how far b is ahead of a; negative when it is behind.
func Distance(a, b uint16) int { return int(int16(b - a)) }

// Unwrap returns the 64-bit number that has the low 16 bits seq and lies
// closest to last; of two equally close ones, the lower. It never goes below
// zero: near the start an old number maps one circle up, so callers start
// counting at 1<<16 or above.
func Unwrap(last uint64, seq uint16) uint64 {
	ahead := int64(int16(seq - uint16(last)))
	if ahead < 0 && uint64(-ahead) > last {
		ahead += 1 << 16
	}
	return last + uint64(ahead)
}
