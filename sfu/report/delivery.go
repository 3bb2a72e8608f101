package report

import (
	"github.com/pion/rtcp"

	"sfu/sfu/seqnum"
)

// history is how many numbers of a slot are remembered: five seconds of 4
// Mbit/s, in which a browser reports at least once (every second on video,
// every five on audio, where they are a minute's worth).
const history = 2048

// Delivery tells what became of the packets on one slot between us and its
// subscriber. Reception reports alone do not: a number whose packet never
// reached us is lost to the subscriber as well, but not on its path. The zero
// Delivery is ready to use.
type Delivery struct {
	newest uint64               // the highest number sent, extended; 0 before the first packet
	sent   [history / 64]uint64 // a bit for each of the last numbers: it was sent

	reported uint64 // the highest number in the last report; 0 before the first
	lost     uint32 // cumulative, as the last report has it
	late     int    // sent since then, without a new bit among those that the next report is about
}

// Sent takes the number of a packet that left on the slot's SSRC.
func (d *Delivery) Sent(seq uint16) {
	if d.newest == 0 {
		d.newest = 1<<16 + uint64(seq)
		d.set(d.newest)
		return
	}
	esn := seqnum.Unwrap(d.newest, seq)
	if esn > d.newest {
		for n := max(d.newest+1, esn-min(esn, history-1)); n < esn; n++ {
			d.clear(n)
		}
		d.newest = esn
		d.set(esn)
		return
	}
	if esn <= d.reported || d.has(esn) {
		d.late++
	}
	d.set(esn)
}

func (d *Delivery) set(esn uint64)      { d.sent[esn/64%(history/64)] |= 1 << (esn % 64) }
func (d *Delivery) clear(esn uint64)    { d.sent[esn/64%(history/64)] &^= 1 << (esn % 64) }
func (d *Delivery) has(esn uint64) bool { return d.sent[esn/64%(history/64)]>>(esn%64)&1 != 0 }

// Note takes a reception report about the slot and returns how many of the
// packets that were sent since the one before got lost on their way. ok is
// false for the first report, and for one that tells nothing or cannot be true.
func (d *Delivery) Note(block rtcp.ReceptionReport) (lost, sent int, ok bool) {
	return 0, 0, false
}
