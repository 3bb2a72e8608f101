package report

import (
	"time"

	"github.com/pion/rtcp"
)

// Receiver counts one received stream. The zero Receiver is ready to use.
type Receiver struct {
	base, max uint64 // the first and the highest number
	received  uint64

	// As they were in the last block (RFC 3550, A.3), and what it told.
	expectedPrior, receivedPrior uint64
	expected, lost               int

	// Interarrival jitter (RFC 3550, A.8): the sum is 16 times the estimate.
	first   time.Time
	transit uint32
	jitter  int64

	lastReport uint32 // the middle bits of the last sender report's NTP time
	reported   time.Time
}

// Note takes one packet: its extended number (the ring's, never below 1<<16),
// timestamp, the codec's clock in Hz and its arrival.
func (r *Receiver) Note(esn uint64, timestamp uint32, clock uint32, arrival time.Time) {
	if r.received == 0 {
		r.base, r.first = esn, arrival
	}
	r.received++
	if esn <= r.max {
		return // Its delay is a repair's, not the path's.
	}
	r.max = esn
	transit := ticks(arrival.Sub(r.first), clock) - timestamp
	if r.received > 1 {
		d := int64(int32(transit - r.transit))
		r.jitter += max(d, -d) - (r.jitter+8)>>4
	}
	r.transit = transit
}

// NoteReport takes a sender report of the stream.
func (r *Receiver) NoteReport(ntp uint64, arrival time.Time) {
	r.lastReport, r.reported = compact(ntp), arrival
}

// Block returns the reception report of ssrc at now and begins the next
// interval.
func (r *Receiver) Block(ssrc uint32, now time.Time) rtcp.ReceptionReport {
	block := rtcp.ReceptionReport{SSRC: ssrc}
	if r.lastReport != 0 {
		block.LastSenderReport = r.lastReport
		block.Delay = uint32(min(max(compactDuration(now.Sub(r.reported)), 0), 1<<32-1))
	}
	if r.received == 0 {
		return block
	}
	expected := r.max - r.base + 1
	came := r.received - r.receivedPrior
	r.expected = int(expected - r.expectedPrior)
	r.lost = max(0, r.expected-int(came))
	block.FractionLost = fraction(expected-r.expectedPrior, came)
	block.TotalLost = total(int64(expected - r.received))
	// The cycles count from the first packet, the upper bits of base.
	block.LastSequenceNumber = uint32(r.max - r.base&^0xffff)
	block.Jitter = uint32(r.jitter >> 4)
	r.expectedPrior, r.receivedPrior = expected, r.received
	return block
}

// Loss returns how many packets were expected in the interval that the last
// block was about, and how many of these did not come. It is what FractionLost
// says, to be added up over the streams of a path.
func (r *Receiver) Loss() (lost, expected int) { return r.lost, r.expected }

// Jitter returns the interarrival jitter of a stream whose clock has so many Hz
// (RFC 3550, 6.4.1).
func (r *Receiver) Jitter(clock uint32) time.Duration {
	return time.Duration(r.jitter>>4) * time.Second / time.Duration(max(clock, 1))
}

// Reset forgets everything: the stream restarted.
func (r *Receiver) Reset() { *r = Receiver{} }

// fraction returns the part of the expected packets that was lost, in 256ths.
// It is 0 when more came than was expected (RFC 3550, 6.4.1).
func fraction(expected, received uint64) uint8 {
	if received >= expected {
		return 0
	}
	return uint8((expected - received) << 8 / expected)
}

// total returns lost as the field of 24 bits with sign that it goes into.
func total(lost int64) uint32 {
	return uint32(min(max(lost, -1<<23), 1<<23-1)) & 0xffffff
}
