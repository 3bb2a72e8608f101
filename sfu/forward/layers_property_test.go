package forward

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sfu/sfu/media"
)

// story prints what became of the packets of m.
func (w *witness) story(e *encoder, m *made) string {
	var b strings.Builder
	fmt.Fprintf(&b, "feed %d %v picture %d:", e.feed, m.layer, m.picture)
	for _, pkt := range m.packets {
		s, came := w.fates[source{pkt.Feed, pkt.ESN}]
		switch {
		case !came:
			fmt.Fprintf(&b, " %d never came", pkt.ESN)
		case s.verdict.Drop != media.Kept:
			fmt.Fprintf(&b, " %d %v in %d", pkt.ESN, s.verdict.Drop, s.span)
		default:
			fmt.Fprintf(&b, " %d as %d in %d (hollow %v, marker %v)", pkt.ESN, s.verdict.Seq, s.span, s.verdict.Hollow, s.verdict.Marker)
		}
	}
	return b.String()
}

// studio is two encodings of one track on their way to one slot, over a path that
// loses, delays and reorders.
type studio struct {
	t        *testing.T
	rand     *rand.Rand
	w        *witness
	now      time.Time
	encoders []*encoder
	made     [][]*made
	tops     []int
	loss     int // of 1000
	late     int // of 1000
	underway []delayed
}

type delayed struct {
	pkt *media.Packet
	due time.Time
}

func newStudio(t *testing.T, seed uint64, make func(feed int) *encoder) *studio {
	r := rand.New(rand.NewPCG(seed, 3))
	s := &studio{t: t, rand: r, now: time.Unix(0, 0), w: newWitness(t, uint16(r.Uint32()), r.Uint32())}
	for i := range 2 {
		e := make(i)
		e.feed, e.rand, e.esn, e.timestamp = media.Feed(i+1), r, 1<<16+uint64(r.IntN(1<<16)), r.Uint32()
		e.counts = pictures{id: uint16(r.Uint32()), tl0: uint8(r.Uint32()), frame: uint16(r.Uint32())}
		s.encoders, s.made, s.tops = append(s.encoders, e), append(s.made, nil), append(s.tops, e.spatials)
	}
	s.w.f.SetTarget(1, media.TopLayer)
	return s
}

// step is one picture of each encoder.
func (s *studio) step() {
	s.now = s.now.Add(33 * time.Millisecond)
	f := s.w.f
	if s.rand.IntN(12) == 0 {
		e := s.encoders[s.rand.IntN(2)]
		if feed := f.Target(); feed != 0 && s.rand.IntN(3) > 0 {
			e = s.encoders[feed-1]
		}
		f.SetTarget(e.feed, media.Layer{Spatial: uint8(s.rand.IntN(e.spatials + 1)), Temporal: uint8(s.rand.IntN(e.temporals + 1))})
	}
	if s.rand.IntN(200) == 0 {
		f.Cut()
	}
	for i, e := range s.encoders {
		if s.rand.IntN(40) == 0 {
			s.tops[i] = 1 + s.rand.IntN(e.spatials)
		}
		key := s.rand.IntN(100) == 0 || f.Target() == e.feed && f.NeedsKeyframe() && s.rand.IntN(4) == 0
		frames := e.picture(key, s.tops[i])
		s.made[i] = append(s.made[i], frames...)
		for _, m := range frames {
			for _, pkt := range m.packets {
				s.send(pkt)
			}
		}
		if s.rand.IntN(20) == 0 {
			s.send(&media.Packet{Header: media.Header{Feed: e.feed, ESN: e.esn, Timestamp: e.timestamp, Padding: true}})
			e.esn++
		}
	}
	s.deliver()
}

// send puts pkt on its way. Half of what is lost is repaired.
func (s *studio) send(pkt *media.Packet) {
	due := s.now
	switch n := s.rand.IntN(1000); {
	case n < s.loss/2:
		return
	case n < s.loss:
		due = due.Add(time.Duration(50+s.rand.IntN(200)) * time.Millisecond)
	case n < s.loss+s.late:
		due = due.Add(time.Duration(s.rand.IntN(60)) * time.Millisecond)
	}
	s.underway = append(s.underway, delayed{pkt, due})
}

func (s *studio) deliver() {
	kept := s.underway[:0]
	for _, d := range s.underway {
		if d.due.After(s.now) {
			kept = append(kept, d)
			continue
		}
		d.pkt.Arrival = s.now
		s.w.offer(d.pkt)
	}
	s.underway = kept
}

// review checks all frames but the newest recent ones, whose packets may be
// underway.
func (s *studio) review(recent int) {
	s.t.Helper()
	for i, e := range s.encoders {
		for len(s.made[i]) > recent {
			s.w.decodable(e, s.made[i][0])
			s.made[i] = s.made[i][1:]
		}
	}
}

