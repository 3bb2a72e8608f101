package allocate

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// hd are the three encodings of a camera. A word is a letter and a size, or a
// question mark where that is unknown.
const hd = "q320x180 h640x360 f1280x720"

// A word of a story is a wish and what comes of it: the option that is
// forwarded, and after a slash the one that is wanted where that is another.
// -f and +f say that f stops and flows again; "none" is nothing.
func TestChooser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, options, story string }{
		{"each tile its picture", hd, "320x180=q 640x360=h 1280x720=f"},
		{"no size is the largest", hd, "0x0=f"},
		{"the smallest tile", hd, "1x1=q"},
		{"larger than all there is", hd, "65535x65535=f"},
		{"enlarged by 15 % and no more", hd, "369x207=q 370x208=h"},
		{"on the next step too", hd, "739x415=h 740x416=f"},
		{"the higher side counts", hd, "100x207=q 100x208=h"},
		{"the wider side counts", hd, "369x10=q 370x10=h"},
		{"a side of zero asks for nothing", hd, "640x0=h 0x720=f"},
		{"a portrait tile crops, and needs the height", hd, "195x270=h 390x720=f"},
		{"a phone held upright", "q180x320 h360x640 f720x1280", "180x320=q 360x640=h 640x360=f"},

		{"a smaller tile keeps what is there for a while", hd, "1280x720=f 700x394=f 675x380=f 674x379=h"},
		{"and does not get it back at once", hd, "1280x720=f 674x379=h 739x415=h 740x416=f"},
		{"dragged to and fro about a threshold", hd, "738x415=h 741x417=f 738x415=f 741x417=f 738x415=f"},
		{"two steps down", hd, "1280x720=f 330x186=q"},
		{"two steps down, but one too early", hd, "1280x720=f 350x197=h"},
		{"paused, and begun anew", hd, "1280x720=f paused=none 700x394=h"},

		{"pinned whatever the size", hd, "320x180=q pinned=f 320x180=q"},
		{"paused before pinned", hd, "pinned=f paused=none paused-pinned=none"},

		{"the top layer comes late", hd, "-f 1280x720=h/f +f 1280x720=f"},
		{"two layers do", hd, "-f -h 1280x720=q/f +h 1280x720=h/f +f 1280x720=f"},
		{"the next lower before one above", hd, "-h 640x360=q/h +h 640x360=h"},
		{"one above where there is none below", hd, "-q 320x180=h/q -h 320x180=f/q"},
		{"nothing flows", hd, "-q -h -f 640x360=h pinned=f +q 640x360=q/h pinned=q/f"},
		{"what stands in does not change what is wanted", hd, "1280x720=f -f 700x394=h/f +f 700x394=f"},

		{"no option", "", "0x0=none 640x360=none pinned=none"},
		{"one option", "a1920x1080", "1x1=a 0x0=a 1920x1080=a -a 640x360=a"},

		{"nothing known", "q? h? f?", "320x180=q 640x360=h 1280x720=f 0x0=f"},
		{"nothing known, and only the width asked for", "q? h? f?", "320x0=q 640x0=h 1280x0=f"},
		{"one option, unknown", "a?", "1x1=a 0x0=a"},
		{"the top is known", "q? h? f1920x1080", "480x270=q 960x540=h 1920x1080=f"},
		{"the bottom is known, the top comes late", "q480x270 h? f?", "480x270=q 960x540=h 1920x1080=f"},
		{"two steps up", "q160x90 h? f? g?", "320x0=h 640x0=f 1280x0=g"},
		{"the middle is known", "q? h960x540 f?", "480x270=q 960x540=h 1920x1080=f"},
		{"half a size is none", "q? h960x0 f0x720", "320x180=q 640x360=h 1280x720=f"},
		{"the nearest above is believed first", "q160x90 h? f1920x1080", "960x540=h"},

		{"sizes that do not rise", "q1280x720 h640x360 f320x180", "320x180=q 1280x720=q 1920x1080=f"},
		{"equal sizes", "q640x360 h640x360", "640x360=q 1280x720=h"},
		{"the smallest and the largest", "q1x1 h? f65535x65535", "1x1=q 32767x32767=h 65535x65535=f"},
	} {
		if err := play(tt.options, tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func play(options, story string) error {
	var c Chooser
	letters, o := parse(options)
	for _, word := range strings.Fields(story) {
		if word[0] == '-' || word[0] == '+' {
			o[strings.IndexByte(letters, word[1])].Live = word[0] == '+'
			continue
		}
		name, want, _ := strings.Cut(word, "=")
		w := wish(name)
		before := c
		i, _, ok := c.Choose(w, o)
		j, wanted := before.Want(w, o)
		got := "none"
		if ok {
			got = letters[i : i+1]
		}
		if i != j {
			got += "/" + letters[j:j+1]
		}
		if got != want || ok != wanted {
			return fmt.Errorf("%s: got %s (%v, %v)", word, got, ok, wanted)
		}
	}
	return nil
}

func parse(options string) (letters string, o []Option) {
	for i, word := range strings.Fields(options) {
		o = append(o, Option{Feed: media.Feed(i + 1), Live: true, Temporal: 1, Size: size(word[1:])})
		letters += word[:1]
	}
	return letters, o
}

// wish reads a size, or what a tile may be besides.
func wish(name string) Wish {
	return Wish{
		Size:   size(name),
		Pinned: strings.Contains(name, "pinned"),
		Paused: strings.Contains(name, "paused"),
	}
}

// size reads 640x360; anything else is no size.
func size(s string) (out media.Size) {
	if _, err := fmt.Sscanf(s, "%dx%d", &out.Width, &out.Height); err != nil {
		return media.Size{}
	}
	return out
}

func TestTemporal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		layers uint8
		fps    float64
		wishes []uint8
		want   []uint8
	}{
		{"three layers", 3, 30, []uint8{0, 60, 30, 15, 14, 8, 7, 1}, []uint8{2, 2, 2, 1, 1, 0, 0, 0}},
		{"two layers", 2, 30, []uint8{0, 30, 15, 1}, []uint8{1, 1, 0, 0}},
		{"one layer", 1, 30, []uint8{0, 30, 1}, []uint8{0, 0, 0}},
		{"what cannot be", 0, 30, []uint8{0, 30, 1}, []uint8{0, 0, 0}},
		{"more layers than there may be", 255, 128, []uint8{0, 64, 1}, []uint8{7, 6, 0}},
		{"unknown is 30", 3, 0, []uint8{0, 30, 15, 1}, []uint8{2, 2, 1, 0}},
		{"a dark room", 3, 10, []uint8{15, 10, 5}, []uint8{2, 2, 1}},
		{"a fast camera", 3, 60, []uint8{60, 30, 15, 1}, []uint8{2, 1, 0, 0}},
		{"at most means at most", 3, 30, []uint8{24, 20}, []uint8{1, 1}},
		{"not a number", 3, math.NaN(), []uint8{30, 1}, []uint8{2, 0}},
		{"below nothing", 3, -30, []uint8{30, 1}, []uint8{2, 0}},
		{"beyond everything", 3, math.Inf(1), []uint8{255, 0}, []uint8{0, 2}},
	} {
		for i, fps := range tt.wishes {
			var c Chooser
			o := []Option{{Live: true, Temporal: tt.layers, FPS: tt.fps}}
			_, got, ok := c.Choose(Wish{FPS: fps, Pinned: i%2 == 0}, o)
			if got != tt.want[i] || !ok {
				t.Errorf("%s: at most %d frames are layer %d, want %d", tt.name, fps, got, tt.want[i])
			}
		}
	}
}

