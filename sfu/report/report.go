// Package report keeps the numbers that RTCP reports carry: what was received
// (RFC 3550, A.3 and A.8) and how a publisher's clock maps to ours.
package report

import (
	"time"

	"github.com/pion/rtcp"
)

// Receiver counts one received stream. The zero Receiver is ready to use.
type Receiver struct{}

// Note takes one packet: its extended number (the ring's, never below 1<<16),
// timestamp, the codec's clock in Hz and its arrival.
func (r *Receiver) Note(esn uint64, timestamp uint32, clock uint32, arrival time.Time) { panic("todo") }

// NoteReport takes a sender report of the stream.
func (r *Receiver) NoteReport(ntp uint64, arrival time.Time) { panic("todo") }

// Block returns the reception report of ssrc at now and begins the next
// interval.
func (r *Receiver) Block(ssrc uint32, now time.Time) rtcp.ReceptionReport { panic("todo") }

// Reset forgets everything: the stream restarted.
func (r *Receiver) Reset() { panic("todo") }

// Clock maps one publisher's NTP clock to ours. All streams of a publisher
// share it, so that they keep their distance: this is what lip sync rests on.
// The zero Clock is ready to use.
type Clock struct{}

// Note takes the NTP time of a sender report that arrived at arrival.
func (c *Clock) Note(ntp uint64, arrival time.Time) { panic("todo") }

// Local returns the time on our clock at which the publisher's clock showed
// ntp; ok is false before the first Note.
func (c *Clock) Local(ntp uint64) (t time.Time, ok bool) { panic("todo") }

// Timeline ties the RTP timestamps of one stream to wall time through its
// sender reports.
type Timeline struct{}

// Note takes a sender report of the stream.
func (l *Timeline) Note(ntp uint64, rtp uint32) { panic("todo") }

// At returns the stream's RTP timestamp at our time now; ok is false before
// the first sender report.
func (l *Timeline) At(c *Clock, now time.Time, clock uint32) (rtp uint32, ok bool) { panic("todo") }

// Reset forgets the last report: the stream restarted.
func (l *Timeline) Reset() { panic("todo") }

// NTP returns t as a 64-bit NTP timestamp (RFC 3550, 4).
func NTP(t time.Time) uint64 { panic("todo") }

// RTT returns the round trip that a reception report tells about our sender
// reports (RFC 3550, 6.4.1); ok is false when it has none.
func RTT(block rtcp.ReceptionReport, now time.Time) (rtt time.Duration, ok bool) { panic("todo") }
