package sfu

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
)

// say makes the microphone's next packet, with an audio level in -dBov.
func (s *studio) say(level uint8, pt uint8, payload []byte) {
	s.sayFrom("mic", level, pt, payload)
}

func (s *studio) sayFrom(name string, level, pt uint8, payload []byte) {
	s.t.Helper()
	s.loop.turn([]inbound{s.spoken(name, level, pt, payload)}, s.now)
	s.now = s.now.Add(frame)
}

// spoken is the next packet of a microphone.
func (s *studio) spoken(name string, level, pt uint8, payload []byte) inbound {
	s.t.Helper()
	st := s.streams[name]
	h := rtp.Header{
		Version: 2, PayloadType: pt, SSRC: st.ssrc, SequenceNumber: s.seqs[name],
		Timestamp: uint32(s.now.UnixMilli() * 48),
	}
	s.seqs[name]++
	if err := h.SetExtension(1, []byte{0x80 | level}); err != nil {
		s.t.Fatal(err)
	}
	raw, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.inbound(st, raw)
}

const frame = 20e6 // an Opus frame, in ns

// redOf puts Opus into RED (RFC 2198): an older block of two bytes, then the
// newest.
func redOf(opus ...byte) []byte {
	return append([]byte{0x80 | 111, 0x0f, 0x00, 0x02, 111, 0xaa, 0xbb}, opus...)
}

func TestREDGoesToThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	s.say(30, 63, redOf(1, 2, 3))
	if got := s.out.payloads[0]; s.out.headers[0].PayloadType != 109 || !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("who takes no RED gets payload type %d, % x", s.out.headers[0].PayloadType, got)
	}
	b := *s.sound.bound.Load()
	b.types[media.RED] = payloadTypes{media: 65}
	s.sound.bound.Store(&b)
	s.say(30, 63, redOf(4, 5))
	want := redOf(4, 5)
	want[0], want[4] = 0x80|109, 109 // Opus by its number at the subscriber
	if got := s.out.payloads[1]; s.out.headers[1].PayloadType != 65 || !bytes.Equal(got, want) {
		t.Errorf("who takes RED gets payload type %d, % x, want % x", s.out.headers[1].PayloadType, got, want)
	}
	s.say(30, 63, []byte{0xff, 0, 0})
	if len(s.out.payloads) != 2 {
		t.Error("malformed RED was forwarded")
	}
}

func TestALostWordIsTakenFromTheNextOne(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	s.say(30, 63, redOf(1))
	s.seqs["mic"]++ // lost on its way to us
	s.now = s.now.Add(frame)
	s.say(30, 63, redOf(3)) // which has the bytes aa bb of the one before
	if n := len(s.out.payloads); n != 3 || !bytes.Equal(s.out.payloads[1], []byte{0xaa, 0xbb}) {
		t.Fatalf("%d packets: % x", n, s.out.payloads)
	}
	for i, h := range s.out.headers {
		if h.SequenceNumber != s.out.headers[0].SequenceNumber+uint16(i) || h.Timestamp != s.out.headers[0].Timestamp+uint32(i)*960 {
			t.Errorf("packet %d has number %d, timestamp %d", i, h.SequenceNumber, h.Timestamp)
		}
	}
	s.seqs["mic"] += 2 // two lost: there is no copy of the first, and which the second was is not known
	s.now = s.now.Add(2 * frame)
	s.say(30, 63, redOf(6))
	if n := len(s.out.payloads); n != 4 {
		t.Errorf("%d packets after two were lost, want 4", n)
	}
}

// crowd makes the room a big one, in which one is heard at once, and lets eve
// talk in it.
func (s *studio) crowd() {
	for range bigRoom {
		s.loop.addLink(newLink("somebody", s.loop, quiet))
	}
	eve := newLink("eve", s.loop, quiet)
	eve.rtcp, eve.up.desc = nowhere{}, s.ana.up.desc
	s.loop.addLink(eve)
	mic := &upTrack{id: "eve's", link: eve, mid: "2", source: media.Microphone, kind: media.Audio}
	s.loop.publish(mic)
	s.enter(mic, "", "eve", 98)
}

func TestOnlyTheLoudestAreHeardInABigRoom(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	s.watch()
	talk := func(n int, ana, eve uint8) int {
		before := len(s.out.headers)
		for range n {
			s.sayFrom("eve", eve, 111, []byte{1})
			s.now = s.now.Add(-frame)
			s.say(ana, 111, []byte{2})
		}
		return len(s.out.headers) - before
	}
	talk(50, 127, 10) // eve alone
	if n := talk(50, 60, 10); n != 0 {
		t.Errorf("ana murmurs and is heard %d times", n)
	}
	if n := talk(200, 127, 127); n != 0 { // both silent, eve's hangover passes
		t.Errorf("ana's silence is heard %d times", n)
	}
	if n := talk(1, 15, 127); n != 1+preRoll {
		t.Errorf("ana's first word is %d packets, want %d with what came before", n, 1+preRoll)
	}
	first := s.out.headers[len(s.out.headers)-1-preRoll:]
	for i, h := range first {
		if h.SequenceNumber != first[0].SequenceNumber+uint16(i) || h.Timestamp != first[0].Timestamp+uint32(i)*960 {
			t.Errorf("packet %d of the first word: number %d, timestamp %d", i, h.SequenceNumber, h.Timestamp)
		}
	}
	if n := talk(100, 127, 10); n > 30 {
		t.Errorf("ana is heard %d times more while eve talks", n)
	}
	s.bob.wish(s.now, wished{"cam", allocate.Wish{Pinned: true}})
	if n := talk(50, 60, 10); n != 50 {
		t.Errorf("ana is pinned and heard %d times of 50", n)
	}
}
