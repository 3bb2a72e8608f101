package forward

import (
	"testing"
	"time"
	"unsafe"

	"sfu/sfu/media"
)

// It is not parallel: others' allocations would count.
func TestNothingIsAllocated(t *testing.T) {
	f := New(media.Video, 90000, 1, 0)
	f.SetTarget(1, media.TopLayer)
	pkt := &media.Packet{Header: media.Header{Feed: 1, ESN: 1 << 16, Keyframe: true, Codec: media.VP8}}
	allocs := testing.AllocsPerRun(1000, func() {
		pkt.ESN++
		pkt.Padding = pkt.ESN%7 == 0
		v := f.Forward(pkt)
		f.Source(v.Seq)
		f.Source(v.Seq - 100)
		f.Map(pkt)
		if pkt.ESN%11 == 0 {
			f.Cut()
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

// lap is ten seconds of an encoding that begins with a key picture, to be sent
// again and again.
type lap struct {
	packets []*media.Packet
	at      int
}

func newLap(e *encoder) *lap {
	l := &lap{}
	for i := range 300 {
		for _, m := range e.picture(i == 0, e.spatials) {
			l.packets = append(l.packets, m.packets...)
		}
	}
	return l
}

func (l *lap) next() *media.Packet {
	pkt := l.packets[l.at]
	if l.at++; l.at == len(l.packets) {
		l.at = 0
		first := l.packets[0]
		esns, ticks := pkt.ESN+1-first.ESN, pkt.Timestamp+3000-first.Timestamp
		for _, p := range l.packets {
			p.ESN += esns
			p.Timestamp += ticks
			p.Dependency.Frame += uint16(len(l.packets))
		}
	}
	return pkt
}

var laps = []struct {
	name  string
	layer media.Layer
	make  func() *encoder
}{
	{"VP8 L1T3, all", media.TopLayer, func() *encoder { return newEncoder(media.VP8, 1, 3) }},
	{"VP8 L1T3, T1", media.Layer{Temporal: 1}, func() *encoder { return newEncoder(media.VP8, 1, 3) }},
	{"VP9 L3T3, S1", media.Layer{Spatial: 1, Temporal: 2}, func() *encoder { return newEncoder(media.VP9, 3, 3) }},
	{"VP9 L3T3_KEY, S2", media.TopLayer, func() *encoder { return studios["VP9 L3T3_KEY"](0) }},
	{"AV1 L3T3, S1", media.Layer{Spatial: 1, Temporal: 2}, func() *encoder { return studios["AV1 L3T3"](0) }},
	{"AV1 L3T3_KEY, S2", media.TopLayer, func() *encoder { return studios["AV1 L3T3_KEY"](0) }},
}

// It is not parallel: others' allocations would count.
func TestNothingIsAllocatedForLayers(t *testing.T) {
	for _, c := range laps {
		f, l := New(media.Video, 90000, 1, 0), newLap(c.make())
		f.SetTarget(1, c.layer)
		allocs := testing.AllocsPerRun(2000, func() {
			v := f.Forward(l.next())
			f.Source(v.Seq - 10)
			f.NeedsKeyframe()
			f.Layer()
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a packet", c.name, allocs)
		}
	}
}

// The part of a Forwarder that every packet touches stays within three cache
// lines: a room has a forwarder for each slot of each subscriber.
func TestForwarderIsSmall(t *testing.T) {
	t.Parallel()
	var f Forwarder
	if hot := unsafe.Offsetof(f.past); hot > 192 {
		t.Errorf("%d bytes before the history", hot)
	}
	if size := unsafe.Sizeof(f); size > 512 {
		t.Errorf("%d bytes without the history", size)
	}
	if size := unsafe.Sizeof(f.span) * videoDepth; size > 8192 {
		t.Errorf("%d bytes of history", size)
	}
}

func BenchmarkForwardLayers(b *testing.B) {
	for _, c := range laps {
		b.Run(c.name, func(b *testing.B) {
			l := newLap(c.make())
			fs := make([]*Forwarder, 100)
			for i := range fs {
				fs[i] = New(media.Video, 90000, uint16(i), 0)
				fs[i].SetTarget(1, c.layer)
			}
			b.ReportAllocs()
			var pkt *media.Packet
			for i := 0; b.Loop(); i++ {
				if i%len(fs) == 0 {
					pkt = l.next()
				}
				fs[i%len(fs)].Forward(pkt)
			}
		})
	}
}

func BenchmarkForward(b *testing.B) {
	benchmark := func(feed media.Feed, slots int) func(*testing.B) {
		return func(b *testing.B) {
			fs := make([]*Forwarder, slots)
			pkt := &media.Packet{Header: media.Header{
				Feed: 1, ESN: 1 << 16, Keyframe: true, Marker: true,
				Codec: media.VP8, VP8: media.VP8Descriptor{PictureIDBits: 15},
			}}
			for i := range fs {
				fs[i] = New(media.Video, 90000, uint16(i), 0)
				fs[i].SetTarget(1, media.TopLayer)
				fs[i].Forward(pkt)
			}
			pkt.Feed, pkt.Keyframe = feed, false
			now := time.Now()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%slots == 0 {
					pkt.ESN++
					pkt.Timestamp += 3000
					now = now.Add(33 * time.Millisecond)
					pkt.Arrival = now
				}
				fs[i%slots].Forward(pkt)
			}
		}
	}
	b.Run("kept", benchmark(1, 1))
	b.Run("kept/1000slots", benchmark(1, 1000))
	b.Run("layer/1000slots", benchmark(2, 1000))
}

// The number asked for lies in the middle of a full history.
func BenchmarkSource(b *testing.B) {
	f := New(media.Video, 90000, 1, 0)
	f.SetTarget(1, media.TopLayer)
	pkt := &media.Packet{Header: media.Header{Feed: 1, ESN: 1 << 16, Keyframe: true, Marker: true}}
	for range 3 * videoDepth {
		f.Forward(pkt)
		pkt.ESN++
		f.Cut()
	}
	for b.Loop() {
		if _, _, ok := f.Source(5 * videoDepth / 2); !ok {
			b.Fatal("forgotten")
		}
	}
}
