package sfu

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/metrics"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
	"sfu/sfu/quality"
	"sfu/sfu/seal"
	"sfu/sfu/udp"
	"sfu/signaling/wire"
)

// counter stands where encryption and the socket are.
type counter struct {
	packets, bytes int
	space          [maxOutgoing]byte
}

func (c *counter) room() []byte { return c.space[:0] }

func (c *counter) send(packet []byte) error {
	c.packets++
	c.bytes += len(packet)
	return nil
}

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
	slots  []*downTrack
	out    counter
	raw    []byte
	seq    uint16
}

func newFanOutStage(subscribers int) *fanOutStage {
	loop := newMediaLoop(metrics.New(), 0, nil, func([]wire.Speaker) {})
	pub := newLink("publisher", loop, quiet)
	pub.rtcp = nowhere{}
	pub.up.desc = &description{ssrcs: map[uint32]string{7: "1"}}
	pub.up.desc.formats[96].codec = media.VP8
	loop.addLink(pub)
	track := &upTrack{id: "t", link: pub, mid: "1", source: media.Camera, kind: media.Video}
	loop.publish(track)
	s := &fanOutStage{loop: loop, stream: &stream{link: pub, ssrc: 7}}
	for range subscribers {
		sub := newLink("subscriber", loop, quiet)
		sub.rtcp, sub.out.way = nowhere{}, &s.out
		loop.addLink(sub)
		d := newDownTrack(sub, media.Video, 0)
		b := &binding{ssrc: 1, rtx: 2, ids: extensionIDs{mid: 4}}
		b.types[media.VP8] = payloadTypes{96, 97}
		d.bound.Store(b)
		d.stamp.mid = []byte("3")
		sub.down.tracks = append(sub.down.tracks, d)
		s.slots = append(s.slots, d)
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

// browsers makes the subscribers such as negotiate numbers and send times and tell
// what their paths carry: rate.
func (s *fanOutStage) browsers(rate media.Bitrate, now time.Time) {
	for _, d := range s.slots {
		b := *d.bound.Load()
		b.ids.transportCC, b.ids.sendTime = 5, 6
		d.bound.Store(&b)
		d.link.up.up, d.link.out.known = now, true
		d.link.out.estimator = estimate.New(estimate.Config{Start: rate, Min: rate, Max: rate})
	}
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
	allocs := s.allocs(runs, func() time.Time { return now })
	if allocs != 0 {
		t.Errorf("a turn of 6 packets to 10 subscribers allocates %v times, want 0", allocs)
	}
	if got, want := s.out.packets, (200+runs+1)*6*10; got != want {
		t.Errorf("forwarded %d packets, want %d", got, want)
	}
}

// What is numbered, and waits for its time to leave, allocates nothing either.
func TestPacingAllocatesNothing(t *testing.T) {
	s := newFanOutStage(10)
	now := time.Now()
	s.browsers(8_000_000, now)
	s.loop.due = due{repair: now.Add(time.Hour), tick: now.Add(time.Hour)}
	s.loop.turn(s.batch(1, now), now)
	s.raw[12+4] = 1 // no more keyframes, which would make up for all before
	waited := 0
	allocs := s.allocs(300, func() time.Time {
		waited += s.slots[0].queue.len()
		now = now.Add(5 * time.Millisecond) // 6 packets in 5 ms are 10.7 Mbit/s
		return now
	})
	if allocs != 0 {
		t.Errorf("a turn of 6 packets to 10 subscribers who are behind allocates %v times, want 0", allocs)
	}
	if waited < 1000 || s.out.packets < 200*6*10 {
		t.Errorf("%d packets waited, %d left", waited, s.out.packets)
	}
}

// allocs returns how many times a turn of six packets allocates, after 200 others
// that fill the ring and every scratch space.
func (s *fanOutStage) allocs(runs int, now func() time.Time) float64 {
	var batches [][]inbound // made before: the race detector makes the packet pool leak
	for range 200 {
		at := now()
		s.loop.turn(s.batch(6, at), at)
	}
	for range runs + 1 { // AllocsPerRun adds one to warm up
		batches = append(batches, s.batch(6, time.Now()))
	}
	return testing.AllocsPerRun(runs, func() {
		s.loop.turn(batches[0], now())
		batches = batches[1:]
	})
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

// The same to browsers whose paths carry it.
func BenchmarkFanOutNumbered(b *testing.B) {
	s := newFanOutStage(50)
	now := time.Now()
	s.browsers(20_000_000, now)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(4 * time.Millisecond)
		s.loop.turn(s.batch(6, now), now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(s.out.packets), "ns/forwarded")
}

// BenchmarkRoom is the whole way out of a turn: 200 subscribers with numbers, keys
// and kernel sockets that nobody reads. With -cpu 1,2 it tells what a second core
// gives.
func BenchmarkRoom(b *testing.B) {
	const people, frame = 200, 6
	for name, cfg := range map[string]udp.Config{"trains": {}, "packets": {PacketByPacket: true}} {
		b.Run(name, func(b *testing.B) {
			conn, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), cfg)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = conn.Close() })
			s := newFanOutStage(people)
			b.Cleanup(s.loop.fans.close)
			now := time.Now()
			s.browsers(maxBitrate, now)
			for _, fan := range s.loop.fans.all {
				fan.out.ports = &ports{conns: []*udp.Conn{conn}}
			}
			for _, d := range s.slots {
				sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = sink.Close() })
				_ = sink.SetReadBuffer(1) // what nobody reads is dropped at once
				d.link.out.way = &outlet{
					egress: &d.link.out, to: sink.LocalAddr().(*net.UDPAddr).AddrPort(), sealer: newSealer(b),
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(4 * time.Millisecond)
				s.loop.turn(s.batch(frame, now), now)
			}
			sent := counted(s.loop.tally.set.SocketPackets)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/sent, "ns/packet")
			b.ReportMetric(sent/counted(s.loop.tally.set.SocketBuffers), "packets/train")
		})
	}
}

func newSealer(tb testing.TB) *seal.Sealer {
	tb.Helper()
	s, err := seal.New(make([]byte, 16), make([]byte, seal.SaltSize))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
