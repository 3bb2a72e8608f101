package codec

import (
	"testing"

	"sfu/sfu/media"
)

// What a descriptor says.
const (
	saysStart  = 1 << iota // the frame begins here
	saysFresh              // here is a structure
	saysHigher             // the frame is not of the lowest layer
)

// What the descriptor says of frame and layer stands; whether decoding may
// begin is for both to say. AV1 cannot do without the structure, and a keyframe
// of another codec can.
func TestKeyframesWithADescriptor(t *testing.T) {
	t.Parallel()
	delta := map[media.Codec]string{media.VP8: "10 01", media.VP9: "48 82", media.H264: "41 9a", media.AV1: "10 3000"}
	for c, sample := range samples {
		if c.Kind() != media.Video {
			continue
		}
		for _, tt := range []struct {
			name    string
			payload string
			said    int
			want    bool
		}{
			{"both", sample, saysStart | saysFresh, true},
			{"no structure", sample, saysStart, c != media.AV1},
			{"no frame begins", sample, saysFresh, false},
			{"a higher layer", sample, saysStart | saysFresh | saysHigher, false},
			{"a predicted payload", delta[c], saysStart | saysFresh, false},
		} {
			pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: unhex(t, tt.payload)}
			pkt.Dependency.Raw = []byte{0x80, 0, 1}
			pkt.Dependency.Fresh = tt.said&saysFresh != 0
			pkt.FrameStart = tt.said&saysStart != 0
			if tt.said&saysHigher != 0 {
				pkt.Layer = media.Layer{Spatial: 1}
			}
			if !Parse(pkt) || pkt.Keyframe != tt.want {
				t.Errorf("%s, %s: keyframe %v", c.MimeType(), tt.name, pkt.Keyframe)
			}
		}
	}
}

func TestTheDescriptorsWordStands(t *testing.T) {
	t.Parallel()
	for c, sample := range samples {
		for _, said := range []bool{true, false} {
			pkt := &media.Packet{Payload: unhex(t, sample)}
			pkt.Codec, pkt.Marker, pkt.Keyframe = c, !said, true
			pkt.Dependency.Raw = []byte{0x80, 0, 1}
			pkt.FrameStart, pkt.FrameEnd, pkt.Layer = said, said, media.Layer{Spatial: 3, Temporal: 5}
			if !Parse(pkt) || pkt.FrameStart != said || pkt.FrameEnd != said || pkt.Layer != (media.Layer{Spatial: 3, Temporal: 5}) {
				t.Errorf("%s: %+v", c.MimeType(), pkt.Header)
			}
			if pkt.Keyframe {
				t.Errorf("%s: an old keyframe was not forgotten", c.MimeType())
			}
		}
	}
}

// Sizes that the descriptor left open are taken from the payload. Those of AV1
// are of the highest spatial layer, which only a descriptor can tell from the
// others.
func TestSizesWithADescriptor(t *testing.T) {
	t.Parallel()
	const vp9 = "0a 30 0140 00b4 0280 0168 82"
	layered := sequence{points: []uint64{0x707, 0x307, 0x107}, widthBits: 11, heightBits: 10, width: 1280, height: 720}.obu()
	av1 := append(append([]byte{0x28, byte(len(layered))}, layered...), 0x30, 0x14)
	told := [media.MaxSpatial]media.Size{{Width: 16, Height: 9}}
	for _, tt := range []struct {
		name    string
		codec   media.Codec
		payload []byte
		raw     []byte
		told    [media.MaxSpatial]media.Size
		want    string
	}{
		{"no descriptor: what was there is old", media.VP9, unhex(t, vp9), nil, told, "320x180 640x360"},
		{"the descriptor told nothing", media.VP9, unhex(t, vp9), []byte{0}, [media.MaxSpatial]media.Size{}, "320x180 640x360"},
		{"the descriptor told one", media.VP9, unhex(t, vp9), []byte{0}, told, "16x9 640x360"},
		{"AV1 without descriptor is one layer", media.AV1, av1, nil, told, "1280x720"},
		{"AV1 with one has three", media.AV1, av1, []byte{0}, told, "16x9 - 1280x720"},
		{"a bad payload tells nothing", media.VP9, unhex(t, vp9)[:9], []byte{0}, told, "16x9"},
	} {
		pkt := &media.Packet{Payload: tt.payload}
		pkt.Codec, pkt.Dependency.Raw, pkt.Sizes = tt.codec, tt.raw, tt.told
		Parse(pkt)
		if got := sizesOf(pkt); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
