package nack

import (
	"time"

	"sfu/sfu/seqnum"
)

const (
	// maxAnswers is how often one packet is sent again. A burst that takes a
	// packet takes its repeats too: at 5 % in bursts, three were lost once in a
	// hundred seconds, and the picture stood still until a keyframe. Receivers ask
	// ten times.
	maxAnswers = 6
	// minRepeat bounds repeats when the round trip is shorter or unknown.
	minRepeat = 10 * time.Millisecond
	// answerSlots is the size of the largest ring: what lies further back
	// cannot be answered anyway.
	answerSlots = 512
	// forgetAnswer is how long an answer counts. It is shorter than any stream
	// takes to come back to the same number.
	forgetAnswer = 5 * time.Second

	// earn is how many packets are sent for each that may be sent again. On a
	// path that loses the part p of packets and of repeats, each packet takes
	// p/(1-p) repeats: a quarter mends a loss of 20 %. Where more is lost, fewer
	// bits help, and repeats do not.
	earn = 4
	// maxCredit is how many repeats may be ahead of that: as many as a path that
	// is gone for a quarter of a second loses of 4 Mbit/s.
	maxCredit = 128
)

// Answers limits what is sent again to one slot of one subscriber: each packet
// six times, and all in all a quarter of what was sent, so that NACKs made up
// by the thousand do not make traffic. The zero Answers is ready to use.
type Answers struct {
	epoch time.Time // the first question; what is below counts from it
	slots []answer  // by the low bits of seq; nil until the first question
	debt  int       // packets still to be sent for the answers given; negative in quiet times
}

// answer is small because a server has many: one slot of each subscriber
// remembers 512.
type answer struct {
	at    time.Duration // the last one, after the epoch
	seq   uint16
	count uint8 // 0: the slot is empty
}

// Sent notes that n packets were sent to the subscriber for the first time.
func (a *Answers) Sent(n int) { a.debt -= n }

// Allow reports whether outgoing number seq may be sent again at now: not
// within one rtt of the last answer, at most six times, and not beyond a
// quarter of what was sent and 128 more. Of two numbers that share a slot only
// the newer is answered, so that asking for them in turn gains nothing.
func (a *Answers) Allow(seq uint16, now time.Time, rtt time.Duration) bool {
	if a.slots == nil {
		a.epoch, a.slots = now, make([]answer, answerSlots)
	}
	at := now.Sub(a.epoch)
	last := &a.slots[seq%answerSlots]
	first := last.count == 0 || at-last.at > forgetAnswer || seqnum.Less(last.seq, seq)
	if !first && (last.seq != seq || last.count == maxAnswers || at-last.at < max(rtt, minRepeat)) {
		return false
	}
	if !a.spend() {
		return false // which is no answer: seq may be asked for again at once
	}
	if first {
		*last = answer{seq: seq}
	}
	last.at = at
	last.count++
	return true
}

// spend takes what one answer costs, unless too many were not earned yet.
func (a *Answers) spend() bool {
	debt := max(a.debt, 0) + earn // what was sent long ago earns nothing now
	if debt > maxCredit*earn {
		return false
	}
	a.debt = debt
	return true
}
