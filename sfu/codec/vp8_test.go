package codec

import (
	"bytes"
	"testing"

	"github.com/pion/rtp/codecs"

	"sfu/sfu/media"
)

func TestVP8Payloads(t *testing.T) {
	t.Parallel()
	checkPayloads(t, media.VP8, []payloadCase{
		{"a keyframe begins", "10 00", "key"},
		{"a predicted frame begins", "10 01", "start"},
		{"a frame goes on", "00 00", "more"},
		{"the second partition begins", "11 00", "more"},
		{"a keyframe behind a full descriptor", "90f0 8001 02 40 00", "key"},
		{"a predicted frame behind a full descriptor", "90f0 8001 02 40 01", "start"},
		{"not a reference (N), a keyframe all the same", "30 00", "key"},
		{"nothing", "", "bad"},
		{"a descriptor and no frame", "10", "bad"},
		{"X without what it promises", "90", "bad"},
		{"the extension and no frame", "9000", "bad"},
		{"half a picture id", "9080 80", "bad"},
		{"a long picture id and no frame", "9080 8001", "bad"},
		{"no TL0PICIDX", "90c0 01", "bad"},
		{"no TID", "90a0 01", "bad"},
		{"TID and no frame", "9020 40", "bad"},
	})
}

func TestVP8Descriptor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hex string
		want      media.VP8Descriptor
	}{
		{"without extension", "10 00", media.VP8Descriptor{Size: 1}},
		{"an empty extension", "9000 00", media.VP8Descriptor{Size: 2}},
		{"7 bits of picture id", "9080 7f 00", media.VP8Descriptor{PictureIDBits: 7, PictureID: 127, Size: 3}},
		{"15 bits of picture id", "9080 ff01 00", media.VP8Descriptor{PictureIDBits: 15, PictureID: 0x7f01, Size: 4}},
		{"15 bits with a small number", "9080 8001 00", media.VP8Descriptor{PictureIDBits: 15, PictureID: 1, Size: 4}},
		{"TL0PICIDX alone", "9040 c8 00", media.VP8Descriptor{HasTL0: true, TL0PICIDX: 200, Size: 3}},
		{"TID, and the key index void", "9020 ff 00", media.VP8Descriptor{HasTID: true, TID: 3, Sync: true, Size: 3}},
		{"key index, and TID void", "9010 ff 00", media.VP8Descriptor{HasKeyIdx: true, KeyIdx: 31, Size: 3}},
		{"all of it, as Chromium sends it", "90f0 8102 03 44 00", media.VP8Descriptor{
			PictureIDBits: 15, PictureID: 0x102, HasTL0: true, TL0PICIDX: 3,
			HasTID: true, TID: 1, HasKeyIdx: true, KeyIdx: 4, Size: 6,
		}},
	} {
		pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: unhex(t, tt.hex)}
		if !Parse(pkt) || pkt.VP8 != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, pkt.VP8, tt.want)
		}
	}
}

func TestPatchVP8(t *testing.T) {
	t.Parallel()
	out := media.VP8Descriptor{PictureID: 0x1234, TL0PICIDX: 0x56, TID: 3, Sync: true, KeyIdx: 7}
	for _, tt := range []struct{ name, before, after string }{
		{"nothing to write to", "10 ff", "10 ff"},
		{"an empty extension", "9000 ff", "9000 ff"},
		{"a short picture id stays short", "9080 01 ff", "9080 34 ff"},
		{"a long picture id", "9080 8001 ff", "9080 9234 ff"},
		{"a field that is absent is not written", "9040 01 ff", "9040 56 ff"},
		{"the layer is not the relay's to change", "9020 40 ff", "9020 40 ff"},
		{"the key index shares its byte", "9030 40 ff", "9030 47 ff"},
		{"all of it", "90f0 8001 02 9f ff", "90f0 9234 56 87 ff"},
	} {
		payload := unhex(t, tt.before)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: payload}
		if !Parse(pkt) {
			t.Fatalf("%s: does not parse", tt.name)
		}
		PatchVP8(payload, pkt.VP8, out)
		if !bytes.Equal(payload, unhex(t, tt.after)) {
			t.Errorf("%s: %x, want %s", tt.name, payload, tt.after)
		}
	}
}

// Two parsers that were written apart must read the same.
func FuzzVP8AgainstPion(f *testing.F) {
	f.Add(unhex(f, "10 00"))
	f.Add(unhex(f, "90f0 8102 03 44 00"))
	f.Add(unhex(f, "9010 ff 00"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var theirs codecs.VP8Packet
		rest, err := theirs.Unmarshal(payload)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: payload}
		if got, want := Parse(pkt), err == nil && len(rest) > 0; got != want {
			t.Fatalf("parsed: %v, pion: %v (%v)", got, want, err)
		} else if !got {
			return
		}
		d := pkt.VP8
		if d.PictureID != theirs.PictureID || d.TL0PICIDX != theirs.TL0PICIDX || d.TID != theirs.TID ||
			d.KeyIdx != theirs.KEYIDX || d.Sync != (theirs.Y == 1) || int(d.Size) != len(payload)-len(rest) {
			t.Fatalf("%+v, pion: %+v", d, theirs)
		}
		if d.HasTL0 != (theirs.L == 1) || d.HasTID != (theirs.T == 1) || d.HasKeyIdx != (theirs.K == 1) ||
			d.PictureIDBits > 0 != (theirs.I == 1) {
			t.Fatalf("%+v, pion: %+v", d, theirs)
		}
	})
}

func FuzzPatchVP8(f *testing.F) {
	f.Add(unhex(f, "10 00"), uint16(1), byte(2), byte(3))
	f.Add(unhex(f, "90f0 8102 03 44 00"), uint16(0xffff), byte(0xff), byte(0xff))
	f.Add(unhex(f, "9090 05 ff 00"), uint16(300), byte(0), byte(33))
	f.Fuzz(func(t *testing.T, payload []byte, pictureID uint16, tl0, keyIdx byte) {
		before := bytes.Clone(payload)
		pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: payload}
		if !Parse(pkt) {
			return
		}
		in := pkt.VP8
		PatchVP8(payload, in, media.VP8Descriptor{PictureID: pictureID, TL0PICIDX: tl0, KeyIdx: keyIdx})

		want := in
		if in.PictureIDBits > 0 {
			want.PictureID = pictureID & (1<<in.PictureIDBits - 1)
		}
		if in.HasTL0 {
			want.TL0PICIDX = tl0
		}
		if in.HasKeyIdx {
			want.KeyIdx = keyIdx & 0x1f
		}
		if !Parse(pkt) || pkt.VP8 != want {
			t.Fatalf("%x patched to %x reads %+v, want %+v", before, payload, pkt.VP8, want)
		}
		// To write the old values back restores every bit: no other was touched.
		PatchVP8(payload, want, in)
		if !bytes.Equal(payload, before) {
			t.Fatalf("%x patched there and back is %x", before, payload)
		}
	})
}

func TestPatchVP8DoesNotAllocate(t *testing.T) {
	payload := unhex(t, samples[media.VP8])
	pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: payload}
	Parse(pkt)
	if allocs := testing.AllocsPerRun(100, func() { PatchVP8(payload, pkt.VP8, pkt.VP8) }); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}
