// Package forward decides what one subscriber gets of one track: which packets,
// and under which numbers.
package forward

import (
	"sfu/sfu/media"
)

// Verdict is the decision about one packet. When Drop is media.Kept the packet
// goes out with Seq, Timestamp and, for VP8, the descriptor VP8.
type Verdict struct {
	Drop      media.Drop
	Seq       uint16
	Timestamp uint32
	Marker    bool
	VP8       media.VP8Descriptor
}

// Forwarder joins the feeds that one down slot carries, one after another, into
// one continuous RTP stream. Create it with New; the media loop owns it.
type Forwarder struct{}

// New returns a forwarder whose stream begins at seq and timestamp, which are
// random (RFC 3550, 5.1).
func New(kind media.Kind, clock uint32, seq uint16, timestamp uint32) *Forwarder { panic("todo") }

// SetTarget says which feed the slot is to carry. A video feed begins at its
// next keyframe and the one before goes on until then; an audio feed begins
// with its next packet. Feed 0 is nothing.
func (f *Forwarder) SetTarget(feed media.Feed) { panic("todo") }

// Cut ends the current feed at once: the slot shows another participant now,
// or the publisher muted. A target that is set begins as after SetTarget.
func (f *Forwarder) Cut() { panic("todo") }

// NeedsKeyframe reports whether the target waits for a keyframe.
func (f *Forwarder) NeedsKeyframe() bool { panic("todo") }

// Target returns the feed that the slot is to carry.
func (f *Forwarder) Target() media.Feed { panic("todo") }

// Current returns the feed that flows now, 0 when none does.
func (f *Forwarder) Current() media.Feed { panic("todo") }

// Forward decides about a packet that a ring took: each is offered once.
func (f *Forwarder) Forward(pkt *media.Packet) Verdict { panic("todo") }

// Source finds the packet that went out as seq.
func (f *Forwarder) Source(seq uint16) (feed media.Feed, esn uint64, ok bool) { panic("todo") }

// Map returns the verdict that Forward gave for a packet found by Source,
// without changing anything: it is how a packet is sent again.
func (f *Forwarder) Map(pkt *media.Packet) Verdict { panic("todo") }

// Offset returns what is added to the current feed's timestamps; ok is false
// while nothing flows. Sender reports need it.
func (f *Forwarder) Offset() (offset uint32, ok bool) { panic("todo") }
