package udp

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// maxArrivals is how many packets' arrivals are known at once: those that are
// between the socket and pion's SRTP goroutines. It is a power of two.
const maxArrivals = 4096

// Arrivals tells when packets arrived to who gets them from pion, which passes
// on their bytes alone. It takes a number of readers and askers at once.
type Arrivals struct {
	start  time.Time
	places [maxArrivals]arrival
}

// arrival is one packet's: key names it, and is 0 while at changes.
type arrival struct{ key, at atomic.Uint64 }

// NewArrivals makes a table that knows nothing.
func NewArrivals() *Arrivals { return &Arrivals{start: time.Now()} }

// Of returns when the packet arrived at the kernel, if that is known still.
// What it says is only as good as the sender is honest: somebody else could
// send the same numbers at the same moment.
func (a *Arrivals) Of(ssrc uint32, seq uint16) (time.Time, bool) {
	key := arrivalKey(ssrc, seq)
	p := &a.places[key%maxArrivals]
	if p.key.Load() != key {
		return time.Time{}, false
	}
	at := p.at.Load()
	if p.key.Load() != key { // another packet took the place meanwhile
		return time.Time{}, false
	}
	return a.start.Add(time.Duration(at)), true
}

// note remembers the arrival of b if it is RTP (RFC 7983, 7; RFC 5761, 4).
func (a *Arrivals) note(b []byte, at time.Time) {
	if len(b) < 12 || b[0]>>6 != 2 || b[1] >= 192 && b[1] < 224 {
		return
	}
	key := arrivalKey(binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:]))
	p := &a.places[key%maxArrivals]
	p.key.Store(0)
	p.at.Store(uint64(max(0, at.Sub(a.start))))
	p.key.Store(key)
}

// arrivalKey is never 0, and spreads streams over the places: an odd factor
// keeps different packets different.
func arrivalKey(ssrc uint32, seq uint16) uint64 {
	k := (1<<48 | uint64(ssrc)<<16 | uint64(seq)) * 0x9e3779b97f4a7c15
	return k>>32 | k<<32
}
