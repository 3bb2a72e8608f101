package codec

import "sfu/sfu/media"

// Parse reads pkt.Payload as pkt.Codec and sets Keyframe, FrameStart and VP8.
// It reports false when the payload descriptor cannot be right; the packet is
// then dropped. Audio always parses, and has neither keyframes nor frame
// starts. It never reads outside Payload.
func Parse(pkt *media.Packet) bool {
	pkt.Keyframe, pkt.FrameStart, pkt.VP8 = false, false, media.VP8Descriptor{}
	switch pkt.Codec {
	case media.Opus, media.RED:
		return true
	case media.VP8:
		return parseVP8(pkt)
	case media.VP9:
		return parseVP9(pkt)
	case media.H264:
		return parseH264(pkt)
	case media.AV1:
		return parseAV1(pkt)
	}
	return false
}
