package codec

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// payloadCase is one payload and what it is: "key" (a keyframe starts),
// "start" (a frame starts), "more" (a frame goes on) or "bad".
type payloadCase struct{ name, hex, want string }

func checkPayloads(t *testing.T, c media.Codec, cases []payloadCase) {
	t.Helper()
	for _, tt := range cases {
		if got := judge(c, unhex(t, tt.hex)); got != tt.want {
			t.Errorf("%s (%s): %s, want %s", tt.name, tt.hex, got, tt.want)
		}
	}
}

func judge(c media.Codec, payload []byte) string {
	pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: payload}
	switch ok := Parse(pkt); {
	case !ok:
		return "bad"
	case pkt.Keyframe && pkt.FrameStart:
		return "key"
	case pkt.Keyframe:
		return "a keyframe without a start"
	case pkt.FrameStart:
		return "start"
	}
	return "more"
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAudioAlwaysParses(t *testing.T) {
	t.Parallel()
	for _, c := range []media.Codec{media.Opus, media.RED} {
		checkPayloads(t, c, []payloadCase{{"empty", "", "more"}, {"sound", "fc0102", "more"}})
	}
}

func TestOnlyKnownCodecsParse(t *testing.T) {
	t.Parallel()
	for _, c := range []media.Codec{media.NoCodec, media.AV1 + 1, 255} {
		checkPayloads(t, c, []payloadCase{{"empty", "", "bad"}, {"bytes", "100000", "bad"}})
	}
}

// stale is what Parse must not leave behind, unless a dependency descriptor has
// set it.
var stale = media.Header{
	Keyframe: true, FrameStart: true, FrameEnd: true, Layer: media.Layer{Spatial: 1, Temporal: 2},
	VP8:   media.VP8Descriptor{PictureIDBits: 15, PictureID: 7, Size: 4},
	VP9:   media.VP9Descriptor{PictureIDBits: 15, PictureID: 7, HasLayers: true},
	Sizes: [media.MaxSpatial]media.Size{{Width: 320, Height: 180}, {Width: 640, Height: 360}},
}

// A packet buffer is used again: nothing may be left of what it held before.
func TestParseForgetsWhatWasThere(t *testing.T) {
	t.Parallel()
	for _, c := range []media.Codec{media.NoCodec, media.Opus, media.VP8, media.VP9, media.H264, media.AV1} {
		pkt := &media.Packet{Header: stale}
		pkt.Codec = c
		Parse(pkt)
		if !reflect.DeepEqual(pkt.Header, media.Header{Codec: c}) {
			t.Errorf("codec %d: an empty payload gave %+v", c, pkt.Header)
		}
	}
}

func TestTheMarkerEndsAFrame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		codec media.Codec
		hex   string
		want  bool
	}{
		{media.Opus, "fc0102", false}, // of talk that begins, RFC 7587, 4.1
		{media.RED, "fc0102", false},
		{media.VP8, "00 00", true},
		{media.H264, "41 1a", true},
		{media.AV1, "90 3000", true},
		{media.VP9, "00 82", false}, // of a picture: it has frames of several layers
		{media.VP8, "10", false},    // bad
	} {
		for _, marker := range []bool{true, false} {
			pkt := &media.Packet{Header: media.Header{Codec: tt.codec, Marker: marker}, Payload: unhex(t, tt.hex)}
			if Parse(pkt); pkt.FrameEnd != (tt.want && marker) {
				t.Errorf("%s %s, marker %v: end %v", tt.codec.MimeType(), tt.hex, marker, pkt.FrameEnd)
			}
		}
	}
}

func TestVP8TemporalLayers(t *testing.T) {
	t.Parallel()
	for hex, want := range map[string]uint8{
		"10 00": 0, "9020 00 00": 0, "9020 40 00": 1, "9020 bf 00": 2, "90f0 8001 02 c4 00": 3,
		"9010 c0 00": 0, // void: there is but a key index
	} {
		pkt := &media.Packet{Header: media.Header{Codec: media.VP8}, Payload: unhex(t, hex)}
		if !Parse(pkt) || pkt.Layer != (media.Layer{Temporal: want}) {
			t.Errorf("%s: %+v, want %d", hex, pkt.Layer, want)
		}
	}
}

