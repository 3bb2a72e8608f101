package codec

import (
	"bytes"
	"reflect"
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

func TestVP9Descriptor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hex string
		want      media.VP9Descriptor
		layer     media.Layer
		end       bool
	}{
		{"a key picture", "08 82", media.VP9Descriptor{}, media.Layer{}, false},
		{"the end of a frame", "04 82", media.VP9Descriptor{}, media.Layer{}, true},
		{"7 bits of picture id", "88 7f 82", media.VP9Descriptor{PictureIDBits: 7, PictureID: 127}, media.Layer{}, false},
		{"15 bits of picture id", "88 ff01 82", media.VP9Descriptor{PictureIDBits: 15, PictureID: 0x7f01}, media.Layer{}, false},
		{"15 bits with a small number", "88 8001 82", media.VP9Descriptor{PictureIDBits: 15, PictureID: 1}, media.Layer{}, false},
		{"predicted", "48 82", media.VP9Descriptor{InterPicture: true}, media.Layer{}, false},
		{"not needed above", "09 82", media.VP9Descriptor{Disposable: true}, media.Layer{}, false},
		{"layers", "28 44 c8 82", media.VP9Descriptor{HasLayers: true, HasTL0: true, TL0PICIDX: 200}, media.Layer{Spatial: 2, Temporal: 2}, false},
		{"a point to switch up", "28 30 01 82", media.VP9Descriptor{HasLayers: true, HasTL0: true, TL0PICIDX: 1, SwitchUp: true}, media.Layer{Temporal: 1}, false},
		{"predicted from below", "28 03 01 82", media.VP9Descriptor{HasLayers: true, HasTL0: true, TL0PICIDX: 1, InterLayer: true}, media.Layer{Spatial: 1}, false},
		{"the highest layers, flexible: no TL0PICIDX", "38 ee 82", media.VP9Descriptor{HasLayers: true}, media.Layer{Spatial: 7, Temporal: 7}, false},
		{"all of it, as Chromium sends it", "ed 8102 53 09 82", media.VP9Descriptor{
			PictureIDBits: 15, PictureID: 0x102, TL0PICIDX: 9, HasTL0: true,
			HasLayers: true, InterPicture: true, InterLayer: true, SwitchUp: true, Disposable: true,
		}, media.Layer{Spatial: 1, Temporal: 2}, true},
	} {
		pkt := &media.Packet{Header: media.Header{Codec: media.VP9, Marker: !tt.end}, Payload: unhex(t, tt.hex)}
		if !Parse(pkt) || pkt.VP9 != tt.want || pkt.Layer != tt.layer || pkt.FrameEnd != tt.end {
			t.Errorf("%s: %+v of %+v (end: %v), want %+v of %+v (end: %v)",
				tt.name, pkt.VP9, pkt.Layer, pkt.FrameEnd, tt.want, tt.layer, tt.end)
		}
	}
}

func TestPatchVP9(t *testing.T) {
	t.Parallel()
	out := media.VP9Descriptor{PictureID: 0x12b4, TL0PICIDX: 0x56, SwitchUp: true, InterLayer: true, Disposable: true}
	for _, tt := range []struct{ name, before, after string }{
		{"nothing to write to", "08 ff", "08 ff"},
		{"a short picture id stays short", "88 01 ff", "88 34 ff"},
		{"a long picture id", "88 8001 ff", "88 92b4 ff"},
		{"TL0PICIDX alone", "28 00 01 ff", "28 00 56 ff"},
		{"the layer is not the relay's to change", "a8 8001 e2 01 ff", "a8 92b4 e2 56 ff"},
		{"flexible: no TL0PICIDX, and references stay", "f8 8001 00 02 ff", "f8 92b4 00 02 ff"},
		{"a structure stays", "aa 01 00 01 10 0280 0168 ff", "aa 34 00 56 10 0280 0168 ff"},
	} {
		payload := unhex(t, tt.before)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP9}, Payload: payload}
		if !Parse(pkt) {
			t.Fatalf("%s: does not parse", tt.name)
		}
		PatchVP9(payload, pkt.VP9, out)
		if !bytes.Equal(payload, unhex(t, tt.after)) {
			t.Errorf("%s: %x, want %s", tt.name, payload, tt.after)
		}
	}
}

