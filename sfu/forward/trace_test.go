package forward

import (
	"math"
	"strings"
	"testing"

	"sfu/sfu/media"
)

func TestVideoNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, trace, want string }{
		{"starts on a keyframe", "q8 Q9 q10", "1 2"},
		{"waits to switch up", "Q9 >h q10 h70 q11", "1 2 3"},
		{"switches without a gap", "Q9 >h q10 H70 q11 h71", "1 2 3 4"},
		{"leaves a number out where a frame was not finished", "Q9 q10- >h H70 h71", "1 2 4 5"},
		{"switches back on a keyframe", "Q9 >h H70 >q q10 h71 Q11 h72 q12", "1 2 3 4 5"},
		{"stays when the target is taken back", "Q9 >h >q H70 q10", "1 2"},
		{"ignores other encodings", "Q9 H70 h71 F90 q10", "1 2"},

		{"a loss stays a gap", "Q9 q12 q13", "1 4 5"},
		{"a late packet fills its place", "Q9 q12 q10 q11", "1 4 2 3"},
		{"what came before the first keyframe stays out", "Q9 q8 q10", "1 2"},
		{"what came before a switch keyframe stays out", "Q9 >h H70 h69 h71", "1 2 3"},
		{"what overtook a switch keyframe can be asked for", "Q9 >h h71 H70 h72", "1 2 4"},
		{"a late packet of the feed before fills its place", "Q9 q11 >h H70 q10 h71", "1 3 4 2 5"},
		{"a new packet of the feed before has no place", "Q9 >h H70 q10", "1 2"},
		{"nor if it comes late", "Q9 >h H70 q11 q10", "1 2"},
		{"feeds have numbers of their own", "Q9 q11 >h H10 q10", "1 3 4 2"},
		{"late packets keep their places when a feed returns", "Q9 q11 >h H70 >q Q14 q10 q12 q15", "1 3 4 5 2 6"},
		{"a place is free until then", "Q9 q11 >h H70 >q q10", "1 3 4 2"},

		{"padding is closed over", "Q9 p10 q11", "1 2"},
		{"a run of padding too", "Q9 p10 p11 p12 q13 p14 q15", "1 2 3"},
		{"a loss before padding keeps its place", "Q9 p11 q12 q10", "1 3 2"},
		{"a loss between padding too", "Q9 p10 p12 q13 q11", "1 3 2"},
		{"late padding fills its place", "Q9 q11 p10 q12", "1 3 2 4"},
		{"padding before a switch", "Q9 p10 >h H70 p71 h72", "1 2 3"},
		{"a loss and padding before a switch", "Q9 p11 >h H70 q10", "1 3 2"},

		{"a cut ends the feed until a keyframe", "Q9 q10 | q11 q12 Q13 q14", "1 2 3 4"},
		{"a cut for another feed", "Q9 | >h q10 h70 H71 Q11 h72", "1 2 3"},
		{"a target first, then the cut", "Q9 >h | q10 H70", "1 2"},
		{"a cut inside a frame", "Q9 q10- | Q14", "1 2 4"},
		{"a cut inside a frame, then another feed", "Q9 q10- | >h H70", "1 2 4"},
		{"a cut before anything", ">q | Q9 q10", "1 2"},
		{"nothing fills places after a cut", "Q9 q12 | q10 Q13 q11", "1 4 5 3"},
		{"nor for the feed that follows", "Q9 q12 | >h H70 q10", "1 4 5"},
		{"a late keyframe from before the cut does not begin", "Q9 q12 | Q11 q13 Q14", "1 4 5"},
		{"two cuts are one", "Q9 | | Q10", "1 2"},

		{"no target, no media", ">0 Q9 q10", ""},
		{"taking the target away is a cut", "Q9 >0 q10 Q11 >q q12 Q13", "1 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := seqs(play(t, New(media.Video, 90000, 1, 0), c.trace)); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

func TestAudioNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, trace, want string }{
		{"starts at once", "a5 a6", "1 2"},
		{"switches at once", "a5 >b a6 b80 a7 b81", "1 2 3 4"},
		{"nothing is ever unfinished", "a5- >b b80", "1 2"},
		{"padding does not begin a feed", "a5 >b p79 a6 b80", "1 2 3"},
		{"goes on after a cut", "a5 | a6 a7", "1 2 3"},
		{"but not with what came late", "a5 a7 | a6 a8", "1 3 4"},
		{"late packets of both feeds", "a5 a7 >b b80 b82 a6 b81 b79", "1 3 4 6 2 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := seqs(play(t, New(media.Audio, 48000, 1, 0), c.trace)); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, trace, want string
		kind              media.Kind
	}{
		{"video waits", "q8 h70 Q9 q10", "keyframe layer kept kept", media.Video},
		{"a switch", "Q9 >h q10 h69 H70 q11 h68 F90", "kept kept keyframe kept layer late layer", media.Video},
		{"padding", "q7 p8 Q9 p10 q12 p11", "keyframe keyframe kept padding kept kept", media.Video},
		{"a cut", "Q9 q12 | q10 Q11 q13", "kept kept keyframe late keyframe", media.Video},
		{"nothing wanted", ">0 Q9 q10", "layer layer", media.Video},
		{"audio", "a5 b80 >b p79 a6 b81 b80 a7", "kept layer padding kept kept late layer", media.Audio},
		{"audio, cut", "a5 a7 | a6 a8", "kept kept late kept", media.Audio},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range play(t, New(c.kind, 90000, 1, 0), c.trace) {
				got = append(got, s.verdict.Drop.String())
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

func TestNothingIsOffered(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	pkt := &media.Packet{Header: media.Header{ESN: 1 << 16, Keyframe: true}}
	if v := f.Forward(pkt); v.Drop != media.DropLayer {
		t.Errorf("a packet of no feed is %v", v.Drop)
	}
	if v := f.Map(pkt); v.Drop != media.DropLate {
		t.Errorf("a packet of no feed maps: %v", v.Drop)
	}
}

func TestStreamBeginsAtGivenNumbers(t *testing.T) {
	t.Parallel()
	steps := play(t, New(media.Video, 90000, 65534, 4294960000), "Q9 q10 q11 q12")
	if got, want := seqs(steps), "65534 65535 0 1"; got != want {
		t.Errorf("numbers %s, want %s", got, want)
	}
	got := kept(steps, func(v Verdict) uint32 { return v.Timestamp })
	if want := "4294960000 4294963000 4294966000 1704"; got != want {
		t.Errorf("timestamps %s, want %s", got, want)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trace           string
		kind            media.Kind
		needs           bool
		target, current byte
	}{
		{">0", media.Video, false, '0', '0'},
		{">q", media.Video, true, 'q', '0'},
		{"q9", media.Video, true, 'q', '0'},
		{"Q9", media.Video, false, 'q', 'q'},
		{"Q9 >h", media.Video, true, 'h', 'q'},
		{"Q9 >h H70", media.Video, false, 'h', 'h'},
		{"Q9 >h >q", media.Video, false, 'q', 'q'},
		{"Q9 |", media.Video, true, 'q', '0'},
		{"Q9 >0", media.Video, false, '0', '0'},
		{">a", media.Audio, false, 'a', '0'},
		{"a5 >b", media.Audio, false, 'b', 'a'},
	} {
		f := New(c.kind, 90000, 1, 0)
		play(t, f, c.trace)
		if f.NeedsKeyframe() != c.needs || f.Target() != feedOf(c.target) || f.Current() != feedOf(c.current) {
			t.Errorf("%s: needs a keyframe %v, target %d, current %d", c.trace, f.NeedsKeyframe(), f.Target(), f.Current())
		}
	}
}

// Rings never give such numbers; if one did, the slot must survive it.
func TestAbsurdNumbers(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 0, 0, 0)
	f.SetTarget(1, media.TopLayer)
	esns := []uint64{0, 1, math.MaxUint64, 5, math.MaxUint64 - 1, 1 << 63, 7, math.MaxUint32}
	for i := range 1000 {
		pkt := &media.Packet{Header: media.Header{
			Feed:     media.Feed(1 + i/7%3),
			ESN:      esns[i%len(esns)],
			Keyframe: i%3 == 0,
			Padding:  i%5 == 0,
			Codec:    media.VP8,
			VP8:      media.VP8Descriptor{PictureIDBits: uint8(i), PictureID: uint16(i * 77)},
		}}
		v := f.Forward(pkt)
		f.Map(pkt)
		f.Source(v.Seq)
		f.Source(uint16(i * 99))
		f.SetTarget(media.Feed(i%4), media.TopLayer)
	}
}
