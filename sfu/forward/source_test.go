package forward

import (
	"fmt"
	"strings"
	"testing"

	"sfu/sfu/media"
)

func TestSource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, trace string
		seq         uint16
		want        string // feed and number, "" when there is none
	}{
		{"nothing went out", ">q", 1, ""},
		{"the newest", "Q9 q10", 2, "q10"},
		{"the first", "Q9 q10", 1, "q9"},
		{"one before the first", "Q9 q10", 0, ""},
		{"one that is not out yet", "Q9 q10", 3, ""},
		{"a loss", "Q9 q12", 3, "q11"},
		{"across a switch", "Q9 >h H70", 1, "q9"},
		{"after a switch", "Q9 >h H70 h71", 3, "h71"},
		{"what overtook the keyframe", "Q9 >h h71 H70 h72", 3, "h71"},
		{"the number left out for an unfinished frame", "Q9- >h H70", 2, ""},
		{"before padding", "Q9 q10 p11 q12", 2, "q10"},
		{"after padding", "Q9 q10 p11 q12", 3, "q12"},
		{"lost before padding", "Q9 p12 q13", 3, "q11"},
		{"after a cut", "Q9 |", 1, "q9"},
		{"across a cut", "Q9 q10 | Q20", 2, "q10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := New(media.Video, 90000, 1, 0)
			play(t, f, c.trace)
			got := ""
			if feed, esn, ok := f.Source(c.seq); ok {
				got = fmt.Sprintf("%c%d", 'a'+rune(feed)-1, esn-1<<16)
			}
			if got != c.want {
				t.Errorf("%s: %d came from %q, want %q", c.trace, c.seq, got, c.want)
			}
		})
	}
}

func TestMapRepeatsTheVerdict(t *testing.T) {
	t.Parallel()
	for kind, trace := range map[media.Kind]string{
		media.Video: "Q9 q10- q11 p12 q14 >h H70 h71 +40 | H90 h92 >q Q20 q21",
		media.Audio: "a5 a6 p7 a8 >b b80 b82 +40 | b90 b91",
	} {
		f := New(kind, 90000, 65530, 77)
		for _, s := range play(t, f, trace) {
			if v := f.Map(s.pkt); v != s.verdict {
				t.Errorf("%v: packet %d of feed %d maps to %+v, went out as %+v", kind, s.pkt.ESN-1<<16, s.pkt.Feed, v, s.verdict)
			}
		}
	}
}

// A packet that did not come in time is found by its number, and goes out with
// the numbers that it would have had.
func TestMapOfALostPacket(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	play(t, f, "Q9 q11 >h H70")
	lost := &media.Packet{Header: media.Header{Feed: feedOf('q'), ESN: 1<<16 + 10, Timestamp: uint32(feedOf('q'))<<28 + 30000}}
	if v := f.Map(lost); v.Drop != media.Kept || v.Seq != 2 || v.Timestamp != 3000 {
		t.Errorf("the lost packet maps to %+v", v)
	}
	for _, esn := range []uint64{8, 12} {
		lost.ESN = 1<<16 + esn
		if v := f.Map(lost); v.Drop != media.DropLate {
			t.Errorf("packet %d has no place but maps to %+v", esn, v)
		}
	}
}

func TestForgets(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	trace := "Q0 q2"
	for i := 1; i <= videoDepth; i++ {
		trace += fmt.Sprintf(" | Q%d q%d", 10*i, 10*i+1)
	}
	steps := play(t, f, trace)
	if _, _, ok := f.Source(3); !ok {
		t.Errorf("%d cuts ago is forgotten", videoDepth)
	}
	play(t, f, "| Q5000 q5001")
	if feed, esn, ok := f.Source(3); ok {
		t.Errorf("%d cuts ago is still there: %d of feed %d", videoDepth+1, esn, feed)
	}
	if v := f.Map(steps[0].pkt); v.Drop != media.DropLate {
		t.Errorf("a forgotten packet maps to %+v", v)
	}
}

// Padding must not push the numbers out that NACKs ask for, as long as it comes
// in a row.
func TestPaddingInARowIsOneSpan(t *testing.T) {
	t.Parallel()
	var trace strings.Builder
	trace.WriteString("Q0")
	for n := 1; n < 10*videoDepth; n++ {
		fmt.Fprintf(&trace, " p%d", n)
	}
	f := New(media.Video, 90000, 1, 0)
	steps := play(t, f, trace.String()+" q5000")
	if got := seqs(steps); got != fmt.Sprintf("1 %d", 2+5000-10*videoDepth) {
		t.Errorf("numbers %s", got)
	}
	if v := f.Map(steps[0].pkt); v.Drop != media.Kept {
		t.Errorf("the packet before the padding is %v", v.Drop)
	}
}

// What was cut is over: the next picture begins with a keyframe. What was only
// switched away from is not.
func TestOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		trace string
		over  map[uint16]bool // by outgoing number; the first is 100
	}{
		{"Q1 q2", map[uint16]bool{100: false, 101: false, 102: false}},
		{"Q1 q2 >h q3 H5 h6", map[uint16]bool{100: false, 102: false, 103: false}},
		{"Q1 q2 |", map[uint16]bool{100: true, 101: true, 102: true}},
		{"Q1 q2 >0", map[uint16]bool{101: true}},
		{"Q1 q2 | Q7 q8", map[uint16]bool{100: true, 101: true, 102: false, 103: false}},
		{"Q1 q2 | Q7 q8 >h H5 h6", map[uint16]bool{101: true, 102: false, 104: false}},
	} {
		f := New(media.Video, 90000, 100, 0)
		play(t, f, tt.trace)
		for seq, over := range tt.over {
			if f.Over(seq) != over {
				t.Errorf("%s: number %d is over: %t", tt.trace, seq, !over)
			}
		}
	}
	f := New(media.Audio, 48000, 100, 0)
	play(t, f, "q1 q2 | q7")
	if f.Over(100) {
		t.Error("sound needs no keyframe, and is over all the same")
	}
}