// Two parsers that were written apart must read the same. pion takes no more
// than five spatial layers, and a descriptor without a frame.
func FuzzVP9AgainstPion(f *testing.F) {
	f.Add(unhex(f, "08 82"))
	f.Add(unhex(f, "ed 8102 53 09 82"))
	f.Add(unhex(f, "f8 8005 00 03 05 06 82"))
	f.Add(unhex(f, "aa 8005 00 01 58 0140 00b4 0280 0168 0500 02d0 02 04 01 88 0102 82"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var theirs codecs.VP9Packet
		rest, err := theirs.Unmarshal(payload)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP9}, Payload: payload}
		ok := Parse(pkt)
		if theirs.SID >= 5 {
			return
		}
		if want := err == nil && len(rest) > 0; ok != want {
			t.Fatalf("parsed: %v, pion: %v (%v)", ok, want, err)
		} else if !ok {
			return
		}
		if pkt.VP9 != (media.VP9Descriptor{
			PictureID: theirs.PictureID, PictureIDBits: pkt.VP9.PictureIDBits,
			TL0PICIDX: theirs.TL0PICIDX, HasTL0: theirs.L && !theirs.F, HasLayers: theirs.L,
			InterPicture: theirs.P, InterLayer: theirs.D, SwitchUp: theirs.U, Disposable: theirs.Z,
		}) || pkt.VP9.PictureIDBits > 0 != theirs.I {
			t.Fatalf("%+v, pion: %+v", pkt.VP9, theirs)
		}
		if pkt.Layer != (media.Layer{Spatial: theirs.SID, Temporal: theirs.TID}) || pkt.FrameStart != theirs.B || pkt.FrameEnd != theirs.E {
			t.Fatalf("%+v, pion: %+v", pkt.Header, theirs)
		}
		for i := range min(len(theirs.Width), media.MaxSpatial) {
			want := sizeOf(uint64(theirs.Width[i]), uint64(theirs.Height[i]))
			if got := pkt.Sizes[i]; got != want && want != (media.Size{}) {
				t.Fatalf("layer %d: %v, pion: %v", i, got, want)
			}
		}
	})
}

func FuzzPatchVP9(f *testing.F) {
	f.Add(unhex(f, "08 82"), uint16(1), byte(2))
	f.Add(unhex(f, "ed 8102 53 09 82"), uint16(0xffff), byte(0xff))
	f.Add(unhex(f, "a8 05 00 01 82"), uint16(300), byte(0))
	f.Add(unhex(f, "f8 8005 00 03 05 06 82"), uint16(300), byte(7))
	f.Fuzz(func(t *testing.T, payload []byte, pictureID uint16, tl0 byte) {
		before := bytes.Clone(payload)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP9}, Payload: payload}
		if !Parse(pkt) {
			return
		}
		in, want := pkt.VP9, pkt.Header
		PatchVP9(payload, in, media.VP9Descriptor{PictureID: pictureID, TL0PICIDX: tl0})

		if in.PictureIDBits > 0 {
			want.VP9.PictureID = pictureID & (1<<in.PictureIDBits - 1)
		}
		if in.HasTL0 {
			want.VP9.TL0PICIDX = tl0
		}
		if !Parse(pkt) || !reflect.DeepEqual(pkt.Header, want) {
			t.Fatalf("%x patched to %x reads %+v, want %+v", before, payload, pkt.Header, want)
		}
		// To write the old values back restores every bit: no other was touched.
		PatchVP9(payload, want.VP9, in)
		if !bytes.Equal(payload, before) {
			t.Fatalf("%x patched there and back is %x", before, payload)
		}
	})
}

func TestPatchVP9DoesNotAllocate(t *testing.T) {
	payload := unhex(t, samples[media.VP9])
	pkt := &media.Packet{Header: media.Header{Codec: media.VP9}, Payload: payload}
	Parse(pkt)
	if allocs := testing.AllocsPerRun(100, func() { PatchVP9(payload, pkt.VP9, pkt.VP9) }); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
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
