package estimate

import (
	"math"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/seqnum"
)

// Kind is why a packet was sent.
type Kind uint8

// The kinds of packets.
const (
	Media          Kind = iota
	Retransmission      // an answer to a NACK
	Padding             // RTX of recent packets or padding, sent to probe
)

// Packet is one packet as it was sent.
type Packet struct {
	At    time.Time // when it was handed to the socket
	Size  int       // bytes on the wire
	Probe int       // the cluster that it belongs to, 0 when it is no probe
	Kind  Kind
}

// Result is what became of a packet.
type Result struct {
	Packet
	Seq      uint16
	Received bool
	Arrival  time.Duration // when it was received, on the receiver's clock from a zero of its own
}

// History remembers what was sent under which transport-cc number. The zero
// History is ready to use.
type History struct {
	ring    [maxHistory]record
	epoch   time.Time // what the times of records count from
	newest  int64     // microseconds after the epoch: when the last packet was sent
	sent    uint64    // how many packets were sent; packet n has the number firstNumber + n
	told    uint64    // feedback was about packets before this one
	settled uint64    // what is missing before this one was reported lost
	clock   clock
}

// record is a Packet in 12 bytes: there is one for each of maxHistory packets
// of each subscriber.
type record struct {
	at    uint32 // microseconds after the epoch, which go round in 71 minutes
	probe uint32
	size  uint16
	kind  Kind
	fate  fate
}

type fate uint8

const (
	unknown  fate = iota
	missing       // a feedback said so; the next one may still have it
	reported      // as received or as lost, and never again
)

const (
	// maxHistory is how many packets may be on their way, or lost and not told
	// of yet: 2 s of 40 Mbit/s. A power of two, and less than half the circle of
	// numbers, so that none is mistaken for another.
	maxHistory = 1 << 13
	// firstNumber is what seqnum.Unwrap needs to go back from.
	firstNumber = 1 << 16
)

// Sent remembers p and returns the number to write into it.
func (h *History) Sent(p Packet) (seq uint16) {
	if h.sent == 0 {
		h.epoch = p.At
	}
	h.newest = p.At.Sub(h.epoch).Microseconds()
	h.ring[h.sent%maxHistory] = record{
		at:    uint32(h.newest),
		size:  uint16(min(max(p.Size, 0), math.MaxUint16)),
		probe: uint32(max(p.Probe, 0)),
		kind:  p.Kind,
	}
	h.sent++
	return uint16(firstNumber + h.sent - 1)
}

// Feedback appends to dst what fb tells of packets that were not reported
// before: first the lost, then the received ones, each in the order in which
// they were sent. A packet counts as lost when the feedback after the one that
// missed it does not have it either, so that a packet that was overtaken is no
// loss. What was in a feedback that got lost itself is not reported at all.
func (h *History) Feedback(fb *rtcp.TransportLayerCC, now time.Time, dst []Result) []Result {
	if h.sent == 0 {
		return dst
	}
	newest := firstNumber + h.sent - 1
	base := seqnum.Unwrap(newest, fb.BaseSequenceNumber)
	if base > newest { // about nothing that was ever sent
		return dst
	}
	dst = h.settle(base, dst)
	arrival := h.clock.reference(fb.ReferenceTime, now)
	deltas := fb.RecvDeltas
	n := base
	for s := range symbols(fb) {
		if n > newest { // from the future
			break
		}
		received := s == rtcp.TypeTCCPacketReceivedSmallDelta || s == rtcp.TypeTCCPacketReceivedLargeDelta
		if received {
			if len(deltas) == 0 || deltas[0] == nil {
				break
			}
			arrival += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
		}
		if n >= firstNumber {
			dst = h.note(n-firstNumber, received, arrival, dst)
		}
		n++
	}
	if n > firstNumber {
		h.told = max(h.told, n-firstNumber)
	}
	return dst
}

// note takes in what a feedback says of packet n.
func (h *History) note(n uint64, received bool, arrival time.Duration, dst []Result) []Result {
	if n+maxHistory < h.sent || n >= h.sent {
		return dst
	}
	r := &h.ring[n%maxHistory]
	if r.fate == reported {
		return dst
	}
	if !received {
		r.fate = missing
		return dst
	}
	return append(dst, h.report(n, r, true, arrival))
}

// settle reports as lost what earlier feedback missed, unless it lies at base
// or beyond, where the feedback at hand may have it.
func (h *History) settle(base uint64, dst []Result) []Result {
	end := h.told
	if base < firstNumber {
		return dst
	}
	end = min(end, base-firstNumber)
	for n := max(h.settled, h.sent-min(h.sent, maxHistory)); n < end; n++ {
		if r := &h.ring[n%maxHistory]; r.fate == missing {
			dst = append(dst, h.report(n, r, false, 0))
		}
	}
	h.settled = max(h.settled, end)
	return dst
}

func (h *History) report(n uint64, r *record, received bool, arrival time.Duration) Result {
	r.fate = reported
	ago := int32(uint32(h.newest) - r.at)
	at := h.epoch.Add(time.Duration(h.newest-int64(ago)) * time.Microsecond)
	return Result{
		Packet:   Packet{At: at, Size: int(r.size), Probe: int(r.probe), Kind: r.kind},
		Seq:      uint16(firstNumber + n),
		Received: received,
		Arrival:  arrival,
	}
}

// symbols yields the status of one packet after the other, as many as fb
// counts: at most 65,535.
func symbols(fb *rtcp.TransportLayerCC) func(yield func(uint16) bool) {
	return func(yield func(uint16) bool) {
		left := int(fb.PacketStatusCount)
		for _, chunk := range fb.PacketChunks {
			switch c := chunk.(type) {
			case *rtcp.RunLengthChunk:
				for range min(int(c.RunLength), left) {
					if !yield(c.PacketStatusSymbol) {
						return
					}
				}
				left -= int(c.RunLength)
			case *rtcp.StatusVectorChunk:
				for _, s := range c.SymbolList[:min(len(c.SymbolList), max(left, 0))] {
					if !yield(s) {
						return
					}
				}
				left -= len(c.SymbolList)
			}
			if left <= 0 {
				return
			}
		}
	}
}

// clock unwraps the receiver's clock.
type clock struct {
	raw  uint32        // the last reference time: 24 bits, in 64 ms
	time time.Duration // the same, unwrapped
	at   time.Time     // when it came
}

const (
	referenceUnit = 64 * time.Millisecond // draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1
	// clockJump is how far the receiver's clock may run away from ours
	// between two feedbacks. A larger step is another clock, or a lie.
	clockJump = 10 * time.Second
)

// reference returns the time that a feedback counts from. One that is older
// than the last lies before it; a clock that jumps goes on as ours does.
func (c *clock) reference(raw uint32, now time.Time) time.Duration {
	raw &= 1<<24 - 1
	if c.at.IsZero() {
		c.raw, c.at = raw, now
		return 0
	}
	ours := now.Sub(c.at)
	step := time.Duration(int32((raw-c.raw)<<8)>>8) * referenceUnit
	if step < 0 && step > -clockJump { // reordered
		return c.time + step
	}
	if off := step - ours; off > clockJump || off < -clockJump {
		step = ours
	}
	c.raw, c.time, c.at = raw, c.time+step, now
	return c.time
}