// A frame rate that wavers about a threshold does not make the layer waver.
func TestTemporalIsKept(t *testing.T) {
	t.Parallel()
	var c Chooser
	o := []Option{{Live: true, Temporal: 3}}
	for _, tt := range []struct {
		measured float64
		want     uint8
	}{
		{30, 1}, {26.4, 2}, {27, 2}, {29.9, 2}, {26, 2}, {30, 2}, {30.1, 1}, {27, 1}, {26.5, 1}, {26.3, 2},
	} {
		o[0].FPS = tt.measured
		if _, got, _ := c.Choose(Wish{FPS: 24}, o); got != tt.want {
			t.Errorf("measured %v: layer %d, want %d", tt.measured, got, tt.want)
		}
	}
}

// The temporal layer is one of the option that is forwarded, not of the one
// that is wanted.
func TestTemporalOfWhatStandsIn(t *testing.T) {
	t.Parallel()
	var c Chooser
	o := []Option{{Live: true, Temporal: 1}, {Temporal: 3, FPS: 30}}
	if i, temporal, ok := c.Choose(Wish{}, o); i != 0 || temporal != 0 || !ok {
		t.Errorf("got layer %d of option %d, %v", temporal, i, ok)
	}
	o[1].Live = true
	if i, temporal, ok := c.Choose(Wish{}, o); i != 1 || temporal != 2 || !ok {
		t.Errorf("got layer %d of option %d, %v", temporal, i, ok)
	}
}

func BenchmarkChoose(b *testing.B) {
	var c Chooser
	_, o := parse(hd)
	b.ReportAllocs()
	for b.Loop() {
		c.Choose(Wish{Size: media.Size{Width: 640, Height: 360}, FPS: 15}, o)
	}
}
