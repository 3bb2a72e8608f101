package forward

import (
	"fmt"
	"testing"

	"sfu/sfu/media"
)

// cases are traces with the fates of their packets.
type cases []struct{ name, trace, want string }

func (cs cases) run(t *testing.T) {
	t.Helper()
	for _, c := range cs {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fates(play(t, New(media.Video, 90000, 1, 0), c.trace)); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.trace, got, c.want)
			}
		})
	}
}

func TestTemporalLayers(t *testing.T) {
	t.Parallel()
	cases{
		{"all flow", "Q1.0 q2.2y q3.1y q4.2", "1' 2' 3' 4'"},
		{"those above the target are left out", ">q:0.1 Q1.0 q2.2y q3.1y q4.2 q5.0", "1' . 2' . 3'"},
		{"down is at once", "Q1.0 q2.2y >q:0.0 q3.1y q4.2 q5.0", "1' 2' . . 3'"},
		{"but not within a frame", "Q1.0 q2.2y- >q:0.0 q3.2 q4.1y- q5.1 q6.0", "1' 2 3' . . 4'"},
		{"up waits for a Y bit", ">q:0.0 Q1.0 q2.1y >q:0.1 q3.0 q4.1 q5.0 q6.1y q7.1", "1' . 2' . 3' 4' 5'"},
		{"up is for the layer of the Y bit only", ">q:0.0 Q1.0 q2.2 >q:0.2 q3.1y q4.2 q5.0 q6.2y", "1' . 2' . 3' 4'"},
		{"two layers up where nothing was left out since layer 0", ">q:0.0 Q1.0 q2.2y q3.1y >q:0.2 q4.0 q5.2y q6.1", "1' . . 2' 3' 4'"},
		{"not where a lower layer was", ">q:0.0 Q1.0 >q:0.2 q2.1 q3.2y q4.0 q5.2y", "1' . . 2' 3'"},
		{"nor where one may have been", ">q:0.0 Q1.0 >q:0.2 q3.2y q4.0 q5.2y", "1' . 3' 4'"},
		{"nor before padding", ">q:0.0 Q1.0 >q:0.2 p3 q4.2y q5.0 q6.2y", "1' . . 3' 4'"},
		{"nor past the target", ">q:0.1 Q1.0 q2.2y q3.0 q4.2y", "1' . 2' ."},
		{"a keyframe needs nothing", ">q:0.0 Q1.0 q2.1 >q:0.2 Q3.0 q4.2", "1' . 2' 3'"},
		{"the target of another feed is for that", "Q1.0 q2.2y >h:0.0 q3.1y q4.2 H70.0 h71.2y h72.0", "1' 2' 3' 4' 5' . 6'"},
		{"and the one before goes on as it was", ">q:0.0 Q1.0 q2.1y >h q3.0 q4.1y H70.0 h71.1", "1' . 2' . 3' 4'"},
		{"a feed without layers passes", ">q:0.0 Q1 q2 q3", "1' 2' 3'"},
		{"of a frame left out, a part that comes late too", ">q:0.0 Q1.0 q2.1- q4.1- q3.1- q5.1 q6.0", "1' . . . . 2'"},
	}.run(t)
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	cases{
		{"what is missing below a frame left out has a place", ">q:0.0 Q1.0 q3.1 q4.0 q2.0", "1' . 3' 2'"},
		{"which padding fills, when it is of an upper layer", ">q:0.0 Q1.0 q3.1 q4.0 q2.1", "1' . 3' (2)"},
		{"so it is where nothing else was left out", ">q:0.0 Q1.0 q3.0 q2.1y", "1' 3' (2)"},
		{"the start of a frame left out", ">q:0.0 Q1.0- q2.0 q4.1 q5.0 q3.1", "1 2' . 4' (3)"},
		{"what comes after is of no matter", ">q:0.0 Q1.0 q3.0 >q q2.1y q4.0 q5.1y q6.1", "1' 3' (2) 4' 5' 6'"},
		{"nor before", "Q1.0 q3.0 >q:0.0 q2.2y q4.1 q5.0", "1' 3' 2' . 4'"},
		{"the gap before an up-switch is from before", ">q:0.0 Q1.0 >q q4.0 q5.1y q3.1 q6.1", "1' 4' 5' (3) 6'"},
		{"after a switch too", ">q:0.0 Q1.0 q4.0 >h H70 q2.1 q3.0", "1' 4' 5' (2) 3'"},
		{"a hollow place is not the end of a frame", ">q:0.0 Q1.0 q3.0 q2.1 | Q9.0", "1' 3' (2) 4'"},
		{"padding fills a place too", "Q1 q3 p2", "1' 3' (2)"},
	}.run(t)
}

func TestPictureIDsCloseOverWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, trace, want string }{
		{"a frame", ">q:0.0 Q1.0 q2.1 q3.0 q4.1 q5.0", "1 2 3"},
		{"of several packets", ">q:0.0 Q1.0 q2.1- q3.1- q4.1 q5.0", "1 4"},
		{"not over what is missing", ">q:0.0 Q1.0 q4.1 q5.0", "1 4"},
		{"which keeps its id", ">q:0.0 Q1.0 q4.1 q5.0 q2.0", "1 4 2"},
		{"and go on with another feed", ">q:0.0 Q1.0 q2.1 q3.0 q4.1 >h H70.0", "1 2 3"},
		{"of VP9 they do not", ">q:0.0 Q1:0.0u q2:0.1p q3:0.0p", "1 3"},
		{"but go on too", ">q:0.0 Q1:0.0u q2:0.1p q3:0.0p >h H70:0", "1 3 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := kept(play(t, New(media.Video, 90000, 1, 0), c.trace), func(v Verdict) uint16 {
				return v.VP8.PictureID + v.VP9.PictureID
			})
			if got != c.want {
				t.Errorf("%s -> %s, want %s", c.trace, got, c.want)
			}
		})
	}
}

// What the receiver takes for one stream must not count what was left out of VP8,
// and must count all else as it came.
func TestLayersAreNotResent(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	steps := play(t, f, ">q:0.0 Q1.0 q2.1y q4.0 q3.1 q5.1 q6.0")
	for _, s := range steps {
		want := s.verdict
		if want.Drop == media.DropLayer {
			want.Drop = media.DropLate
		}
		if v := f.Map(s.pkt); v != want {
			t.Errorf("packet %d maps to %+v, went out as %+v", s.pkt.ESN-1<<16, v, s.verdict)
		}
	}
}

func TestLayer(t *testing.T) {
	t.Parallel()
	long := ">q Q1.0 q2.2y"
	short := long
	for i := range 3 * window {
		long += fmt.Sprintf(" q%d.0", 5+i)
		if i < window {
			short = long
		}
	}
	for _, c := range []struct {
		trace string
		want  media.Layer
		ok    bool
	}{
		{">q", media.Layer{}, false},
		{"Q1", media.Layer{}, true},
		{"Q1.0 q2.2y q3.1y q4.2 q5.0", media.Layer{Temporal: 2}, true},
		{"Q1.0 q2.2y q3.1y >q:0.1 q4.2", media.Layer{Temporal: 1}, true},
		{">q:0.1 Q1.0 q2.1y q3.2", media.Layer{Temporal: 1}, true},
		{"Q1:0- q2:1d- q3:2d", media.Layer{Spatial: 2}, true},
		{">q:1.9 Q1:0- q2:1d- q3:2d", media.Layer{Spatial: 1}, true},
		{"Q1.0 q2.2y >h:0.0 q3.1y H70.0", media.Layer{}, true},
		{"Q1.0 q2.2y |", media.Layer{}, false},
		{short, media.Layer{Temporal: 2}, true},
		{long, media.Layer{}, true},
	} {
		f := New(media.Video, 90000, 1, 0)
		play(t, f, c.trace)
		if got, ok := f.Layer(); got != c.want || ok != c.ok {
			t.Errorf("%s: layer %v (%v), want %v (%v)", c.trace, got, ok, c.want, c.ok)
		}
	}
}
