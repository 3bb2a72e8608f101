package nack

import (
	"cmp"
	"slices"
	"time"
)

const (
	// maxMissing bounds what is asked for at once. More than this is no loss
	// but an outage, which a keyframe mends sooner.
	maxMissing = 512
	// A packet is only missing, and not late, when this many newer ones came
	// or this much time passed (RFC 4585 leaves it to us).
	reorderPackets = 2
	reorderTime    = 10 * time.Millisecond
	// minRetry bounds how often a packet is asked for when the round trip is
	// short or unknown.
	minRetry = 20 * time.Millisecond
	maxTries = 10
)

// Gaps are the packets of one encoding that have not come. The zero Gaps is
// ready to use.
type Gaps struct {
	newest  uint64 // 0 before the first packet
	came    uint64 // how many packets advanced newest
	missing []miss // by number
	lost    uint64 // newest that was given up and not reported, 0 for none
	tries   int    // how often a packet is asked for, 0 for maxTries
}

// miss is one packet that has not come.
type miss struct {
	esn   uint64
	came  uint64    // Gaps.came just before it was noticed
	since time.Time // it was noticed, or asked for last
	tries int
}

// Tries sets how often a packet is asked for before it is given up; it is 10
// times without. For sound it should be once: what comes later than that comes
// too late to be heard.
func (g *Gaps) Tries(n int) { g.tries = n }

// Note takes the number of a packet that came, new or repaired.
func (g *Gaps) Note(esn uint64, now time.Time) {
	if esn <= g.newest {
		if i, ok := g.find(esn); ok {
			g.missing = slices.Delete(g.missing, i, i+1)
		}
		return
	}
	if g.newest != 0 {
		g.open(g.newest+1, esn, now)
	}
	g.newest = esn
	g.came++
}

// open notes that [from, to) are missing.
func (g *Gaps) open(from, to uint64, now time.Time) {
	if uint64(len(g.missing))+to-from > maxMissing {
		g.missing, g.lost = g.missing[:0], to-1
		return
	}
	for esn := from; esn < to; esn++ {
		g.missing = append(g.missing, miss{esn: esn, came: g.came, since: now})
	}
}

// find returns where esn is among the missing, or would be.
func (g *Gaps) find(esn uint64) (int, bool) {
	return slices.BinarySearchFunc(g.missing, esn, func(m miss, esn uint64) int {
		return cmp.Compare(m.esn, esn)
	})
}

// Missing reports whether esn is still asked for.
func (g *Gaps) Missing(esn uint64) bool {
	_, ok := g.find(esn)
	return ok
}

// Any reports whether anything is asked for.
func (g *Gaps) Any() bool { return len(g.missing) > 0 || g.lost != 0 }

// Due appends to dst the numbers to ask the publisher for now, in order. lost
// reports that a packet was given up, so that only a keyframe helps.
func (g *Gaps) Due(dst []uint64, now time.Time, rtt time.Duration) (due []uint64, lost bool) {
	lost = g.lost != 0
	g.lost = 0
	retry, tries := max(rtt, minRetry), cmp.Or(g.tries, maxTries)
	rest := g.missing[:0]
	for _, m := range g.missing {
		if g.ripe(m, now, retry) {
			if m.tries >= tries {
				lost = true
				continue
			}
			dst = append(dst, m.esn)
			m.since = now
			m.tries++
		}
		rest = append(rest, m)
	}
	g.missing = rest
	return dst, lost
}

// ripe reports whether it is time to ask for m, or to give it up.
func (g *Gaps) ripe(m miss, now time.Time, retry time.Duration) bool {
	if m.tries == 0 {
		return g.came-m.came >= reorderPackets || now.Sub(m.since) >= reorderTime
	}
	return now.Sub(m.since) >= retry
}

// Forget drops every miss below esn: a keyframe came, nobody needs them.
func (g *Gaps) Forget(esn uint64) {
	i, _ := g.find(esn)
	g.missing = slices.Delete(g.missing, 0, i)
	if g.lost <= esn {
		g.lost = 0
	}
}

// Reset forgets what came and what did not: the stream restarted.
func (g *Gaps) Reset() { *g = Gaps{tries: g.tries, missing: g.missing[:0]} }
