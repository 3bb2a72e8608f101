package sfu

import (
	"os"
	"slices"
	"testing"

	"sfu/sfu/media"
)

func readOffer(t testing.TB, browser string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + browser + "-offer.sdp")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The offers are first offers of real browsers (Chromium 156, Firefox 153):
// a data channel, three places for slots of each kind, a microphone and a
// camera with three encodings.
func TestDescriptionOfBrowsers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		browser  string
		vp8, rtx uint8
		ids      extensionIDs
	}{
		{"chromium", 96, 97, extensionIDs{mid: 4, rid: 10, repairedRID: 11, transportCC: 3, audioLevel: 1, rotation: 13, dependency: 12, sendTime: 2}},
		{"firefox", 120, 124, extensionIDs{mid: 3, rid: 9, repairedRID: 10, transportCC: 7, audioLevel: 1, dependency: 8, sendTime: 4}},
	} {
		t.Run(test.browser, func(t *testing.T) {
			t.Parallel()
			d, err := parseDescription(readOffer(t, test.browser))
			if err != nil {
				t.Fatal(err)
			}
			var places [media.NumKinds]int
			var data int
			for _, s := range d.sections {
				if s.receives {
					places[s.kind]++
				}
				if s.data {
					data++
				}
			}
			if places[media.Audio] != 3 || places[media.Video] != 3 || data != 1 || len(d.sections) != 9 {
				t.Errorf("%d sections, %v places for slots, %d for data; want 9, 3 and 3, 1", len(d.sections), places, data)
			}
			camera := d.sections[len(d.sections)-1]
			if i := slices.IndexFunc(d.sections, func(s section) bool { return s.sends && s.kind == media.Video }); i >= 0 {
				camera = d.sections[i]
			}
			if !camera.sends || !slices.Equal(camera.rids, []string{"q", "h", "f"}) {
				t.Errorf("camera = %+v, want one that sends q, h and f", camera)
			}
			if d.formats[test.vp8].codec != media.VP8 || d.formats[test.rtx].repairs != test.vp8 {
				t.Errorf("payload types %d and %d are %+v and %+v, want VP8 and its repairs",
					test.vp8, test.rtx, d.formats[test.vp8], d.formats[test.rtx])
			}
			if d.ids != test.ids {
				t.Errorf("extension ids %+v, want %+v", d.ids, test.ids)
			}
			if !d.hasUfrag("abcd") || d.hasUfrag("zzzz") {
				t.Errorf("ufrags %q, want abcd alone", d.ufrags)
			}
		})
	}
}

func TestDescriptionRefusesGarbage(t *testing.T) {
	t.Parallel()
	const session = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	for name, text := range map[string]string{
		"nothing":    "",
		"prose":      "hello",
		"no mid":     session + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
		"mid twice":  session + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
		"other kind": session + "m=text 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
	} {
		if _, err := parseDescription(text); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

func FuzzDescription(f *testing.F) {
	f.Add(readOffer(f, "chromium"))
	f.Add(readOffer(f, "firefox"))
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 X 300\r\na=mid:0\r\na=rtpmap:300 VP8\r\na=fmtp:9 apt=999\r\na=extmap:999/x y\r\na=ssrc:x\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDescription(text)
		if err != nil {
			return
		}
		if len(d.ssrcs) > maxDeclared {
			t.Errorf("%d SSRCs kept", len(d.ssrcs))
		}
		for _, s := range d.sections {
			if d.section(s.mid) == nil {
				t.Errorf("section %q is not found", s.mid)
			}
		}
	})
}
