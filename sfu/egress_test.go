package sfu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
	"sfu/sfu/allocate"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
)

// knows gives bob a path that carries rate, as his feedback would tell, and all
// that browsers negotiate.
func (s *studio) knows(rate media.Bitrate) {
	s.bob.up.up, s.bob.out.known = s.now, true
	s.bob.out.numbered = s.now.Add(-learning)
	s.bob.out.estimator = estimate.New(estimate.Config{Start: rate, Min: rate, Max: rate})
	for _, d := range []*downTrack{s.picture, s.sound} {
		b := *d.bound.Load()
		b.ids.transportCC, b.ids.sendTime = 5, 6
		if d.kind == media.Video {
			b.rtx, b.types[media.VP8].rtx = 50, 121
		}
		d.bound.Store(&b)
	}
}

// flood shows bob a picture on a path that carries rate, and then sends him a
// keyframe of 100 packets at once.
func (s *studio) flood(rate media.Bitrate) {
	s.picture.carry(s.camera, s.now)
	s.run(20*time.Millisecond, one)
	s.knows(rate)
	set := metrics.New()
	s.loop.tally.set, s.bob.out.fan.tally.set = set, set
	s.out = recorder{}
	s.loop.turn(s.burst(100, true), s.now)
}

// burst is a picture of n packets at once.
func (s *studio) burst(n int, keyframe bool) (in []inbound) {
	for i := range n {
		payload := make([]byte, 1000)
		copy(payload, []byte{0x00, 0x01})
		if i == 0 {
			copy(payload, []byte{0x10, 0x01})
		}
		if i == 0 && keyframe {
			copy(payload, []byte{0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
		}
		in = append(in, s.packet("", 96, payload))
	}
	return in
}

// wait lets time pass in which nothing comes.
func (s *studio) wait(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(5 * time.Millisecond) {
		s.loop.turn(nil, s.now)
	}
}

// dropped returns how many packets were dropped for a reason.
func (s *studio) dropped(why media.Drop) float64 {
	return counted(s.loop.tally.set.PacketsDropped[why])
}

// exhausted is a path that breaks when more than a test expects is sent on it.
type exhausted struct {
	recorder
	most int
}

func (e *exhausted) send(packet []byte) error {
	if len(e.headers) >= e.most {
		return errors.New("too much")
	}
	return e.recorder.send(packet)
}

// Who negotiates numbers for sound alone, or whose connection breaks while a probe
// is under way, must not keep the room's loop at it.
func TestAProbeThatNobodyCountsEnds(t *testing.T) {
	t.Parallel()
	for name, without := range map[string]func(*studio, *binding){
		"no numbers for pictures": func(_ *studio, b *binding) { b.ids.transportCC = 0 },
		"no connection":           func(s *studio, _ *binding) { s.bob.up.up = time.Time{} },
	} {
		s := newStudio(t)
		s.watch()
		s.run(500*time.Millisecond, one)
		s.knows(1_000_000)
		b, out := *s.picture.bound.Load(), &exhausted{most: 200}
		s.bob.out.way = out
		without(s, &b)
		s.picture.bound.Store(&b)
		s.bob.out.probe = probing{
			Probe: estimate.Probe{Cluster: 1, Bitrate: 2_000_000, Duration: 15 * time.Millisecond, MinPackets: 5}, began: s.now,
		}
		s.loop.due.pace = s.now
		s.wait(100 * time.Millisecond)
		if n := len(out.headers); n > 0 || s.bob.out.probe.active() {
			t.Errorf("%s: %d packets, and the probe goes on: %v", name, n, s.bob.out.probe.active())
		}
	}
}

// The first probes find out what a new path carries. Sound alone cannot be
// repeated for that, so they wait for a picture.
func TestTheFirstProbesWaitForAPicture(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.knows(1_000_000)
	s.bob.out.estimator = estimate.New(estimate.Config{Start: 1_000_000})
	s.sound.carry(s.loop.tracks["mic"], s.now)
	first := 0
	for range 100 {
		s.say(20, 111, []byte{1})
		first = s.echo(first)
	}
	if n := counted(s.loop.tally.set.Probes); n != 0 {
		t.Fatalf("%v probes without anything to probe with", n)
	}
	s.picture.carry(s.camera, s.now)
	for range 50 {
		s.run(20*time.Millisecond, one)
		first = s.echo(first)
	}
	if n := counted(s.loop.tally.set.Probes); n < 2 {
		t.Errorf("%v probes of a new path, want two at least", n)
	}
}

func TestGivenUpNumbersComeRoundAgain(t *testing.T) {
	t.Parallel()
	var q queue
	q.given = numbers{65530, 3, true}
	for seq, n := uint16(4), 0; n < 65536-14; seq, n = seq+1, n+1 {
		if n == 100 && (!q.given.contains(65535) || !q.given.contains(2) || q.given.contains(4)) {
			t.Fatal("what was given up is forgotten too soon")
		}
		q.follows(seq)
	}
	for seq := uint16(65530); seq != 4; seq++ {
		if q.follows(seq); q.given.contains(seq) {
			t.Fatalf("number %d is given up, a whole circle later", seq)
		}
	}
}

func TestABurstIsSpreadInOrder(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.flood(2_000_000)
	if n := len(s.out.headers); n < 1 || n > 20 {
		t.Errorf("%d packets of 100 left at once", n)
	}
	s.wait(200 * time.Millisecond)
	if n := len(s.out.headers); n < 50 || n > 70 {
		t.Errorf("%d packets left within 200 ms, which is 60 at 2.4 Mbit/s", n)
	}
	s.wait(300 * time.Millisecond)
	if n := len(s.out.headers); n != 100 {
		t.Fatalf("%d packets of 100 left", n)
	}
	for i, h := range s.out.headers {
		if h.SequenceNumber != s.out.headers[0].SequenceNumber+uint16(i) || h.Timestamp != s.out.headers[0].Timestamp {
			t.Fatalf("packet %d has number %d", i, h.SequenceNumber)
		}
	}
	if o := &s.bob.out; o.pacer.count != 0 || o.pacer.bytes != 0 {
		t.Errorf("%d packets of %d bytes seem to wait", o.pacer.count, o.pacer.bytes)
	}
}

// What waits of a picture that is not wanted any more, or for which there is no
// room any more, is not sent.
func TestWhatIsNotToBeSeenDoesNotWait(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*studio){
		"the subscriber pauses": func(s *studio) { s.bob.wish(s.now, wished{"cam", allocate.Wish{Paused: true}}) },
		"the publisher mutes":   func(s *studio) { s.camera.setMuted(true, s.now) },
		"another track comes":   func(s *studio) { s.picture.carry(nil, s.now) },
		"it is unpublished":     func(s *studio) { s.loop.unpublish(s.camera) },
		"the subscriber leaves": func(s *studio) { s.loop.removeLink(s.bob) },
		"there is no room": func(s *studio) {
			s.picture.aim.planned, s.picture.aim.grant = true, allocate.Grant{Paused: true}
			s.picture.target()
		},
	} {
		s := newStudio(t)
		s.flood(300_000)
		waits, sent := s.bob.out.pacer.count, len(s.out.headers)
		if waits != 100-sent || waits < 50 {
			t.Fatalf("%s: %d wait, %d were sent", name, waits, sent)
		}
		end(s)
		s.loop.fans.flush()
		if got := s.dropped(media.DropCongested); int(got) != waits || s.bob.out.pacer.count != 0 || s.bob.out.pacer.bytes != 0 {
			t.Errorf("%s: of %d that waited %v were let go, and %d wait", name, waits, got, s.bob.out.pacer.count)
		}
		offered := counted(s.loop.tally.set.PacketsOffered[media.Video])
		if all := counted(s.loop.tally.set.PacketsForwarded[media.Video]) + s.dropped(media.DropCongested); offered != all || offered != 100 {
			t.Errorf("%s: %v offered, %v accounted for", name, offered, all)
		}
		s.wait(100 * time.Millisecond)
		if n := len(s.out.headers); n != sent {
			t.Errorf("%s: %d packets left after all", name, n-sent)
		}
	}
}

// What waits is worth more than a repeat of what has left.
func TestAProbeSendsWhatWaitsFirst(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.flood(300_000)
	sent := len(s.out.headers)
	s.bob.out.probe = probing{
		Probe: estimate.Probe{Cluster: 1, Bitrate: 2_000_000, Duration: 50 * time.Millisecond, MinPackets: 5}, began: s.now,
	}
	s.loop.due.pace = s.now
	s.wait(60 * time.Millisecond)
	repeats := 0
	for _, h := range s.out.headers[sent:] {
		if h.SSRC == 50 {
			repeats++
		}
	}
	if n := len(s.out.headers) - sent; n < 10 || repeats > 0 {
		t.Errorf("%d packets for the probe, %d of them sent before, while %d wait", n, repeats, s.bob.out.pacer.count)
	}
}

// film lets time pass in which ana's camera sends three sizes, of 50, 150 and 430
// kbit/s, with a keyframe when one is asked for and no other but the first.
func (s *studio) film(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(20 * time.Millisecond) {
		var in []inbound
		for rid, size := range map[string]int{"q": 50, "h": 300, "f": 1000} {
			payload := make([]byte, size)
			copy(payload, []byte{0x10, 0x01})
			if s.seqs[rid] == 0 || s.asked[s.streams[rid].ssrc] {
				delete(s.asked, s.streams[rid].ssrc)
				copy(payload, []byte{0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a})
				binary.LittleEndian.PutUint16(payload[7:], hd[rid].Width)
				binary.LittleEndian.PutUint16(payload[9:], hd[rid].Height)
			}
			in = append(in, s.packet(rid, 96, payload))
		}
		s.loop.turn(in, s.now)
	}
}

// Feedback may lie, and an estimate waver: larger pictures begin with keyframes,
// which all who watch have to take.
func TestAnEstimateThatJumpsAboutCostsFewKeyframes(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.asked = make(map[uint32]bool)
	toAna := &encoder{studio: s}
	s.ana.rtcp = toAna
	s.watch()
	s.knows(1_000_000)
	s.film(5 * time.Second)
	s.flows("f")
	toAna.letters = nil
	for i := range 120 { // seconds
		rate := media.Bitrate(120_000)
		if i%4 == 0 {
			rate = 1_000_000
		}
		s.bob.out.estimator = estimate.New(estimate.Config{Start: rate, Min: rate, Max: rate})
		s.film(time.Second)
	}
	if n := count[*rtcp.PictureLossIndication](&toAna.post); n < 1 || n > 12 {
		t.Errorf("%d keyframes were asked for in two minutes", n)
	}
}

// echo is the feedback of a path that loses nothing: all that left for bob with a
// number, which are the packets from the first on, arrived 20 ms later.
func (s *studio) echo(first int) (next int) {
	n := len(s.out.headers) - first
	if n == 0 {
		return first
	}
	at := s.now.Add(20 * time.Millisecond).UnixMilli()
	fb := &rtcp.TransportLayerCC{
		MediaSSRC: 1, BaseSequenceNumber: uint16(first), PacketStatusCount: uint16(n), ReferenceTime: uint32(at / 64),
		PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{
			PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: uint16(n),
		}},
	}
	for i := range n {
		delta := &rtcp.RecvDelta{Type: rtcp.TypeTCCPacketReceivedSmallDelta}
		if i == 0 {
			delta.Delta = at % 64 * 1000
		}
		fb.RecvDeltas = append(fb.RecvDeltas, delta)
	}
	s.bob.handlePacket(fb, s.now)
	return first + n
}

