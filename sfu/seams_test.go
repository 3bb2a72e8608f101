package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/sfu/report"
)

func TestATrackMovesToAnotherSlot(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	other := newDownTrack(s.bob, media.Video, 1)
	other.bound.Store(s.picture.bound.Load())
	other.stamp.mid = []byte("8")
	s.bob.down.tracks = append(s.bob.down.tracks, other)
	s.watch()
	s.run(time.Second, one)
	other.carry(s.camera, s.now) // it is a screen now, of another pair
	s.picture.carry(nil, s.now)
	before := len(s.out.headers)
	s.run(1200*time.Millisecond, one)
	if n := len(s.out.headers) - before; n < 50 {
		t.Errorf("%d packets came on the slot that the track moved to", n)
	}
}

func TestPausedSoundLeavesNoGap(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	s.say(20, 111, []byte{1})
	s.bob.wish(s.now, wished{"mic", allocate.Wish{Paused: true}})
	for range 100 {
		s.say(20, 111, []byte{1})
	}
	s.bob.wish(s.now, wished{"mic", allocate.Wish{}})
	s.say(20, 111, []byte{1})
	if len(s.out.headers) != 2 {
		t.Fatalf("%d packets, want one before the pause and one after", len(s.out.headers))
	}
	if a, b := s.out.headers[0], s.out.headers[1]; b.SequenceNumber != a.SequenceNumber+1 || b.Timestamp-a.Timestamp != 101*960 {
		t.Errorf("after %d at %d comes %d at %d", a.SequenceNumber, a.Timestamp, b.SequenceNumber, b.Timestamp)
	}
}

// tell is a sender report of one of ana's streams.
func (s *studio) tell(name string, clock uint32) {
	ssrc := s.streams[name].ssrc
	s.ana.handlePacket(&rtcp.SenderReport{
		SSRC: ssrc, NTPTime: report.NTP(s.now), RTPTime: uint32(s.now.UnixMilli() * int64(clock/1000)),
	}, s.now)
}

func TestSoundThatGoesOnIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	toBob := &post{}
	s.bob.rtcp = toBob
	s.watch()
	s.say(20, 111, []byte{1})
	s.tell("mic", 48000)
	for range 60 {
		s.say(20, 111, []byte{1})
	}
	mic := s.loop.tracks["mic"]
	mic.setMuted(true, s.now)
	s.now = s.now.Add(300 * time.Millisecond)
	mic.setMuted(false, s.now)
	s.bob.due.report = s.now.Add(time.Hour)
	toBob.letters = nil
	first := s.spoken("mic", 20, 111, []byte{1})
	first.pkt.Arrival = s.now.Add(7 * time.Millisecond) // the path's delay wavers
	s.loop.turn([]inbound{first}, s.now)
	if count[*rtcp.SenderReport](toBob) == 0 {
		t.Error("no sender report after sound went on with other timestamps")
	}
}

func TestALateOneOfTheOldCodecIsNotTheNew(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.formats[102].codec = media.H264
	b := *s.picture.bound.Load()
	b.types[media.H264] = payloadTypes{media: 125}
	s.picture.bound.Store(&b)
	s.watch()
	s.run(100*time.Millisecond, one)
	late := s.packet("", 96, []byte{0x10, 0x01})
	s.loop.turn([]inbound{s.packet("", 102, []byte{0x67, 0x42, 0xe0, 0x1f})}, s.now)
	s.loop.turn([]inbound{late}, s.now)
	before := len(s.out.headers)
	for range 5 {
		s.loop.turn([]inbound{s.packet("", 102, []byte{0x41, 0x9a})}, s.now)
	}
	if n := len(s.out.headers) - before; n != 5 {
		t.Errorf("%d of 5 pictures came after a late packet of the codec before", n)
	}
}

func TestACodecThatDescribesItselfTakesOver(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.formats[102].codec = media.H264
	s.ana.up.desc.ids.dependency = 12
	b := *s.picture.bound.Load()
	b.types[media.H264] = payloadTypes{media: 125}
	s.picture.bound.Store(&b)
	s.watch()
	s.run(100*time.Millisecond, one)
	before := len(s.out.headers)
	for frame := range byte(5) {
		payload, descriptor := []byte{0x41, 0x9a}, []byte{0xc0, 0, frame}
		if frame == 0 { // a structure of one template and one decode target
			payload, descriptor = []byte{0x67, 0x42, 0xe0, 0x1f}, append(descriptor, 0x80, 0x00, 0xe0)
		}
		s.loop.turn([]inbound{s.described(102, payload, descriptor)}, s.now)
	}
	if n := len(s.out.headers) - before; n != 5 {
		t.Errorf("%d of 5 pictures came of the codec that took over", n)
	}
}

func TestAStreamThatDescribesItselfBeginsAnew(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.ids.dependency = 12
	s.watch()
	keyframe := []byte{0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0}
	structure := []byte{0xc0, 0, 0, 0x80, 0x00, 0xe0}
	s.seqs[""] = 20000
	s.loop.turn([]inbound{s.described(96, keyframe, structure)}, s.now)
	s.seqs[""] = 100
	for range 2 { // the first seems a stray
		s.loop.turn([]inbound{s.described(96, keyframe, structure)}, s.now)
	}
	before := len(s.out.headers)
	s.loop.turn([]inbound{s.described(96, keyframe, structure)}, s.now)
	for frame := range byte(5) {
		s.loop.turn([]inbound{s.described(96, []byte{0x10, 0x01}, []byte{0xc0, 0, frame + 1})}, s.now)
	}
	if n := len(s.out.headers) - before; n != 6 {
		t.Errorf("%d of 6 pictures came after the stream began anew", n)
	}
}

// described is the camera's next packet, with a dependency descriptor.
func (s *studio) described(pt uint8, payload, descriptor []byte) inbound {
	st := s.streams[""]
	p := rtp.Packet{Payload: payload, Header: rtp.Header{
		Version: 2, Marker: true, PayloadType: pt, SSRC: st.ssrc, SequenceNumber: s.seqs[""],
		Timestamp: uint32(s.now.UnixMilli() * 90),
	}}
	s.seqs[""]++
	if err := p.SetExtension(12, descriptor); err != nil {
		s.t.Fatal(err)
	}
	raw, err := p.Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.inbound(st, raw)
}

func TestPaddingOfAnotherCodecGoesToNobody(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ana.up.desc.formats[102].codec = media.H264
	s.watch()
	s.run(100*time.Millisecond, one)
	late := s.packet("", 102, nil) // no payload: padding
	s.run(100*time.Millisecond, one)
	s.loop.turn([]inbound{late}, s.now)
	for seq := range uint16(20) { // and asked for again
		s.picture.answer(s.out.headers[0].SequenceNumber+seq, s.now)
	}
	for _, h := range s.out.headers {
		if h.PayloadType != 120 {
			t.Errorf("a packet with payload type %d", h.PayloadType)
		}
	}
}

// The first packet of a keyframe is overtaken by the second: both are needed.
func TestAKeyframeWhoseFirstPacketIsOvertaken(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	first := s.packet("", 96, []byte{0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
	s.now = s.now.Add(time.Millisecond)
	second := s.packet("", 96, []byte{0x00, 0x01})
	first.pkt.Arrival = s.now.Add(time.Millisecond)
	s.loop.turn([]inbound{second}, s.now)
	s.loop.turn([]inbound{first}, first.pkt.Arrival)
	if n := len(s.out.headers); n != 2 || s.out.headers[1].SequenceNumber != s.out.headers[0].SequenceNumber+1 {
		t.Errorf("%d packets went out, want both of the keyframe, in order", n)
	}
}
