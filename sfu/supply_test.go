package sfu

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"sfu/metrics"
	"sfu/sfu/allocate"
	"sfu/sfu/estimate"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// studio is a room's data plane without sockets, with a clock of its own: ana
// publishes a camera in the encodings of its rids and a microphone, bob
// subscribes.
type studio struct {
	t        *testing.T
	loop     *mediaLoop
	ana, bob *link
	camera   *upTrack
	streams  map[string]*stream // by rid; "mic" is the microphone
	seqs     map[string]uint16
	picture  *downTrack
	sound    *downTrack
	out      recorder

	now    time.Time
	asked  map[uint32]bool   // of ana: a keyframe of an SSRC
	told   []map[string]bool // layers, to ana
	states []wire.TrackState // to bob
}

// recorder keeps what left for bob.
type recorder struct {
	space    [maxOutgoing]byte
	headers  []rtp.Header
	payloads [][]byte
}

func (r *recorder) room() []byte { return r.space[:0] }

func (r *recorder) send(packet []byte) error {
	packet = slices.Clone(packet)
	var h rtp.Header
	n, err := h.Unmarshal(packet)
	r.headers = append(r.headers, h)
	r.payloads = append(r.payloads, packet[n:])
	return err
}

func newStudio(t *testing.T, rids ...string) *studio {
	s := &studio{
		t: t, loop: newMediaLoop(metrics.New(), 1, nil, func([]wire.Speaker) {}),
		streams: make(map[string]*stream), seqs: make(map[string]uint16), now: time.Unix(1_800_000_000, 0),
	}
	hooks := quiet
	hooks.layers = func(_ media.TrackID, active map[string]bool) { s.told = append(s.told, active) }
	s.ana = newLink("ana", s.loop, hooks)
	hooks = quiet
	hooks.sight = func(state wire.TrackState) { s.states = append(s.states, state) }
	s.bob = newLink("bob", s.loop, hooks)
	s.ana.rtcp, s.bob.rtcp = nowhere{}, nowhere{}
	s.bob.out.way = &s.out
	desc := &description{ssrcs: make(map[uint32]string)}
	desc.formats[96].codec, desc.formats[111].codec, desc.formats[63].codec = media.VP8, media.Opus, media.RED
	desc.ids.audioLevel = 1
	s.ana.up.desc = desc
	s.loop.addLink(s.ana)
	s.loop.addLink(s.bob)

	s.camera = &upTrack{id: "cam", link: s.ana, mid: "1", source: media.Camera, kind: media.Video, rids: rids}
	mic := &upTrack{id: "mic", link: s.ana, mid: "2", source: media.Microphone, kind: media.Audio}
	s.loop.publish(s.camera)
	s.loop.publish(mic)
	if len(rids) == 0 {
		rids = []string{""}
	}
	for i, rid := range rids {
		s.enter(s.camera, rid, rid, uint32(100+i))
	}
	s.enter(mic, "", "mic", 99)

	s.picture, s.sound = newDownTrack(s.bob, media.Video, 0), newDownTrack(s.bob, media.Audio, 0)
	for _, d := range []*downTrack{s.picture, s.sound} {
		b := &binding{ssrc: 1 + uint32(d.kind)}
		b.types[media.VP8], b.types[media.Opus] = payloadTypes{media: 120}, payloadTypes{media: 109}
		d.bound.Store(b)
		d.stamp.mid = []byte("7")
		s.bob.down.tracks = append(s.bob.down.tracks, d)
	}
	return s
}

// enter binds a stream to its encoding, as header extensions do.
func (s *studio) enter(t *upTrack, rid, name string, ssrc uint32) {
	e := t.encoding(rid)
	e.begin(ssrc)
	s.streams[name] = &stream{link: t.link, ssrc: ssrc, enc: e}
}

// watch makes bob's slots carry ana's tracks.
func (s *studio) watch() {
	s.picture.carry(s.camera, s.now)
	s.sound.carry(s.loop.tracks["mic"], s.now)
}

