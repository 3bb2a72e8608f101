package report

import (
	"github.com/pion/rtcp"

	"sfu/sfu/seqnum"
)

// history is how many numbers are remembered: five seconds of 4 Mbit/s. Browsers
// report on video every second, and on audio, where this is more than half a
// minute, every five.
const history = 2048

// Delivery tells how much of what we sent on one slot got lost on its way to the
// subscriber. A reception report alone does not: what was lost on its way to us,
// at the publisher's, left a number without a packet, which the subscriber misses
// as well. The zero Delivery is ready to use.
type Delivery struct {
	newest uint64               // the highest number sent, extended; 0 before the first
	sent   [history / 64]uint64 // a bit for each number of history: it was sent

	reported uint64 // the highest number in the last report; 0 before the first
	lost     uint32 // the total in the last report
	again    int    // sent since, and not to be found among the bits above reported
}

// Sent notes that a packet left under the slot's number seq, in order or not.
// What is repeated on the RTX stream does not count, for it is not in the slot's
// reports; what is repeated on the slot's own does.
func (d *Delivery) Sent(seq uint16) {
	if d.newest == 0 {
		d.newest = 1<<16 + uint64(seq)
		*d.word(d.newest) = bit(d.newest)
		return
	}
	esn := seqnum.Unwrap(d.newest, seq)
	switch {
	case esn > d.newest:
		for n := max(d.newest+1, esn-history+1); n < esn; n++ {
			*d.word(n) &^= bit(n)
		}
		d.newest = esn
	case d.newest-esn >= history:
		return // its bit is a newer number's by now
	case esn <= d.reported || d.has(esn):
		d.again++
	}
	*d.word(esn) |= bit(esn)
}

func (d *Delivery) word(esn uint64) *uint64 { return &d.sent[esn/64%(history/64)] }
func (d *Delivery) has(esn uint64) bool     { return *d.word(esn)&bit(esn) != 0 }
func bit(esn uint64) uint64                 { return 1 << (esn % 64) }

// Note takes a reception report on the slot and returns how many packets were
// sent between the highest numbers of the last report and this one, and how many
// of these the subscriber did not get. ok is false for the first report and for
// one that brings nothing new or cannot be true: about a number that was never
// sent, or with more losses than numbers. A packet that fills a gap just when
// the report is written counts as lost in this one, and as found in the next.
func (d *Delivery) Note(block rtcp.ReceptionReport) (lost, sent int, ok bool) {
	highest := seqnum.Unwrap(d.newest, uint16(block.LastSequenceNumber))
	// A number ahead of the newest is as far behind it as can be.
	if highest <= d.reported || d.newest-highest >= history || !d.has(highest) {
		return 0, 0, false
	}
	since, before, again := d.reported, d.lost, d.again
	d.reported, d.lost, d.again = highest, block.TotalLost, 0
	if d.newest-since > history { // or there was no last report
		return 0, 0, false
	}
	sent = again
	for n := since + 1; n <= highest; n++ {
		if d.has(n) {
			sent++
		}
	}
	// The total has 24 bits with sign.
	missing := int(int32((block.TotalLost-before)<<8) >> 8)
	got := int(highest-since) - missing
	if got < 0 {
		return 0, 0, false
	}
	return max(0, sent-got), sent, true
}
