package codec

import (
	"fmt"
	"testing"

	"sfu/sfu/media"
)

// sizeCase is one payload and the sizes of its spatial layers, the lowest
// first, as "1280x720"; nothing where it tells none.
type sizeCase struct{ name, hex, want string }

func checkSizes(t *testing.T, c media.Codec, cases []sizeCase) {
	t.Helper()
	for _, tt := range cases {
		pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: unhex(t, tt.hex)}
		if ok := Parse(pkt); !ok {
			t.Errorf("%s: a size must not make a packet bad", tt.name)
		}
		if got := sizesOf(pkt); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// sizesOf writes the sizes up to the last that is told; "-" is one that is not.
func sizesOf(pkt *media.Packet) string {
	var all, gap string
	for _, s := range pkt.Sizes {
		if s == (media.Size{}) {
			gap += "- "
			continue
		}
		all += gap + fmt.Sprintf("%dx%d ", s.Width, s.Height)
		gap = ""
	}
	return all[:max(len(all)-1, 0)]
}

// The frame tag of a keyframe is 10 02 00 here; sizes are little-endian (RFC
// 6386, 9.1 and 19.1).
func TestVP8Sizes(t *testing.T) {
	t.Parallel()
	checkSizes(t, media.VP8, []sizeCase{
		{"640x480", "10 100200 9d012a 8002 e001 00", "640x480"},
		{"behind a full descriptor", "90f0 8001 02 40 100200 9d012a 0005 d002 00", "1280x720"},
		{"to be scaled for display", "10 100200 9d012a 8042 e0c1 00", "640x480"},
		{"the largest", "10 100200 9d012a ff3f ff3f", "16383x16383"},
		{"a predicted frame has none", "10 110200 9d012a 8002 e001 00", ""},
		{"nor has the rest of a keyframe", "00 100200 9d012a 8002 e001 00", ""},
		{"no start code", "10 100200 9d012b 8002 e001 00", ""},
		{"no height", "10 100200 9d012a 8002 0040 00", ""},
		{"no width", "10 100200 9d012a 00c0 e001 00", ""},
		{"cut off", "10 100200 9d012a 8002 e0", ""},
	})
}

// A structure has width and height of 16 bits each (RFC 9628, 4.2.1). Frame
// headers are those of the VP9 bitstream specification, 6.2: 82 is a keyframe of
// profile 0 that is shown, 498342 the sync code, 4 bits of colour, 0x13f + 1 =
// 320, 0xb3 + 1 = 180.
func TestVP9Sizes(t *testing.T) {
	t.Parallel()
	const frame = "82 498342 0013f00b30"
	checkSizes(t, media.VP9, []sizeCase{
		{"a structure of one layer", "0a 10 0280 0168 82", "640x360"},
		{"a structure of three", "0a 50 0140 00b4 0280 0168 0500 02d0 82", "320x180 640x360 1280x720"},
		{"a structure with more layers than there may be", "0a 90 0001 0001 0002 0002 0003 0003 0004 0004 0005 0005 82", "1x1 2x2 3x3 4x4"},
		{"a structure with a layer that is switched off", "0a 30 0000 0000 0280 0168 82", "- 640x360"},
		{"a structure with half a size", "0a 30 0140 0000 0280 0168 82", "- 640x360"},
		{"a structure comes first", "0a 10 0280 0168" + frame, "640x360"},
		{"a structure without sizes", "0a 00" + frame, "320x180"},
		{"no structure", "08" + frame, "320x180"},
		{"behind a picture id and layers", "a8 8005 00 01" + frame, "320x180"},
		{"of an upper layer", "a8 8005 04 01" + frame, "- - 320x180"},
		{"of a layer too high", "a8 8005 08 01" + frame, ""},
		{"the rest of a frame", "00" + frame, ""},
		{"a predicted picture", "48" + frame, ""},
		{"a header cut off", "08 82 498342 0013f00b", ""},
		{"no frame marker", "08 42 498342 0013f00b30", ""},
		{"profile 1", "08 a2 498342 0013f00b30", ""},
		{"profile 2", "08 92 498342 0013f00b30", ""},
		{"a frame shown again", "08 8a 498342 0013f00b30", ""},
		{"an inter frame", "08 86 498342 0013f00b30", ""},
		{"no sync code", "08 82 498343 0013f00b30", ""},
		{"RGB, which profile 0 has not", "08 82 498342 e013f00b30", ""},
		{"a width that does not fit", "08 82 498342 0ffff00b30", ""},
		{"a height that does not fit", "08 82 498342 0013ffffff", ""},
	})
}

// Parameter sets as encoders make them; escaped zeros among them.
func TestH264Sizes(t *testing.T) {
	t.Parallel()
	const (
		small = "42c01e d903c568 400000 030040 00000c 03c58b 92"                 // baseline
		hd    = "64001f acd940 5005bb 016a02 020280 000003 008000 001907 8c18cb" // high
		full  = "640028 acd940 780227 e5c044 000003 000400 000300 f03c60 c658"   // high; 1088 lines, 8 cropped
	)
	checkSizes(t, media.H264, []sizeCase{
		{"baseline", "67" + small, "240x160"},
		{"high", "67" + hd, "1280x720"},
		{"high, cropped", "67" + full, "1920x1080"},
		{"in STAP-A", "78 0015 67" + small + "0004 68ce3c80", "240x160"},
		{"in FU-A", "7c 87" + small, "240x160"},
		{"the rest of one in FU-A", "7c 07" + small, ""},
		{"the beginning of one in FU-A", "7c 87 42c01e d9", ""},
		{"cut off", "67 42c01e d903", ""},
		{"nothing but its type", "67", ""},
		{"a picture parameter set", "68 ce3c80", ""},
		{"an IDR slice", "65 8884", ""},
	})
}

// Sequence headers of libaom. Their OBUs have a size (0a) or none (08).
func TestAV1Sizes(t *testing.T) {
	t.Parallel()
	const (
		vga  = "00000024c4ffdf006802"
		hd   = "0000002d4cffb3ccaf9004"
		full = "00000042abbfc3712be401"
	)
	checkSizes(t, media.AV1, []sizeCase{
		{"with a size", "28 0c 0a0a" + vga + "3014", "640x480"},
		{"without", "28 0b 08" + vga + "3014", "640x480"},
		{"with an extension", "28 0c 0c08" + vga + "3014", "640x480"},
		{"with an extension and a size", "28 0d 0e080a" + vga + "3014", "640x480"},
		{"1280x720", "28 0d 0a0b" + hd + "3014", "1280x720"},
		{"1920x1080", "28 0d 0a0b" + full + "3014", "1920x1080"},
		{"a header that is no new sequence", "20 0d 0a0b" + full + "3014", "1920x1080"},
		{"a header that goes on in the next packet", "58 08" + vga, "640x480"},
		{"too early", "58 08 00000024c4ff", ""},
		{"a size that ends before", "18 0a06" + vga, ""},
		{"a header from the packet before", "90 08" + vga, ""},
		{"an extension that is not there", "18 0c", ""},
		{"a frame", "10 3014", ""},
	})
}