// run lets time pass; every 20 ms each of the encodings named sends a packet,
// a keyframe of its size once a second.
func (s *studio) run(d time.Duration, sizes map[string]media.Size) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(20 * time.Millisecond) {
		var in []inbound
		for name, size := range sizes {
			payload := []byte{0x10, 0x01} // a frame that is predicted (RFC 7741, 4.3)
			if s.seqs[name]%50 == 0 || s.asked[s.streams[name].ssrc] {
				delete(s.asked, s.streams[name].ssrc)
				payload = []byte{0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0} // a keyframe
				binary.LittleEndian.PutUint16(payload[7:], size.Width)
				binary.LittleEndian.PutUint16(payload[9:], size.Height)
			}
			in = append(in, s.packet(name, 96, payload))
		}
		s.loop.turn(in, s.now)
	}
}

// packet is the next one of a stream.
func (s *studio) packet(name string, pt uint8, payload []byte) inbound {
	st := s.streams[name]
	h := rtp.Header{
		Version: 2, Marker: true, PayloadType: pt, SSRC: st.ssrc, SequenceNumber: s.seqs[name],
		Timestamp: uint32(s.now.UnixMilli() * 90),
	}
	s.seqs[name]++
	raw, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.inbound(st, raw)
}

func (s *studio) inbound(st *stream, raw []byte) inbound {
	pkt := media.NewPacket(len(raw))
	copy(pkt.Payload, raw)
	pkt.Arrival = s.now
	st.link.queuedPackets.Add(1)
	return inbound{st, pkt}
}

// flowing returns the rid of the encoding that bob is sent now.
func (s *studio) flowing() string {
	if e := s.loop.feeds.by[s.picture.fwd.Current()]; e != nil {
		return e.rid
	}
	return "nothing"
}

func (s *studio) flows(want string) {
	s.t.Helper()
	if got := s.flowing(); got != want {
		s.t.Errorf("%v: %s flows, want %s", s.now.Sub(time.Unix(1_800_000_000, 0)), got, want)
	}
}

var hd = map[string]media.Size{"q": {Width: 320, Height: 180}, "h": {Width: 640, Height: 360}, "f": {Width: 1280, Height: 720}}

func only(rids ...string) map[string]media.Size {
	sizes := maps.Clone(hd)
	maps.DeleteFunc(sizes, func(rid string, _ media.Size) bool { return !slices.Contains(rids, rid) })
	return sizes
}

func tile(width, height uint16) allocate.Wish {
	return allocate.Wish{Size: media.Size{Width: width, Height: height}}
}

func TestATileGetsThePictureOfItsSize(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(1500*time.Millisecond, hd)
	s.flows("f")
	for _, step := range []struct {
		wish allocate.Wish
		want string
	}{
		{tile(300, 170), "q"}, {tile(640, 360), "h"}, {allocate.Wish{Pinned: true}, "f"},
		{tile(200, 100), "q"}, {allocate.Wish{Paused: true}, "nothing"}, {tile(1920, 1080), "f"},
	} {
		s.bob.wish(s.now, wished{"cam", step.wish})
		s.run(1100*time.Millisecond, hd)
		s.flows(step.want)
	}
	if got := len(s.loop.tracks); got != 2 {
		t.Fatalf("%d tracks", got)
	}
}

func TestAnEncodingThatStopsIsLeft(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(2*time.Second, only("q", "h"))
	s.flows("h") // f comes late
	s.run(2*time.Second, hd)
	s.flows("f")
	s.run(2500*time.Millisecond, only("q"))
	s.flows("q")
	s.run(1500*time.Millisecond, only("q", "h"))
	s.flows("h")
}

