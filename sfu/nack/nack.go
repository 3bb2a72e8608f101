// Package nack repairs loss: a ring of recent packets to answer NACKs from, and
// the gaps to ask the publisher for.
package nack

import (
	"time"

	"sfu/sfu/media"
)

// Ring holds the newest packets of one encoding. It owns them until they are
// evicted.
type Ring struct{}

// NewRing returns a ring of size packets; size is a power of two.
func NewRing(size int) *Ring { panic("todo") }

// Taken is what became of a packet offered to a Ring.
type Taken struct {
	Drop    media.Drop    // Kept when the ring took it: pkt.ESN is set and the ring owns it
	Restart bool          // the stream began anew: another sequence, not a gap
	Newest  bool          // ESN is above all before it
	Evicted *media.Packet // what it pushed out; the caller releases it
}

// Commit offers pkt. Duplicates are dropped (DropDuplicate), packets older
// than the ring too (DropLate). A packet more than 1000 away from the newest
// is dropped (DropJump) unless the next one follows it directly: then the
// stream restarted (RFC 3550, A.1).
func (r *Ring) Commit(pkt *media.Packet) Taken { panic("todo") }

// Get returns the packet with number esn, or nil. The ring keeps it.
func (r *Ring) Get(esn uint64) *media.Packet { panic("todo") }

// Clear empties the ring and hands every packet to release.
func (r *Ring) Clear(release func(*media.Packet)) { panic("todo") }

// Gaps are the packets of one encoding that have not come. The zero Gaps is
// ready to use.
type Gaps struct{}

// Note takes the number of a packet that came, new or repaired.
func (g *Gaps) Note(esn uint64, now time.Time) { panic("todo") }

// Due appends to dst the numbers to ask the publisher for now. lost reports
// that a packet was given up, so that only a keyframe helps.
func (g *Gaps) Due(dst []uint64, now time.Time, rtt time.Duration) (due []uint64, lost bool) {
	panic("todo")
}

// Forget drops every miss below esn: a keyframe came, nobody needs them.
func (g *Gaps) Forget(esn uint64) { panic("todo") }

// Reset forgets everything: the stream restarted.
func (g *Gaps) Reset() { panic("todo") }

// Answers limits how often one subscriber's lost packet is sent again. The
// zero Answers is ready to use.
type Answers struct{}

// Allow reports whether outgoing number seq may be sent again at now: not
// within one rtt of the last answer, and at most three times.
func (a *Answers) Allow(seq uint16, now time.Time, rtt time.Duration) bool { panic("todo") }