// samples are first packets of keyframes, as browsers send them.
var samples = map[media.Codec]string{
	media.Opus: "fc0102",
	media.VP8:  "90e0 8005 07 2a 10 02 00 9d 01 2a 80 02 e0 01",
	media.VP9:  "aa 8005 00 01 18 0280 0168 01 04 01 8249 8342",
	media.H264: "78 0015 6742c01e d903c568 400000 030040 00000c 03c58b 92 0004 68ce3c80",
	media.AV1:  "28 0d 0a0b0000002d4cffb3ccaf9004 3014",
}

func TestParseDoesNotAllocate(t *testing.T) {
	for c, sample := range samples {
		pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: unhex(t, sample)}
		if !Parse(pkt) {
			t.Errorf("codec %d: the sample does not parse", c)
		}
		if c.Kind() == media.Video && (!pkt.Keyframe || pkt.Sizes[0] == media.Size{}) {
			t.Errorf("codec %d: the sample is no keyframe with a size: %+v", c, pkt.Header)
		}
		if allocs := testing.AllocsPerRun(100, func() { Parse(pkt) }); allocs != 0 {
			t.Errorf("codec %d: %v allocations a packet", c, allocs)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, sample := range samples {
		f.Add(unhex(f, sample))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		before := bytes.Clone(payload)
		for c := media.NoCodec; c <= media.AV1; c++ {
			pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: payload}
			ok := Parse(pkt)
			if !bytes.Equal(payload, before) {
				t.Fatalf("codec %d: Parse changed the payload", c)
			}
			checkParsed(t, pkt, ok)
			checkDescribed(t, pkt, ok)
		}
	})
}

func checkParsed(t *testing.T, pkt *media.Packet, ok bool) {
	c := pkt.Codec
	if !ok && !reflect.DeepEqual(pkt.Header, media.Header{Codec: c}) {
		t.Fatalf("codec %d: a bad payload gave %+v", c, pkt.Header)
	}
	if ok && len(pkt.Payload) == 0 && c.Kind() == media.Video {
		t.Fatalf("codec %d: video without a byte", c)
	}
	if pkt.Keyframe && (!pkt.FrameStart || pkt.Layer.Spatial != 0) {
		t.Fatalf("codec %d: a keyframe begins, but no frame of the lowest layer does", c)
	}
	if c == media.VP8 && ok && int(pkt.VP8.Size) >= len(pkt.Payload) {
		t.Fatalf("a descriptor of %d bytes in a payload of %d", pkt.VP8.Size, len(pkt.Payload))
	}
	for i, size := range pkt.Sizes {
		if (size.Width == 0) != (size.Height == 0) || size.Width > 0 && i > 0 && c != media.VP9 {
			t.Fatalf("codec %d: layer %d has %v", c, i, size)
		}
	}
}

// checkDescribed checks that a descriptor's word stands, and that for the rest
// it makes no difference.
func checkDescribed(t *testing.T, plain *media.Packet, ok bool) {
	pkt := &media.Packet{Header: stale, Payload: plain.Payload}
	pkt.Codec, pkt.Dependency.Raw = plain.Codec, []byte{0}
	if Parse(pkt) != ok {
		t.Fatalf("codec %d: parsed %v with a descriptor", pkt.Codec, !ok)
	}
	if !pkt.FrameStart || !pkt.FrameEnd || pkt.Layer != stale.Layer ||
		pkt.Sizes[0] != stale.Sizes[0] || pkt.Sizes[1] != stale.Sizes[1] {
		t.Fatalf("codec %d: the descriptor was overruled: %+v", pkt.Codec, pkt.Header)
	}
	if pkt.Keyframe {
		t.Fatalf("codec %d: a keyframe of layer %v", pkt.Codec, pkt.Layer)
	}
	if pkt.VP8 != plain.VP8 || pkt.VP9 != plain.VP9 {
		t.Fatalf("codec %d: %+v with a descriptor, %+v without", pkt.Codec, pkt.Header, plain.Header)
	}
}

func BenchmarkParse(b *testing.B) {
	for c := media.Opus; c <= media.AV1; c++ {
		sample, ok := samples[c]
		if !ok {
			continue
		}
		pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: unhex(b, sample)}
		b.Run(c.MimeType(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(pkt)
			}
		})
	}
}