func TestNobodyWantsIt(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.bob.wish(s.now, wished{"cam", tile(640, 360)})
	s.run(4500*time.Millisecond, hd)
	if len(s.told) != 0 {
		t.Fatalf("told too early: %v", s.told)
	}
	s.run(time.Second, hd)
	if want := map[string]bool{"q": false, "h": true, "f": false}; len(s.told) != 1 || !maps.Equal(s.told[0], want) {
		t.Fatalf("told %v, want %v", s.told, want)
	}
	s.bob.wish(s.now, wished{"cam", allocate.Wish{Pinned: true}})
	s.run(200*time.Millisecond, only("h"))
	if want := map[string]bool{"q": false, "h": true, "f": true}; len(s.told) != 2 || !maps.Equal(s.told[1], want) {
		t.Fatalf("told %v, want %v", s.told, want)
	}
	s.picture.carry(nil, s.now)
	s.run(6*time.Second, only("h", "f"))
	if want := map[string]bool{"q": false, "h": false, "f": false}; !maps.Equal(s.told[len(s.told)-1], want) {
		t.Fatalf("told %v, want %v", s.told, want)
	}
	silent := 0
	s.ana.hooks.silent = func(string) { silent++ }
	s.ana.up.up = s.now.Add(-time.Hour)
	s.run(20*time.Second, nil)
	if silent != maxSilences { // the microphone, which everyone may want
		t.Errorf("told %d times that nothing arrives, want %d for the microphone alone", silent, maxSilences)
	}
}

// An uplink that carries only the smallest today may carry the next tomorrow.
func TestWhatLiesBetweenIsKeptOn(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(8*time.Second, only("q"))
	if len(s.told) != 0 {
		t.Errorf("told %v while f is wanted and q stands in", s.told)
	}
	s.run(8*time.Second, only("q", "h"))
	if want := map[string]bool{"q": false, "h": true, "f": true}; len(s.told) != 1 || !maps.Equal(s.told[0], want) {
		t.Errorf("told %v, want %v", s.told, want)
	}
}

// Who has no room for a larger picture must not lose the small one because it
// wishes for the other.
func TestWhatABudgetLeavesIsKeptOn(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.bob.out.known = true
	s.bob.out.numbered = s.now.Add(-time.Hour)
	s.bob.out.estimator = estimate.New(estimate.Config{Start: 1000, Min: 1000, Max: 1000})
	s.watch()
	s.run(8*time.Second, hd)
	s.flows("nothing")
	if len(s.told) != 0 {
		t.Errorf("told %v while f is wanted and there is no room for it", s.told)
	}
	for _, c := range []struct {
		grant  allocate.Grant
		wanted uint8
	}{
		{allocate.Grant{Paused: true}, 0b111}, {allocate.Grant{Option: 0, Temporal: 1}, 0b111},
		{allocate.Grant{Option: 1}, 0b110}, {allocate.Grant{Option: 2}, 0b100},
	} {
		s.picture.aim.grant = c.grant
		if got := s.camera.demand(); got != c.wanted {
			t.Errorf("of a grant of %+v these are wanted: %03b, not %03b", c.grant, got, c.wanted)
		}
	}
}

func TestABudgetLeavesLayersOut(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(time.Second, hd)
	s.camera.supply.options[0].Temporal, s.camera.supply.options[2].Temporal = 3, 3
	for _, c := range []struct{ grant, want allocate.Grant }{
		{allocate.Grant{Option: 0, Temporal: 1}, allocate.Grant{Option: 0, Temporal: 1}},
		{allocate.Grant{Option: 2, Temporal: 1}, allocate.Grant{Option: 2, Temporal: 1}},
		{allocate.Grant{Option: 2, Temporal: 2}, allocate.Grant{Option: 2, Temporal: media.MaxTemporal - 1}}, // all
	} {
		s.picture.aim.planned, s.picture.aim.grant = true, c.grant
		s.picture.target()
		rid := []string{"q", "h", "f"}[c.want.Option]
		if e := s.loop.feeds.by[s.picture.fwd.Target()]; e.rid != rid || s.picture.aim.layer.Temporal != c.want.Temporal {
			t.Errorf("of %+v %s is sent up to temporal layer %d", c.grant, e.rid, s.picture.aim.layer.Temporal)
		}
	}
}

