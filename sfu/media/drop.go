package media

// Drop is why a packet was not forwarded. It is a closed list: each value is
// one label of the metric sfu_dropped_packets_total.
type Drop uint8

// Every reason. Kept is the zero value: the packet was not dropped.
const (
	Kept Drop = iota
	// Before fan-out, once per received packet.
	DropMalformed // not RTP, or a payload descriptor that cannot be parsed
	DropOversize  // longer than a packet buffer
	DropUnknown   // no published encoding has this SSRC, mid and rid
	DropDuplicate // this sequence number was here before (RTX probes are)
	DropJump      // far from the stream; taken for real only if the next one follows it
	DropOverload  // the room's packet queue is full
	DropStructure // a dependency descriptor whose structure has not come
	// At one down track.
	DropPadding   // padding only; its sequence number is closed over
	DropMuted     // the publisher announced mute
	DropKeyframe  // waiting for a keyframe of the wanted encoding
	DropLayer     // an encoding or layer that this subscriber is not sent
	DropLate      // older than what the ring or the sequence map remembers
	DropCodec     // the subscriber did not negotiate the codec
	DropUnbound   // the down section is not negotiated yet
	DropPaused    // the subscriber does not want to see it now
	DropCongested // held back, and not worth sending any more when it could leave
	DropQuiet     // in a big room: not among the loudest

	NumDrops = iota
)

var dropNames = [NumDrops]string{
	"kept", "malformed", "oversize", "unknown_stream", "duplicate", "jump", "overload", "structure",
	"padding", "muted", "keyframe", "layer", "late", "codec", "unbound", "paused", "congested", "quiet",
}

// String returns the metric's label value.
func (d Drop) String() string {
	if int(d) < len(dropNames) {
		return dropNames[d]
	}
	return "unknown"
}
