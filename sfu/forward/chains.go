package forward

// recent is how many frame numbers are remembered: twice as far as chains point
// back. It is a multiple of 64.
const recent = 512

// frames remembers what became of the recent frames, by frame number.
type frames struct {
	newest     uint16
	came, sent [recent / 64]uint64
}

// fate is what became of a frame.
type fate uint8

const (
	missing fate = iota
	leftOut
	wentOut
)

// reach moves on to frame n, the newest of the feed.
func (r *frames) reach(n uint16) {
	ahead := int(int16(n - r.newest))
	if ahead > -recent && ahead < recent {
		for i := range max(ahead, 0) {
			r.clear(n - uint16(i))
		}
		if ahead > 0 {
			r.newest = n
		}
		return
	}
	*r = frames{newest: n}
}

// note says that frame n came, and whether it went out.
func (r *frames) note(n uint16, out bool) {
	if !r.recalls(n) {
		return
	}
	word, bit := n%recent/64, uint64(1)<<(n%64)
	r.came[word] |= bit
	if out {
		r.sent[word] |= bit
	}
}

// recalls reports whether frame n is among the recent ones.
func (r *frames) recalls(n uint16) bool {
	ahead := int16(n - r.newest)
	return -recent < ahead && ahead <= 0
}

func (r *frames) clear(n uint16) {
	word, bit := n%recent/64, uint64(1)<<(n%64)
	r.came[word] &^= bit
	r.sent[word] &^= bit
}

func (r *frames) fate(n uint16) fate {
	word, bit := n%recent/64, uint64(1)<<(n%64)
	switch {
	case !r.recalls(n) || r.came[word]&bit == 0:
		return missing
	case r.sent[word]&bit == 0:
		return leftOut
	}
	return wentOut
}

// chain follows one chain of frames (RTP Payload Format For AV1, appendix A.4):
// as long as all of them went out, what it protects can be decoded. Every frame
// names the newest frame of each chain before it, so nothing escapes.
type chain struct {
	state  chainState
	awaits uint16 // its frame that is missing
	since  uint32 // the timestamp with which that was seen
}

type chainState uint8

const (
	// broken: a frame was left out. Only its next beginning mends it.
	broken chainState = iota
	intact
	// waiting: a frame is missing, but it has a place and may come yet. What
	// follows goes out: it would be in vain only if nobody repaired the loss.
	waiting
	// lost: waiting was in vain.
	lost
)

// alive reports whether what the chain protects may go out.
func (c *chain) alive() bool { return c.state == intact || c.state == waiting }

// follow looks at a new frame with number n, timestamp at and the chain's diff;
// patience is how long a frame may be missing.
func (c *chain) follow(r *frames, n uint16, diff uint8, at, patience uint32) {
	if diff == 0 { // no frame of the chain is before this one
		c.state = intact
		return
	}
	if c.state == broken {
		return
	}
	switch before := n - uint16(diff); r.fate(before) {
	case leftOut:
		c.state = broken
	case missing:
		if c.state == intact {
			c.state, c.awaits, c.since = waiting, before, at
		}
	}
	if c.state == waiting && int32(at-c.since) > int32(patience) {
		c.state = lost
	}
}

// repair looks at a late frame with number n, which went out or not.
func (c *chain) repair(r *frames, n uint16, diff uint8, out bool) {
	if c.state != waiting && c.state != lost || c.awaits != n {
		return
	}
	before := n - uint16(diff)
	switch {
	case !out:
		c.state = broken
	case diff == 0 || r.fate(before) == wentOut:
		c.state = intact
	case r.fate(before) == leftOut:
		c.state = broken
	default:
		c.awaits = before
	}
}