// encoders that there are, in the words of WebRTC's scalability modes.
var studios = map[string]func(feed int) *encoder{
	"VP8 L1T3": func(int) *encoder { return newEncoder(media.VP8, 1, 3) },
	"VP8 L1T2": func(int) *encoder { return newEncoder(media.VP8, 1, 2) },
	"VP9 L3T3": func(int) *encoder { return newEncoder(media.VP9, 3, 3) },
	"VP9 L3T3_KEY": func(int) *encoder {
		e := newEncoder(media.VP9, 3, 3)
		e.apart = true
		return e
	},
	"VP9 L2T1_KEY and L1T2": func(feed int) *encoder {
		e := newEncoder(media.VP9, 2-feed, 1+feed)
		e.apart = true
		return e
	},
	"AV1 L3T3":               func(int) *encoder { return describing(newEncoder(media.AV1, 3, 3), false) },
	"AV1 L3T3_KEY":           func(int) *encoder { return describing(newEncoder(media.AV1, 3, 3), true) },
	"AV1 L1T3":               func(int) *encoder { return describing(newEncoder(media.AV1, 1, 3), false) },
	"VP9 L2T3_KEY described": func(int) *encoder { return describing(newEncoder(media.VP9, 2, 3), true) },
	"VP8 L1T3 described":     func(int) *encoder { return describing(newEncoder(media.VP8, 1, 3), false) },
	"AV1 L2T2 and VP8 L1T3": func(feed int) *encoder {
		if feed == 0 {
			return describing(newEncoder(media.AV1, 2, 2), false)
		}
		return newEncoder(media.VP8, 1, 3)
	},
}

func describing(e *encoder, apart bool) *encoder {
	e.described, e.apart = true, apart
	return e
}

// From any target to any other: at most one keyframe later exactly the layers of
// the new one go out, and the marker ends every picture.
func TestExactlyTheTargetGoesOut(t *testing.T) {
	t.Parallel()
	for name, make := range studios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := make(0)
			all := e.spatials * e.temporals
			for from := range all {
				for to := range all {
					e := make(0)
					f := New(media.Video, 90000, 1, 0)
					f.SetTarget(e.feed, e.structure.Layers[from])
					for i := range 12 {
						exactly(f, e, i == 0)
					}
					f.SetTarget(e.feed, e.structure.Layers[to])
					for range 12 {
						exactly(f, e, f.NeedsKeyframe())
					}
					for range 8 {
						if got, want := exactly(f, e, false), e.wanted(e.structure.Layers[to]); got != want || f.NeedsKeyframe() {
							t.Errorf("from %v to %v: %q goes out, want %q", e.structure.Layers[from], e.structure.Layers[to], got, want)
						}
					}
					if layer, _ := f.Layer(); layer != e.structure.Layers[to] {
						t.Errorf("from %v to %v: layer %v", e.structure.Layers[from], e.structure.Layers[to], layer)
					}
				}
			}
		})
	}
}

// exactly makes a picture, and returns its spatial layers that f forwards.
func exactly(f *Forwarder, e *encoder, key bool) (got string) {
	for _, m := range e.picture(key, e.spatials) {
		got += offer(f, m, func(*media.Packet, Verdict) {})
	}
	return got
}

// wanted returns the layers that go out of the newest picture, which is no key
// picture, when the target is layer.
func (e *encoder) wanted(layer media.Layer) (want string) {
	pattern := patterns[e.temporals]
	if pattern[(e.since-1)%len(pattern)] > layer.Temporal {
		return ""
	}
	for s := range layer.Spatial {
		if !e.apart {
			want += fmt.Sprint(s)
		}
	}
	return want + fmt.Sprint(layer.Spatial) + "'"
}

// Whatever is lost, comes late or is asked for: numbers are used once and none is
// left over, time does not run back, no frame goes out in part, and none without
// what it is predicted from.
func TestWhateverGoesOutCanBeDecoded(t *testing.T) {
	t.Parallel()
	for name, make := range studios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range []uint64{0, 1, 2, 3, 1007, 1100} { // the last two found what is rare
				s := newStudio(t, seed, make)
				s.loss, s.late = []int{0, 10, 50, 100}[seed%4], []int{0, 100, 300}[seed%3]
				for range 300 {
					s.step()
					s.review(30)
				}
				s.review(0)
				if s.w.finish(); t.Failed() {
					t.Fatalf("seed %d", seed)
				}
				if len(s.w.out) < 100 {
					t.Errorf("seed %d: only %d packets went out: the test tests nothing", seed, len(s.w.out))
				}
			}
		})
	}
}