// Who has no room for any picture is sent none, and where nobody speaks either
// there is no feedback from which to learn that there is room again.
func TestASilentPathIsAskedWhetherItIsBack(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.knows(1_000_000)
	s.bob.out.estimator = estimate.New(estimate.Config{Start: 1_000_000, Min: minBitrate})
	s.picture.carry(s.camera, s.now)
	first := 0
	for range 100 {
		s.run(20*time.Millisecond, one)
		first = s.echo(first)
	}
	s.run(30*time.Second, one) // and nothing arrives
	if s.bob.out.estimator.Bitrate() > minBitrate {
		t.Fatalf("%d bit/s after half a minute of silence", s.bob.out.estimator.Bitrate())
	}
	s.picture.aim.grant.Paused = true
	s.picture.target()
	first = len(s.out.headers)
	for range 250 {
		s.wait(20 * time.Millisecond)
		first = s.echo(first)
	}
	if rate := s.bob.out.estimator.Bitrate(); rate <= minBitrate {
		t.Errorf("%d bit/s five seconds after the path is back", rate)
	}
}

// A client may say all its wishes at once, and fifty times a second: to share the
// budget of a big room for each of them would take the room's loop.
func TestManyWishesAreOnePlan(t *testing.T) {
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.knows(5_000_000)
	for i := range 48 {
		track := &upTrack{
			id: media.TrackID(fmt.Sprint(i)), link: s.ana, mid: fmt.Sprint("m", i), source: media.Camera, kind: media.Video,
			rids: []string{"q", "h", "f"},
		}
		s.loop.publish(track)
		d := newDownTrack(s.bob, media.Video, i+1)
		d.bound.Store(s.picture.bound.Load())
		d.stamp.mid = []byte("7")
		s.bob.down.tracks = append(s.bob.down.tracks, d)
		d.carry(track, s.now)
	}
	s.run(2*time.Second, hd)
	took := func(n int) time.Duration {
		wishes := slices.Repeat([]wished{{"cam", tile(300, 200)}}, n)
		began := time.Now()
		for range 20 {
			s.bob.wish(s.now, wishes...)
		}
		return time.Since(began)
	}
	took(1)
	if one, many := took(1), took(256); many > 400*one { // it was a thousand times
		t.Errorf("256 wishes take %v, and one %v", many, one)
	}
}

func counted(c prometheus.Counter) float64 {
	var out dto.Metric
	_ = c.Write(&out)
	return out.GetCounter().GetValue()
}
