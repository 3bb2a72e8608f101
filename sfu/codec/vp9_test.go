package codec

import (
	"testing"

	"github.com/pion/rtp/codecs"

	"sfu/sfu/media"
)

func TestVP9Payloads(t *testing.T) {
	t.Parallel()
	checkPayloads(t, media.VP9, []payloadCase{
		{"a key picture begins", "08 82", "key"},
		{"a predicted picture begins", "48 82", "start"},
		{"a key picture goes on", "00 82", "more"},
		{"a picture ends", "44 82", "more"},
		{"a short picture id", "88 05 82", "key"},
		{"a long picture id", "88 8005 82", "key"},
		{"lowest layer of a key picture", "a8 8005 00 01 82", "key"},
		{"second layer of a key picture", "a8 8005 03 01 82", "start"},
		{"fifth layer of a key picture", "a8 8005 08 01 82", "start"},
		{"lowest layer, predicted", "e8 8005 00 01 82", "start"},
		{"flexible: no TL0PICIDX", "b8 8005 00 82", "key"},
		{"flexible with one reference", "f8 8005 00 02 82", "start"},
		{"flexible with three references", "f8 8005 00 03 05 06 82", "start"},
		{"flexible with a fourth reference", "f8 8005 00 03 05 07 08 82", "bad"},
		{"a structure without sizes", "0a 00 82", "key"},
		{"a structure with three sizes", "0a 50 0140 00b4 0280 0168 0500 02d0 82", "key"},
		{"a structure with a group of pictures", "0a 08 02 04 01 88 0102 82", "key"},
		{"an empty group of pictures", "0a 08 00 82", "key"},
		{"nothing", "", "bad"},
		{"a descriptor and no frame", "08", "bad"},
		{"no picture id", "88", "bad"},
		{"half a picture id", "88 80", "bad"},
		{"no layers", "28", "bad"},
		{"no TL0PICIDX", "28 00", "bad"},
		{"TL0PICIDX and no frame", "28 00 01", "bad"},
		{"no reference", "d8 05", "bad"},
		{"no structure", "0a", "bad"},
		{"one size of two", "0a 30 0140 00b4 82", "bad"},
		{"a group longer than the packet", "0a 08 ff 04 01", "bad"},
		{"a picture without its references", "0a 08 01 0c 01", "bad"},
	})
}

// What pion's packetizer makes of a frame is what Parse must recognize.
func TestVP9FromPion(t *testing.T) {
	t.Parallel()
	key := append(unhex(t, "82 49 83 42 00 13 f0 0b 30"), make([]byte, 3000)...)
	predicted := append(unhex(t, "86 00 40 92"), make([]byte, 3000)...)

	var fixed codecs.VP9Payloader
	checkSplit(t, media.VP9, fixed.Payload(1200, key), "key")
	checkSplit(t, media.VP9, fixed.Payload(1200, predicted), "start")
	// In flexible mode pion never sets P, so only its keyframes are true.
	flexible := codecs.VP9Payloader{FlexibleMode: true}
	checkSplit(t, media.VP9, flexible.Payload(1200, key), "key")
}

// checkSplit checks a frame that was split over several packets.
func checkSplit(t *testing.T, c media.Codec, payloads [][]byte, first string) {
	t.Helper()
	if len(payloads) < 2 {
		t.Errorf("the frame was not split: %d packets", len(payloads))
	}
	want := first
	for i, payload := range payloads {
		if got := judge(c, payload); got != want {
			t.Errorf("packet %d (%x...): %s, want %s", i, payload[:min(8, len(payload))], got, want)
		}
		want = "more"
	}
}
