// Package codec reads what a forwarder must know out of a video payload, and
// writes back what it must change.
package codec

import "sfu/sfu/media"

// Parse reads pkt.Payload as pkt.Codec and sets Keyframe, FrameStart and VP8.
// It reports false when the payload descriptor cannot be right; the packet is
// then dropped. Audio always parses. It never reads outside Payload.
func Parse(pkt *media.Packet) bool { panic("todo") }

// PatchVP8 writes picture id, TL0PICIDX and KEYIDX of out over those in
// payload, whose descriptor was parsed as in. Widths stay as they are, so the
// length does too; fields that in does not have are not written.
func PatchVP8(payload []byte, in, out media.VP8Descriptor) { panic("todo") }