// What is granted may be off at its publisher: until it comes, the little that
// flows of the larger picture has to do.
func TestWhileTheSmallPictureComesTheLargeOneIsThinned(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(6*time.Second, hd)
	s.picture.aim.planned = true
	s.run(2*time.Second, only("f"))
	s.picture.aim.planned, s.picture.aim.grant = true, allocate.Grant{Option: 0, Temporal: 2}
	s.picture.target()
	if e := s.loop.feeds.by[s.picture.fwd.Target()]; e.rid != "f" || s.picture.aim.layer.Temporal != 0 {
		t.Errorf("%s flows up to temporal layer %d", e.rid, s.picture.aim.layer.Temporal)
	}
}

func TestASubscriberIsToldWhatThereIsToSee(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	s.run(1200*time.Millisecond, hd)
	s.bob.wish(s.now, wished{"cam", tile(640, 360)})
	s.run(1200*time.Millisecond, hd)
	s.bob.wish(s.now, wished{"cam", allocate.Wish{Paused: true}})
	s.run(time.Second, hd)
	s.bob.wish(s.now, wished{"cam", tile(640, 360)})
	s.run(1200*time.Millisecond, hd)
	s.camera.setMuted(true, s.now)
	s.run(time.Second, nil)
	want := []wire.TrackState{
		{Track: "cam", State: "active", Width: 1280, Height: 720},
		{Track: "cam", State: "active", Width: 640, Height: 360},
		{Track: "cam", State: "paused", Reason: "wish"},
		{Track: "cam", State: "active", Width: 640, Height: 360},
		{Track: "cam", State: "paused", Reason: "muted"},
	}
	if !slices.Equal(s.states, want) {
		t.Errorf("told\n%v, want\n%v", s.states, want)
	}
}

func TestAPictureThatNobodyHereCanDecode(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.formats[102].codec = media.H264
	s.watch()
	for range 100 {
		s.loop.turn([]inbound{s.packet("", 102, []byte{0x67, 0x42, 0xe0, 0x1f})}, s.now)
		s.now = s.now.Add(20 * time.Millisecond)
	}
	want := []wire.TrackState{{Track: "cam", State: "paused", Reason: "codec"}}
	if len(s.out.headers) != 0 || !slices.Equal(s.states, want) {
		t.Errorf("%d packets, told %v, want %v", len(s.out.headers), s.states, want)
	}
}

func TestANewcomerSeesTheNewestKeyframe(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.run(300*time.Millisecond, map[string]media.Size{"": {Width: 640, Height: 360}})
	s.watch() // between keyframes, which come once a second
	if n := len(s.out.headers); n != 15 || s.picture.fwd.NeedsKeyframe() {
		t.Fatalf("%d packets replayed, want the 15 since the keyframe", n)
	}
	s.run(100*time.Millisecond, map[string]media.Size{"": {}})
	for i, h := range s.out.headers {
		if h.SequenceNumber != s.out.headers[0].SequenceNumber+uint16(i) {
			t.Errorf("packet %d has number %d", i, h.SequenceNumber)
		}
	}
	if n := len(s.out.headers); n != 20 {
		t.Errorf("%d packets in all, want 20", n)
	}
}

func TestAnotherCodecIsAnotherStream(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.formats[102].codec = media.H264
	b := *s.picture.bound.Load()
	b.types[media.H264] = payloadTypes{media: 125}
	s.picture.bound.Store(&b)
	s.watch()
	s.run(100*time.Millisecond, map[string]media.Size{"": {Width: 640, Height: 360}})
	before := len(s.out.headers)
	slice := []byte{0x41, 0x9a} // H.264: a slice that is predicted, then a parameter set
	s.loop.turn([]inbound{s.packet("", 102, slice)}, s.now)
	if len(s.out.headers) != before {
		t.Error("a predicted picture of another codec was forwarded")
	}
	s.loop.turn([]inbound{s.packet("", 102, []byte{0x67, 0x42, 0xe0, 0x1f})}, s.now)
	if n := len(s.out.headers); n != before+1 || s.out.headers[n-1].PayloadType != 125 {
		t.Errorf("%d packets more, want the keyframe alone with payload type 125", n-before)
	}
}
