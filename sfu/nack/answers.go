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

	// earn is how many packets must be sent for one to be sent again. Where p of
	// them are lost, and p of the repeats, it takes p/(1-p) repeats for each: a
	// quarter mends 20 %, beyond which a lower layer helps more than repeats.
	earn = 4
	// maxCredit is how many packets may be sent again at once: what a path that
	// is gone for a quarter of a second loses of 4 Mbit/s.
	maxCredit = 128
)

// Answers limits what is sent again to one slot of one subscriber: each packet
// three times, and all in all a quarter of what was sent, so that NACKs made up
// by the thousand do not make traffic. The zero Answers is ready to use.
type Answers struct {
	epoch time.Time // the first question; what is below counts from it
	slots []answer  // by the low bits of seq; nil until the first question

	sent uint32 // packets, not yet in debt
	debt uint32 // what was sent again, in packets that had to be sent for it
}

// answer is small because a server has many: one slot of each subscriber
// remembers 512.
type answer struct {
	at    time.Duration // the last one, after the epoch
	seq   uint16
	count uint8 // 0: the slot is empty
}

// Sent takes that n packets were sent for the first time.
func (a *Answers) Sent(n int) { a.sent += uint32(n) }

// Allow reports whether outgoing number seq may be sent again at now: not
// within one rtt of the last answer, at most three times, and not when that
// would be more than a quarter of what was sent, and 128. Of two numbers
// that share a slot only the newer is answered, so that asking for them in
// turn gains nothing.
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
		return false // and not counted: it may be asked for again at once
	}
	if first {
		*last = answer{seq: seq}
	}
	last.at = at
	last.count++
	return true
}

// spend takes what one answer costs, if there is as much.
func (a *Answers) spend() bool {
	a.debt -= min(a.debt, a.sent)
	a.sent = 0
	if a.debt+earn > maxCredit*earn {
		return false
	}
	a.debt += earn
	return true
}
