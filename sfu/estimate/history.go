package estimate

import (
	"time"

	"github.com/pion/rtcp"
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

// historySize is how many packets may be on their way, or lost and not told of
// yet: 2 s of 40 Mbit/s. A power of two below half the circle of numbers.
const historySize = 1 << 13

// History remembers what was sent under which transport-cc number. The zero
// History is ready to use.
type History struct {
	next uint64
}

// Sent remembers p and returns the number to write into it.
func (h *History) Sent(p Packet) (seq uint16) {
	seq = uint16(h.next)
	h.next++
	return seq
}

// Feedback appends to dst what fb tells of packets that were not reported
// before, in the order in which they were sent.
func (h *History) Feedback(fb *rtcp.TransportLayerCC, now time.Time, dst []Result) []Result {
	return dst
}
