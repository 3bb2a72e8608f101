package forward

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sfu/sfu/media"
)

// A film is what an encoder makes, in words parted by spaces:
//
//	.     a picture
//	K     a key picture
//	^2    the encoder has 2 spatial layers from here on
//	>1.0  the target is spatial layer 1 and temporal layer 0, at most
//	x1    the next picture's frame of spatial layer 1 is lost
//	r     what was lost comes
//	+900  900 ms pass, on the encoder's clock too
//	K?    a key picture if one is needed, otherwise nothing
//
// For each picture it gives the spatial layers that went out, with a ' after the
// one that has the marker; - when there are none. A repair gives its layer in
// brackets, doubled where it is hollow.
func film(t *testing.T, e *encoder, story string) string {
	t.Helper()
	return watch(t, e, story, func(*media.Packet, Verdict) {})
}

// watch plays a film, and shows every packet that goes out in time.
func watch(t *testing.T, e *encoder, story string, see func(*media.Packet, Verdict)) string {
	t.Helper()
	f := New(media.Video, 90000, 1, 0)
	f.SetTarget(e.feed, media.TopLayer)
	tops, now := e.spatials, time.Unix(1000, 0)
	var lost []*media.Packet
	lose := map[uint8]bool{}
	var shown []string
	for _, word := range strings.Fields(story) {
		switch {
		case word[0] == '^':
			tops = number(t, word[1:])
		case word[0] == '>':
			f.SetTarget(e.feed, layerOf(t, ":"+word[1:]))
		case word[0] == 'x':
			lose[uint8(number(t, word[1:]))] = true
		case word[0] == '+':
			e.timestamp += uint32(90 * number(t, word[1:]))
		case word == "r":
			for _, pkt := range lost {
				shown = append(shown, repair(t, f, pkt))
			}
			lost = nil
		case word == "K?" && !f.NeedsKeyframe():
		default:
			now = now.Add(33 * time.Millisecond)
			frames := e.picture(word[0] == 'K', tops)
			at(now, frames)
			picture := ""
			for _, m := range frames {
				if lose[m.layer.Spatial] {
					lost = append(lost, m.packets...)
					continue
				}
				picture += offer(f, m, see)
			}
			clear(lose)
			if picture == "" {
				picture = "-"
			}
			shown = append(shown, picture)
		}
	}
	return strings.Join(shown, " ")
}

// offer forwards m, and returns its spatial layer if it goes out.
func offer(f *Forwarder, m *made, see func(*media.Packet, Verdict)) string {
	frame := ""
	for _, pkt := range m.packets {
		v := f.Forward(pkt)
		if v.Drop != media.Kept {
			continue
		}
		see(pkt, v)
		frame = strconv.Itoa(int(m.layer.Spatial))
		if v.Marker {
			frame += "'"
		}
	}
	return frame
}

func repair(t *testing.T, f *Forwarder, pkt *media.Packet) string {
	t.Helper()
	switch v := f.Forward(pkt); {
	case v.Drop != media.Kept:
		return "-"
	case v.Hollow:
		return fmt.Sprintf("((%d))", pkt.Layer.Spatial)
	}
	return fmt.Sprintf("(%d)", pkt.Layer.Spatial)
}

func TestDecodeTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mode  string
		story, want string
	}{
		{"full SVC, all of it", "L3T1", "K . .", "012' 012' 012'"},
		{"full SVC to the target", "L3T1", ">1.0 K . .", "01' 01' 01'"},
		{"full SVC, down at once", "L3T1", "K . >0.0 . .", "012' 012' 0' 0'"},
		{"full SVC, up at a keyframe", "L3T1", ">0.0 K . >2.0 . . K .", "0' 0' 0' 0' 012' 012'"},
		{"full SVC, a layer is switched off", "L3T1", "K . ^2 . . ^3 . .", "012' 012' 01' 01' 012' 012'"},
		{"K-SVC gives the target's own frames", "L3T1_KEY", "K . .", "012' 2' 2'"},
		{"K-SVC to the target", "L3T1_KEY", ">1.0 K . .", "01' 1' 1'"},
		{"K-SVC, down at a keyframe", "L3T1_KEY", "K . >0.0 . . K .", "012' 2' 2' 2' 0' 0'"},
		{"K-SVC, up at a keyframe", "L3T1_KEY", ">0.0 K . >2.0 . . K .", "0' 0' 0' 0' 012' 2'"},
		{"K-SVC, the top layer is switched off", "L3T1_KEY", "K . ^2 . . K? .", "012' 2' - - 01' 1'"},
		{"temporal layers, down at once", "L1T3", "K . . . >0.1 . . . . >0.0 . . . .", "0' 0' 0' 0' 0' - 0' - 0' - - -"},
		{"temporal layers, up at a switch", "L1T3", ">0.0 K . . . >0.2 . . . .", "0' - - - 0' 0' 0' 0'"},
		{"not where a frame is missing", "L1T3", ">0.0 K . . >0.2 . . . .", "0' - - - 0' 0' 0'"},
		{"but where only what nobody needs is", "L1T3", ">0.0 K . >0.2 . . . .", "0' - 0' 0' 0' 0'"},
		{"a lower layer of which nothing needed was left out", "L2T2_KEY", "K . >0.0 . . .", "01' 1' 0' - 0'"},
		{"both, down at once", "L2T2", "K . >0.0 . . .", "01' 01' 0' - 0'"},
		{"both, the frame rate at once", "L2T2_KEY", "K . . . >0.0 . . . K . .", "01' 1' 1' 1' 1' - 1' 0' - 0'"},
		{"a loss is waited for", "L3T1", "K . x1 . . r .", "012' 012' 02' 012' (1) 012'"},
		{"not for ever", "L3T1", "K . x2 . . +600 . . K? .", "012' 012' 01 012' 01' 01' 012' 012'"},
		{"nor for a target that all others need", "L3T1", "K . x0 . . +600 . . K? .", "012' 012' 12' 012' - - 012' 012'"},
		{"a picture whose start is missing goes on as it was", "L2T1", "K . >0.0 x0 . . r .", "01' 01' 1' 01' (0) 0'"},
		{"a repair in time completes the chain", "L1T2", "K . . . x0 . . . r +900 . . .", "0' 0' 0' 0' - 0' 0' (0) 0' 0' 0'"},
		{"a repair after it was given up too, if nothing needed was left out", "L1T3", "K . . . x0 . . . +600 . r . . .", "0' 0' 0' 0' - 0' 0' - (0) 0' 0' 0'"},
		{"a repair of another layer is hollow", "L3T1_KEY", "K . x0 . . r .", "012' 2' 2' 2' ((0)) 2'"},
		{"one lost layer does not lead down in K-SVC", "L2T1_KEY", "K x0 . >0.0 . . r K? . .", "01' 1' 1' 1' ((0)) 0' 0' 0'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := describing(newEncoder(media.AV1, int(c.mode[1]-'0'), int(c.mode[3]-'0')), strings.HasSuffix(c.mode, "_KEY"))
			if got := film(t, e, c.story); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.story, got, c.want)
			}
		})
	}
}

// A target that comes between two frames of a picture waits for the next one.
func TestAPictureIsNotCutShort(t *testing.T) {
	t.Parallel()
	for _, e := range []*encoder{newEncoder(media.VP9, 2, 1), describing(newEncoder(media.AV1, 2, 1), false)} {
		f := New(media.Video, 90000, 1, 0)
		f.SetTarget(e.feed, media.TopLayer)
		exactly(f, e, true)
		frames := e.picture(false, 2)
		for i, want := range []string{"0", "1'"} {
			if got := offer(f, frames[i], func(*media.Packet, Verdict) {}); got != want {
				t.Errorf("%v: %q goes out, want %q", e.codec, got, want)
			}
			f.SetTarget(e.feed, media.Layer{})
		}
		if got := exactly(f, e, false); got != "0'" {
			t.Errorf("%v: then %q goes out", e.codec, got)
		}
	}
}

