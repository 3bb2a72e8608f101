package forward

import (
	"math"
	"testing"
	"time"

	"sfu/sfu/media"
)

func TestTimestamps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, trace, want string
		kind              media.Kind
		clock             uint32
	}{
		{"follow the feed", "Q9 +33 q10 +33 q12", "0 3000 9000", media.Video, 90000},
		{"a switch takes the time that passed", "Q9 +30 >h H70 +30 h71", "0 2700 5700", media.Video, 90000},
		{"it counts from the frame's first packet", "Q9- +10 q10 +20 >h H70", "0 0 2700", media.Video, 90000},
		{"a late packet does not set the time back", "Q9 +30 q11 +30 q10 +10 >h H70", "0 6000 3000 9600", media.Video, 90000},
		{"a mute takes the time that it took", "Q9 q10 | +60000 Q11", "0 3000 5403000", media.Video, 90000},
		{"never the same", "Q9 >h H70", "0 1", media.Video, 90000},
		{"never back", "Q9 q10 +10 q30 >h H70", "0 3000 63000 63001", media.Video, 90000},
		{"padding carries the time too", "Q9 +10 p11 >h H70", "0 6001", media.Video, 90000},
		{"late media then stays before the switch", "Q9 +10 p11 >h H70 q10", "0 6001 3000", media.Video, 90000},
		{"audio takes at least one packet's time", "a5 +5 >b b80 +40 | b90", "0 960 2880", media.Audio, 48000},
		{"whatever the clock", "a5 >b b80", "0 1", media.Audio, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps := play(t, New(c.kind, c.clock, 1, 0), c.trace)
			if got := kept(steps, func(v Verdict) uint32 { return v.Timestamp }); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

// Frames may come in another order than they are shown in. What follows must be
// later than all of them.
func TestSwitchAfterFramesOutOfOrder(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	pkt := &media.Packet{Header: media.Header{Feed: feedOf('q'), Keyframe: true, Marker: true, Arrival: time.Unix(1000, 0)}}
	f.SetTarget(pkt.Feed, media.TopLayer)
	for i, timestamp := range []uint32{0, 9000, 3000, 6000} {
		pkt.ESN, pkt.Timestamp = 1<<16+uint64(i), timestamp
		f.Forward(pkt)
	}
	if got := kept(play(t, f, ">h H70"), func(v Verdict) uint32 { return v.Timestamp }); got != "9001" {
		t.Errorf("the switch goes out as %s, want 9001", got)
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, trace, want string
		kind              media.Kind
	}{
		{"video markers end frames", "Q9- q10 >h H70- h71", "false true false true", media.Video},
		{"audio markers begin feeds", "a5 a6 >b b80 b81 p82 b83 | b90 b91", "true false true false false true false", media.Audio},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps := play(t, New(c.kind, 90000, 1, 0), c.trace)
			if got := kept(steps, func(v Verdict) bool { return v.Marker }); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

func TestMarkerOfAnAudioFeedPasses(t *testing.T) {
	t.Parallel()
	f := New(media.Audio, 48000, 1, 0)
	play(t, f, "a5 a6")
	pkt := &media.Packet{Header: media.Header{Feed: feedOf('a'), ESN: 1<<16 + 7, Marker: true}}
	if v := f.Forward(pkt); !v.Marker {
		t.Error("the publisher's own marker is lost")
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 5000)
	for _, trace := range []string{">q", "Q9", "q10", "q12", "p13", ">h", "+40 H70", ">0"} {
		steps := play(t, f, trace)
		offset, ok := f.Offset()
		if ok != (f.Current() != 0) {
			t.Errorf("after %s: ok is %v while feed %d flows", trace, ok, f.Current())
		}
		for _, s := range steps {
			if v := s.verdict; v.Drop == media.Kept && s.pkt.Timestamp+offset != v.Timestamp {
				t.Errorf("after %s: %d goes out as %d, but the offset is %d", trace, s.pkt.Timestamp, v.Timestamp, offset)
			}
		}
	}
}

// Encodings of one track: q9 and h8 were captured at the same time if reports say
// that h is 33 ms ahead, whatever the paths did to them.
func TestTimestampsBySenderReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, trace, want string }{
		{"to the tick", "@q0 @h0 Q9 +50 >h H10", "0 3000"},
		{"however late", "@q0 @h0 Q9 +200 >h H10 h11", "0 3000 6000"},
		{"in the middle of a frame too", "@q0 @h0 Q9 +33 q10- +20 >h H11", "0 3000 6000"},
		{"one that is not known goes by arrival", "@q0 Q9 +50 >h H10", "0 4500"},
		{"nor the one before", "@h0 Q9 +50 >h H10", "0 4500"},
		{"the same picture is one later", "@q0 @h0 Q9 +50 >h H9", "0 1"},
		{"so is one slightly behind", "@q0 @h-75 Q9 +50 >h H9", "0 1"},
		{"one far behind is refused", "@q0 @h-76 Q9 +50 >h H9 q10 h10", "0 3000"},
		{"and the next one goes on", "@q0 @h-76 Q9 +50 >h H9 h10 H12", "0 2160"},
		{"three are refused, no more", "@q0 @h-900 Q9 >h H9 H10 H11 H12 h13", "0 1 3001"},
		{"each time anew", "@q0 @h-900 Q9 >h H9 H10 >f >h H11 H12 H13 H14", "0 1"},
		{"and not for long", "@q0 @h-9000 Q9 >h H9 +2000 H10", "0 1"},
		{"far ahead goes by arrival", "@q0 @h0 Q9 +33 >h H30", "0 2970"},
		{"half a second ahead does not", "@q0 @h500 Q9 +34 >h H10", "0 48000"},
		{"after a cut it is by arrival", "@q0 @h0 Q9 | +50 >h H10", "0 4500"},
		{"what was left out counts as well", "@q0 @h0 >q:0.0 Q9.0 q10.1 +50 >h H11", "0 6000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps := play(t, New(media.Video, 90000, 1, 0), c.trace)
			if got := kept(steps, func(v Verdict) uint32 { return v.Timestamp }); got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

func TestARefusedKeyframeIsStillNeeded(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	steps := play(t, f, "@q0 @h-900 Q9 +50 >h H9")
	if drop := steps[1].verdict.Drop; drop != media.DropKeyframe || !f.NeedsKeyframe() || f.Current() != feedOf('q') {
		t.Errorf("dropped as %v, needs a keyframe %v, feed %d flows", drop, f.NeedsKeyframe(), f.Current())
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d     time.Duration
		clock uint32
		want  uint32
	}{
		{0, 90000, 0},
		{-time.Second, 90000, 0},
		{11112 * time.Nanosecond, 90000, 1},
		{20 * time.Millisecond, 48000, 960},
		{time.Hour, 90000, 324000000},
		{8 * time.Hour, 90000, math.MaxInt32},
		{math.MaxInt64, math.MaxUint32, math.MaxInt32},
		{math.MinInt64, math.MaxUint32, 0},
	} {
		if got := ticks(c.d, c.clock); got != c.want {
			t.Errorf("%v at %d Hz is %d, want %d", c.d, c.clock, got, c.want)
		}
	}
}
