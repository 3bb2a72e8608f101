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

// The part of a Forwarder that every packet touches stays within three
// cache lines: a room has a forwarder for each slot of each subscriber.
func TestForwarderIsSmall(t *testing.T) {
	t.Parallel()
	var f Forwarder
	if hot := unsafe.Offsetof(f.past); hot > 192 {
		t.Errorf("%d bytes before the history", hot)
	}
	if size := unsafe.Sizeof(f); size > 1536 {
		t.Errorf("%d bytes in all", size)
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
