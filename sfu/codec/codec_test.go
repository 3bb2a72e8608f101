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

// A packet buffer is used again: nothing may be left of what it held before.
func TestParseForgetsWhatWasThere(t *testing.T) {
	t.Parallel()
	stale := media.Header{Keyframe: true, FrameStart: true, VP8: media.VP8Descriptor{PictureIDBits: 15, PictureID: 7, Size: 4}}
	for _, c := range []media.Codec{media.NoCodec, media.Opus, media.VP8, media.VP9, media.H264, media.AV1} {
		pkt := &media.Packet{Header: stale}
		pkt.Codec = c
		Parse(pkt)
		if !reflect.DeepEqual(pkt.Header, media.Header{Codec: c}) {
			t.Errorf("codec %d: an empty payload gave %+v", c, pkt.Header)
		}
	}
}

// samples are first packets of keyframes, as browsers send them.
var samples = map[media.Codec]string{
	media.Opus: "fc0102",
	media.VP8:  "90e0 8005 07 2a 10 02 00 9d 01 2a",
	media.VP9:  "aa 8005 00 01 18 0280 0168 01 04 01 8249 8342",
	media.H264: "78 0004 6742c01f 0004 68ce3c80",
	media.AV1:  "28 0a 0a0b00000024c4ffdf0068 3014",
}

func TestParseDoesNotAllocate(t *testing.T) {
	for c, sample := range samples {
		pkt := &media.Packet{Header: media.Header{Codec: c}, Payload: unhex(t, sample)}
		if !Parse(pkt) {
			t.Errorf("codec %d: the sample does not parse", c)
		}
		if c.Kind() == media.Video && !pkt.Keyframe {
			t.Errorf("codec %d: the sample is no keyframe", c)
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
			if !ok && !reflect.DeepEqual(pkt.Header, media.Header{Codec: c}) {
				t.Fatalf("codec %d: a bad payload gave %+v", c, pkt.Header)
			}
			if ok && len(payload) == 0 && c.Kind() == media.Video {
				t.Fatalf("codec %d: video without a byte", c)
			}
			if pkt.Keyframe && !pkt.FrameStart {
				t.Fatalf("codec %d: a keyframe begins, but no frame does", c)
			}
			if c == media.VP8 && ok && int(pkt.VP8.Size) >= len(payload) {
				t.Fatalf("a descriptor of %d bytes in a payload of %d", pkt.VP8.Size, len(payload))
			}
		}
	})
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
