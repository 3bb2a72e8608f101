package nack

import (
	"time"

	"sfu/sfu/seqnum"
)

const (
	maxAnswers = 3
	// minRepeat bounds repeats when the round trip is shorter or unknown.
	minRepeat = 10 * time.Millisecond
	// answerSlots is the size of the largest ring: what lies further back
	// cannot be answered anyway.
	answerSlots = 512
	// forgetAnswer is how long an answer counts. It is shorter than any stream
	// takes to come back to the same number.
	forgetAnswer = 5 * time.Second
)

// Answers limits how often one subscriber's lost packet is sent again. The
// zero Answers is ready to use.
type Answers struct {
	epoch time.Time // the first question; what is below counts from it
	slots []answer  // by the low bits of seq; nil until the first question
}

// answer is small because a server has many: one slot of each subscriber
// remembers 512.
type answer struct {
	at    time.Duration // the last one, after the epoch
	seq   uint16
	count uint8 // 0: the slot is empty
}

// Allow reports whether outgoing number seq may be sent again at now: not
// within one rtt of the last answer, and at most three times. Of two numbers
// that share a slot only the newer is answered, so that asking for them in
// turn gains nothing.
func (a *Answers) Allow(seq uint16, now time.Time, rtt time.Duration) bool {
	if a.slots == nil {
		a.epoch, a.slots = now, make([]answer, answerSlots)
	}
	at := now.Sub(a.epoch)
	last := &a.slots[seq%answerSlots]
	if last.count == 0 || at-last.at > forgetAnswer || seqnum.Less(last.seq, seq) {
		*last = answer{at: at, seq: seq, count: 1}
		return true
	}
	if last.seq != seq || last.count == maxAnswers || at-last.at < max(rtt, minRepeat) {
		return false
	}
	last.at = at
	last.count++
	return true
}
