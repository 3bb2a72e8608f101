package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/quality"
	"sfu/signaling/wire"
)

// counter stands where pion's SRTP write stream is.
type counter struct{ packets, bytes int }

func (c *counter) WriteRTP(_ *rtp.Header, payload []byte) (int, error) {
	c.packets++
	c.bytes += len(payload)
	return len(payload) + 12, nil
}

func (c *counter) Write(b []byte) (int, error) { return len(b), nil }

type nowhere struct{}

func (nowhere) WriteRTCP([]rtcp.Packet) error { return nil }

// quiet hooks tell nobody.
var quiet = linkHooks{
	flood: func() {}, silent: func(string) {},
	layers: func(media.TrackID, map[string]bool) {}, sight: func(wire.TrackState) {},
	condition: func(quality.Input) {},
}

// fanOutStage is a room's data plane without sockets: one publisher of one VP8
// track, n subscribers.
type fanOutStage struct {
	loop   *mediaLoop
	stream *stream
	out    counter
	raw    []byte
	seq    uint16
}

func newFanOutStage(subscribers int) *fanOutStage {
	loop := newMediaLoop(metrics.New(), 0, func([]wire.Speaker) {})
	pub := newLink("publisher", loop, quiet)
	pub.pc = nowhere{}
	pub.up.desc = &description{ssrcs: map[uint32]string{7: "1"}}
	pub.up.desc.formats[96].codec = media.VP8
	loop.addLink(pub)
	track := &upTrack{id: "t", link: pub, mid: "1", source: media.Camera, kind: media.Video}
	loop.publish(track)
	s := &fanOutStage{loop: loop, stream: &stream{link: pub, ssrc: 7}}
	for range subscribers {
		sub := newLink("subscriber", loop, quiet)
		sub.pc = nowhere{}
		loop.addLink(sub)
		d := newDownTrack(sub, media.Video, 0)
		b := &binding{out: &s.out, ssrc: 1, rtx: 2, ids: extensionIDs{mid: 4}}
		b.types[media.VP8] = payloadTypes{96, 97}
		d.bound.Store(b)
		d.stamp.mid = []byte("3")
		d.carry(track, time.Now())
	}
	h := rtp.Header{Version: 2, PayloadType: 96, SSRC: 7}
	head, _ := h.Marshal()
	s.raw = append(head, make([]byte, 1100)...)
	// A VP8 descriptor with a 15-bit picture id; the first byte of the payload
	// header without its P bit is a keyframe (RFC 7741, 4.2 and 4.3).
	copy(s.raw[len(head):], []byte{0x90, 0x80, 0x80, 0x01, 0x00})
	return s
}

// batch makes the publisher's next n packets.
func (s *fanOutStage) batch(n int, now time.Time) []inbound {
	in := make([]inbound, 0, n)
	for range n {
		s.raw[2], s.raw[3] = byte(s.seq>>8), byte(s.seq)
		s.seq++
		pkt := media.NewPacket(len(s.raw))
		copy(pkt.Payload, s.raw)
		pkt.Arrival = now
		in = append(in, inbound{s.stream, pkt})
	}
	return in
}

func TestFanOutAllocatesNothing(t *testing.T) {
	s := newFanOutStage(10)
	now := time.Now()
	s.loop.due = due{repair: now.Add(time.Hour), tick: now.Add(time.Hour)}
	const runs = 100
	var batches [][]inbound // made before: the race detector makes the packet pool leak
	for range 200 {
		s.loop.turn(s.batch(6, now), now) // fills the ring and every scratch space
	}
	for range runs + 1 { // AllocsPerRun adds one to warm up
		batches = append(batches, s.batch(6, now))
	}
	before := s.out.packets
	allocs := testing.AllocsPerRun(runs, func() {
		s.loop.turn(batches[0], now)
		batches = batches[1:]
	})
	if allocs != 0 {
		t.Errorf("a turn of 6 packets to 10 subscribers allocates %v times, want 0", allocs)
	}
	if got, want := s.out.packets-before, (runs+1)*6*10; got != want {
		t.Errorf("forwarded %d packets, want %d", got, want)
	}
}

func BenchmarkFanOut(b *testing.B) {
	s := newFanOutStage(50)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		s.loop.turn(s.batch(6, now), now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(s.out.packets), "ns/forwarded")
}