// More that is asked for between two frames of a key picture, the first of which
// has ended it for this subscriber, comes with the next.
func TestAPictureThatEndedDoesNotGoOn(t *testing.T) {
	t.Parallel()
	for _, e := range []*encoder{
		newEncoder(media.VP9, 2, 1), describing(newEncoder(media.AV1, 2, 1), false), describing(newEncoder(media.AV1, 2, 1), true),
	} {
		f := New(media.Video, 90000, 1, 0)
		f.SetTarget(e.feed, media.Layer{})
		frames := e.picture(true, 2)
		for i, want := range []string{"0'", ""} {
			if got := offer(f, frames[i], func(*media.Packet, Verdict) {}); got != want {
				t.Errorf("%v: %q goes out, want %q", e.codec, got, want)
			}
			f.SetTarget(e.feed, media.TopLayer)
		}
		if got := exactly(f, e, true); got != "01'" {
			t.Errorf("%v: then %q goes out", e.codec, got)
		}
	}
}

// What a subscriber is told of the active decode targets: where it is sent fewer
// than the publisher says, where that changes, and where it ends.
func TestActiveTargetsAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, mode, story, want string }{
		{"all of them are no news", "L2T1", "K . .", "0:0 1:0 0:0 1:0 0:0 1:0"},
		{"fewer are", "L2T1", ">0.0 K . . K .", "0:1 0:0 0:0 0:1 0:0"},
		{"from where they are fewer", "L2T1", "K . >0.0 . .", "0:0 1:0 0:0 1:0 0:1 0:0"},
		{"K-SVC leaves lower ones out", "L2T1_KEY", "K . .", "0:0 1:0 1:10 1:0"},
		{"temporal layers", "L1T3", ">0.1 K . . . >0.2 . . . .", "0:11 0:0 0:111 0:0 0:0 0:0"},
		{"what the publisher switches off, it tells itself", "L2T1", "K . ^1 . .", "0:0 1:0 0:0 1:0 0:0 0:0"},
		{"and on again for others", "L2T1", ">0.0 K . ^1 . . ^2 . .", "0:1 0:0 0:0 0:0 0:1 0:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := describing(newEncoder(media.AV1, int(c.mode[1]-'0'), int(c.mode[3]-'0')), strings.HasSuffix(c.mode, "_KEY"))
			var told []string
			watch(t, e, c.story, func(pkt *media.Packet, v Verdict) {
				told = append(told, fmt.Sprintf("%d:%b", pkt.Layer.Spatial, v.Targets))
			})
			if got := strings.Join(told, " "); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.story, got, c.want)
			}
		})
	}
}

// References count frame numbers, so within a feed they keep their distances, and
// a switch goes on by one.
func TestFrameNumbers(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	var got []uint16
	for i, first := range []uint16{65530, 700} {
		e := describing(newEncoder(media.AV1, 2, 1), false)
		e.feed, e.counts.frame = media.Feed(i+1), first
		f.SetTarget(e.feed, media.Layer{})
		for range 3 {
			for _, m := range e.picture(false, 2) {
				if v := f.Forward(m.packets[0]); v.Drop == media.Kept {
					got = append(got, v.Frame)
				}
			}
		}
	}
	if want := []uint16{65531, 65533, 65535, 0, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("frames %v, want %v", got, want)
	}
}

// Without chains, indications are all there is.
func TestTargetsWithoutChains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, mode, story, want string }{
		{"down at once", "L2T2", "K . >0.0 . . .", "01' 01' 0' - 0'"},
		{"a picture whose start is missing goes on as it was", "L2T1", "K . >0.0 x0 . . r .", "01' 01' 1' 0' (0) 0'"},
		{"the frame rate up at a switch", "L1T3", ">0.0 K . . >0.2 . . . .", "0' - - - 0' 0' 0'"},
		{"the size up at a keyframe", "L2T1", ">0.0 K . >1.0 . . K? . .", "0' 0' 0' 0' 01' 01' 01'"},
		{"K-SVC, down at a keyframe", "L2T1_KEY", "K . >0.0 . . K? . .", "01' 1' 1' 1' 0' 0' 0'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := describing(newEncoder(media.AV1, int(c.mode[1]-'0'), int(c.mode[3]-'0')), strings.HasSuffix(c.mode, "_KEY"))
			e.structure.Chains = 0
			if got := film(t, e, c.story); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.story, got, c.want)
			}
		})
	}
}
