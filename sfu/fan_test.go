package sfu

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"sfu/sfu/media"
	"sfu/sfu/seal"
	"sfu/sfu/udp"
)

// In a large room several fans send at once: everybody gets everything, in order.
func TestALargeRoomHasMoreFans(t *testing.T) {
	const people, turns = 4*fanSize + 1, 50
	t.Cleanup(func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(4)) })
	runtime.GOMAXPROCS(4)
	s := newFanOutStage(people)
	if n := len(s.loop.fans.all); n != 4 {
		t.Fatalf("%d fans for %d people on 4 cores, want 4", n, people)
	}
	outs := make([]recorder, people)
	for i, d := range s.slots {
		d.link.out.way = &outs[i]
	}
	now := time.Now()
	for i := range turns {
		s.loop.turn(s.batch(1+5*(i%2), now), now) // few packets go without company, many with
	}
	want := turns / 2 * (1 + 6)
	for i := range outs {
		if len(outs[i].headers) != want {
			t.Fatalf("subscriber %d gets %d packets, want %d", i, len(outs[i].headers), want)
		}
		for n := range outs[i].headers[1:] {
			if got := outs[i].headers[n+1].SequenceNumber - outs[i].headers[n].SequenceNumber; got != 1 {
				t.Fatalf("subscriber %d: a step of %d at packet %d", i, got, n)
			}
		}
	}
	set := s.loop.tally.set
	if got := counted(set.PacketsForwarded[media.Video]); got != float64(want*people) {
		t.Errorf("%v packets counted, want %d", got, want*people)
	}
	s.loop.fans.close()
}

// What a subscriber was sent by one fan leaves before what another one sends it, also
// in a turn so small that the others have no part in it.
func TestFansKeepTheOrder(t *testing.T) {
	t.Cleanup(func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) })
	runtime.GOMAXPROCS(2)
	conn, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), udp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Close() }()
	s := newFanOutStage(fanSize + 1)
	defer s.loop.fans.close()
	for _, f := range s.loop.fans.all {
		f.out.ports = &ports{conns: []*udp.Conn{conn}}
	}
	sub := s.slots[0].link
	cipher, err := srtp.CreateContext(make([]byte, 16), make([]byte, seal.SaltSize), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	way := &outlet{egress: &sub.out, to: sink.LocalAddr().(*net.UDPAddr).AddrPort(), sealer: newSealer(t), cipher: cipher}
	sub.out.way, sub.out.fan = way, s.loop.fans.all[1]
	if err := way.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1}}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	s.loop.turn(s.batch(1, now), now)
	packet := make([]byte, maxOutgoing)
	_ = sink.SetReadDeadline(now.Add(10 * time.Second))
	if _, err := sink.Read(packet); err != nil || packet[1] != 201 { // RFC 3550, 6.4.2
		t.Errorf("the first to arrive is of type %d, %v; the report was sent first", packet[1], err)
	}
}

// Whoever comes to it serves a subscriber, but only one does.
func TestAShareIsTakenOnce(t *testing.T) {
	t.Parallel()
	const people = 10_000
	var s share
	s.set(0, people)
	var taken [people]atomic.Int32
	var all sync.WaitGroup
	for _, take := range []func() int{s.first, s.last, s.last} {
		all.Go(func() {
			for i := take(); i >= 0; i = take() {
				taken[i].Add(1)
			}
		})
	}
	all.Wait()
	for i := range taken {
		if n := taken[i].Load(); n != 1 {
			t.Fatalf("subscriber %d is served %d times", i, n)
		}
	}
}

// What an encoder cuts into packets that differ by a byte leaves in packets that are
// equal, for only those are a train; what differs by more is left alone.
func TestPacketsOfAFrameAreMadeEven(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	s.run(20*time.Millisecond, one)
	before := len(s.out.headers)
	var in []inbound
	for _, n := range []int{1000, 999, 1000, 997, 996, 1000} {
		payload := make([]byte, n)
		payload[0] = 0x10
		payload[1] = 1
		in = append(in, s.packet("", 96, payload))
	}
	s.loop.turn(in, s.now)
	var sizes []int
	for i, h := range s.out.headers[before:] {
		var p rtp.Packet
		raw, err := h.Marshal()
		if err == nil {
			err = p.Unmarshal(append(raw, s.out.payloads[before+i]...))
		}
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(s.out.payloads[before+i]))
		if want := []int{1000, 999, 1000, 997, 996, 1000}[i]; len(p.Payload) != want {
			t.Errorf("packet %d has %d bytes of payload, want %d", i, len(p.Payload), want)
		}
	}
	want := []int{1000, 1000, 1000, 1000, 996, 1000}
	for i := range want {
		if i >= len(sizes) || sizes[i] != want[i] {
			t.Fatalf("%v, want %v", sizes, want)
		}
	}
}

// What is of one track follows each other, but its encodings stay as they came: the
// packets of the old one before a keyframe of the new one are still sent.
func TestATurnIsSortedByTrackAlone(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "f")
	for _, name := range []string{"f", "mic", "q", "mic", "f"} {
		e := s.streams[name].enc
		s.loop.batch.arrivals = append(s.loop.batch.arrivals, arrival{track: e.track, pkt: &media.Packet{Header: media.Header{Feed: e.feed}}})
	}
	s.loop.group()
	var got string
	for _, a := range s.loop.batch.arrivals {
		for name, st := range s.streams {
			if st.enc.feed == a.pkt.Feed {
				got += name + " "
			}
		}
	}
	if got != "f q f mic mic " {
		t.Errorf("sent as %s", got)
	}
}

// A room that lags behind does not go through all that waits before it hears anybody.
func TestATurnIsBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ waiting, subscribers, want int }{
		{0, 10, 0}, {5, 0, 5}, {5, 1000, 5}, {4096, 2, 2048}, {4096, 64, 64}, {4096, 1000, leastInTurn},
	} {
		if got := inTurn(tt.waiting, tt.subscribers); got != tt.want {
			t.Errorf("%d of %d packets to %d subscribers, want %d", got, tt.waiting, tt.subscribers, tt.want)
		}
	}
}
