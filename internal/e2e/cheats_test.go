package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestTheScreenNoticesACheat shows that a server that shows a mixed or broken
// picture is found out. In the honest film, nine pictures of a small encoding
// in three temporal layers are followed by eight of a large one, whose clock is
// another.
func TestTheScreenNoticesACheat(t *testing.T) {
	t.Parallel()
	honest := func() []record {
		var out []record
		tl0 := uint8(250)
		for i := range 17 {
			rank, step := uint8(0), i
			if i >= 9 {
				rank, step = 1, i-9
			}
			at := l1t3[step%len(l1t3)]
			key := step == 0
			if key {
				at.refs = [2]uint8{}
			}
			if at.temporal == 0 {
				tl0++
			}
			for part := range 2 {
				out = append(out, record{
					seq: int64(100 + len(out)), marker: part == 1, timestamp: 5000 + 3600*uint32(i),
					format: formatVP8, picture: uint16(0x7ffa+i) & 0x7fff, tl0: tl0, temporal: at.temporal,
					at: time.Unix(0, int64(i)*int64(40*time.Millisecond)),
					stamp: stamp{
						sender: 1, rank: rank, temporal: at.temporal, refs: at.refs, size: threeSizes[rank],
						key: key, first: part == 0, last: part == 1,
						seq: uint32(2*step + part + 1), frame: uint32(step + 1), timestamp: 3600*uint32(step) + 77*uint32(rank),
						captured: time.Unix(0, int64(i)*int64(40*time.Millisecond)),
					},
				})
			}
		}
		return out
	}
	// without leaves the pictures out as a server does, whose numbers go on.
	without := func(r []record, pictures ...int) []record {
		out := slices.DeleteFunc(r, func(p record) bool { return slices.Contains(pictures, int(p.seq-100)/2) })
		picture, tl0 := uint16(0x7ff9), uint8(250)
		for i := range out {
			if i == 0 || out[i].stamp.first {
				picture = (picture + 1) & 0x7fff
				if out[i].temporal == 0 {
					tl0++
				}
			}
			out[i].seq, out[i].picture, out[i].tl0 = int64(100+i), picture, tl0
		}
		return out
	}
	for _, c := range []struct {
		name  string
		cheat func([]record) []record
		want  string
		shown int
	}{
		{"nothing wrong", func(r []record) []record { return r }, "", 17},
		{"leaves the highest layer out", func(r []record) []record { return without(r, 1, 3, 5, 7) }, "", 13},
		{"leaves two layers out", func(r []record) []record { return without(r, 1, 2, 3, 5, 6, 7) }, "", 11},
		{"takes layers up at a sync", func(r []record) []record { return without(r, 1) }, "", 16},
		{"takes a layer up beside a sync", func(r []record) []record { return without(r, 1, 2, 3) }, "needs frame 3", 0},
		{"loses two packets", func(r []record) []record { return slices.Delete(r, 4, 6) }, "", 12},
		{"leaves out what is needed", func(r []record) []record { return without(r, 4) }, "needs frame 5", 0},
		{"switches without a keyframe", func(r []record) []record { return without(r, 9) }, "begins no keyframe", 0},
		{"mixes two encodings", func(r []record) []record {
			r[34-2].stamp, r[34-1].stamp = r[16].stamp, r[17].stamp
			return r
		}, "begins no keyframe", 0},
		{"goes back", func(r []record) []record { r[12].stamp, r[13].stamp = r[10].stamp, r[11].stamp; return r }, "comes after", 0},
		{"leaves a frame unfinished", func(r []record) []record {
			for i := range r[5:] {
				r[5+i].seq--
			}
			return slices.Delete(r, 4, 5)
		}, "is not whole", 0},
		{"bends time", func(r []record) []record { r[6].timestamp++; r[7].timestamp++; return r }, "timestamp by 3601, not 3600", 0},
		{"loses time at a switch", func(r []record) []record {
			for i := 18; i < len(r); i++ {
				r[i].timestamp -= 3600
			}
			return r
		}, "timestamp by 0s in 40ms", 0},
		{"jumps in picture ids", func(r []record) []record { r[6].picture++; r[7].picture++; return r }, "picture id by 2", 0},
		{"jumps in TL0PICIDX", func(r []record) []record { r[8].tl0++; r[9].tl0++; return r }, "TL0PICIDX by 2", 0},
		{"lies about a layer", func(r []record) []record { r[8].temporal++; return r }, "temporal layer 1", 0},
		{"forgets a marker", func(r []record) []record { r[5].marker = false; return r }, "has no marker", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st := stream{section: section{kind: webrtc.RTPCodecTypeVideo}, packets: make(map[int64]record)}
			for _, r := range c.cheat(honest()) {
				st.packets[r.seq] = r
			}
			s := st.watch()
			all := strings.Join(s.faults, "\n")
			if c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("want %q, got %q", c.want, all)
			}
			if c.shown > 0 && len(s.shown) != c.shown {
				t.Errorf("%d pictures could be shown, not %d", len(s.shown), c.shown)
			}
		})
	}
}
