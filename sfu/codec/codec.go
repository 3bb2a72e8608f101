package codec

import (
	"math"

	"sfu/sfu/media"
)

// Parse reads pkt.Payload as pkt.Codec and sets Keyframe, FrameStart, FrameEnd,
// Layer, Sizes, VP8 and VP9; of the rest it needs Marker and Dependency. It
// reports false when the payload descriptor cannot be right; the packet is then
// dropped. Audio always parses, and has neither frames nor layers. Parse never
// reads outside Payload.
//
// Where the packet has a dependency descriptor, FrameStart, FrameEnd, Layer and
// the Sizes that it told stay as they are.
//
// A Layer of VP9 is what the payload claims: it may lie above MaxSpatial. A
// keyframe is always of the lowest spatial layer, and its frame starts there.
func Parse(pkt *media.Packet) bool {
	got, ok := read(pkt)
	if !ok {
		got = reading{}
	}
	pkt.VP8, pkt.VP9 = got.vp8, got.vp9
	if pkt.Dependency.Raw != nil {
		got.supplement(pkt)
		return ok
	}
	pkt.FrameStart, pkt.FrameEnd = got.start, got.end
	pkt.Keyframe = got.keyframe
	pkt.Layer = got.layer
	pkt.Sizes = got.sizes
	return ok
}

// reading is what one payload tells.
type reading struct {
	keyframe, start, end bool
	layer                media.Layer
	sizes                [media.MaxSpatial]media.Size
	vp8                  media.VP8Descriptor
	vp9                  media.VP9Descriptor
}

func read(pkt *media.Packet) (got reading, ok bool) {
	switch pkt.Codec {
	case media.Opus, media.RED:
		return got, true
	case media.VP8:
		ok = got.readVP8(pkt.Payload)
	case media.VP9:
		return got, got.readVP9(pkt.Payload)
	case media.H264:
		ok = got.readH264(pkt.Payload)
	case media.AV1:
		ok = got.readAV1(pkt.Payload, pkt.Dependency.Raw != nil)
	}
	got.end = pkt.Marker // VP9 alone has a bit of its own
	return got, ok
}

// supplement adds to what the dependency descriptor told. The two may
// contradict each other; a keyframe is where both allow one. Of AV1 the
// descriptor must bring its structure too: without it nobody can use the
// descriptors that follow, and without those nobody can decode AV1.
func (got *reading) supplement(pkt *media.Packet) {
	pkt.Keyframe = got.keyframe && pkt.FrameStart && pkt.Layer == media.Layer{} &&
		(pkt.Dependency.Fresh || pkt.Codec != media.AV1)
	for i, size := range got.sizes {
		if pkt.Sizes[i] == (media.Size{}) {
			pkt.Sizes[i] = size
		}
	}
}

// sizeOf returns the size of a picture, or none when no picture can have it.
func sizeOf(width, height uint64) media.Size {
	if width == 0 || height == 0 || width > math.MaxUint16 || height > math.MaxUint16 {
		return media.Size{}
	}
	return media.Size{Width: uint16(width), Height: uint16(height)}
}
