package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
)

var one = map[string]media.Size{"": {Width: 640, Height: 360}}

// post keeps the RTCP that left for somebody.
type post struct{ letters []rtcp.Packet }

func (p *post) WriteRTCP(packets []rtcp.Packet) error {
	p.letters = append(p.letters, packets...)
	return nil
}

// encoder answers requests for keyframes.
type encoder struct {
	post
	studio *studio
}

func (e *encoder) WriteRTCP(packets []rtcp.Packet) error {
	for _, p := range packets {
		if pli, ok := p.(*rtcp.PictureLossIndication); ok {
			e.studio.asked[pli.MediaSSRC] = true
		}
	}
	return e.post.WriteRTCP(packets)
}

// count returns how many of the letters are like one.
func count[T rtcp.Packet](p *post) (n int) {
	for _, letter := range p.letters {
		if _, ok := letter.(T); ok {
			n++
		}
	}
	return n
}

func TestAKeyframeThatIsHereIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	toAna := &post{}
	s.ana.rtcp = toAna
	s.watch()
	s.run(900*time.Millisecond, hd)
	s.flows("f")
	if n := count[*rtcp.PictureLossIndication](toAna); n != 0 {
		t.Errorf("%d keyframes were asked for, though each encoding began with one", n)
	}
}

func TestACodecThatIsNotTakenIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	toAna := &post{}
	s.ana.rtcp = toAna
	b := *s.picture.bound.Load()
	b.types[media.VP8] = payloadTypes{}
	s.picture.bound.Store(&b)
	s.watch()
	s.run(10*time.Second, one)
	if n := count[*rtcp.PictureLossIndication](toAna); n > 1 {
		t.Errorf("%d keyframes were asked for, for one who cannot decode them", n)
	}
}

func TestASlotThatIsNotBoundAsksForNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	toAna := &post{}
	s.ana.rtcp = toAna
	s.picture.bound.Store(nil)
	s.watch()
	s.run(10*time.Second, one)
	if n := count[*rtcp.PictureLossIndication](toAna); n > 1 {
		t.Errorf("%d keyframes were asked for, for a slot that cannot send them", n)
	}
}

func TestWhoChangesItsMindCostsFewKeyframes(t *testing.T) {
	t.Parallel()
	for name, wishes := range map[string][2]allocate.Wish{
		"size":  {tile(300, 170), tile(1280, 720)},
		"pause": {{Paused: true}, tile(1280, 720)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, "q", "h", "f")
			s.watch()
			s.run(time.Second, hd)
			toAna := &encoder{studio: s}
			s.ana.rtcp, s.asked = toAna, make(map[uint32]bool)
			for i := range 30 * 25 { // half a minute
				s.bob.wish(s.now, wished{"cam", wishes[i%2]})
				s.run(40*time.Millisecond, hd)
			}
			if n := count[*rtcp.PictureLossIndication](&toAna.post); n > maxWhims+11 {
				t.Errorf("%d keyframes were asked for by one who cannot decide, want at most 24 and one in 3 s", n)
			}
		})
	}
}

func TestWhatWasSeenIsNotReplayed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	s.run(200*time.Millisecond, one)
	before := len(s.out.headers)
	s.bob.wish(s.now, wished{"cam", allocate.Wish{Paused: true}})
	s.bob.wish(s.now, wished{"cam", allocate.Wish{}})
	if n, sent := s.loop.tally.repairs.replayed, len(s.out.headers)-before; n != 0 || sent != 0 {
		t.Errorf("%d keyframes replayed in %d packets to one who has them", n, sent)
	}
}

func TestAKeyframeBeforeTheConnectionIsUpDoesNotCount(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.bob.out.way = nil
	s.watch()
	s.run(500*time.Millisecond, one)
	s.bob.out.way = &s.out
	toAna := &post{}
	s.ana.rtcp = toAna
	s.run(400*time.Millisecond, one)
	if n := len(s.out.headers); n != 0 {
		t.Errorf("%d packets went out before a keyframe", n)
	}
	if count[*rtcp.PictureLossIndication](toAna) == 0 {
		t.Error("no keyframe was asked for")
	}
	s.run(200*time.Millisecond, one)
	if n := len(s.out.headers); n == 0 {
		t.Error("nothing went out from the next keyframe on")
	}
}

// bindable is what pion tells of a slot that was negotiated.
type bindable struct{ webrtc.TrackLocalContext }

func (bindable) SSRC() webrtc.SSRC               { return 1 }
func (bindable) SSRCRetransmission() webrtc.SSRC { return 2 }
func (bindable) CodecParameters() []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, PayloadType: 120,
	}}
}
func (bindable) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return nil }

func TestASlotThatIsBoundLateShowsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.now = time.Now() // Bind's
	s.picture.bound.Store(nil)
	s.watch()
	s.run(100*time.Millisecond, one)
	if _, err := s.picture.Bind(bindable{}); err != nil {
		t.Fatal(err)
	}
	for _, task := range s.loop.tasks.Take(nil) {
		task()
	}
	if len(s.out.headers) != 5 {
		t.Errorf("%d packets, want the 5 since the keyframe", len(s.out.headers))
	}
}

func TestLostSoundAsksForNoKeyframe(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.watch()
	for range 2 * audioRing {
		s.say(20, 111, []byte{1})
	}
	for seq := range uint16(audioRing / 2) { // all gone from the ring
		s.sound.answer(s.out.headers[0].SequenceNumber+seq, s.now)
	}
	if n := s.loop.tally.repairs.plisLimited; n != 0 {
		t.Errorf("%d requests for keyframes of sound", n)
	}
}
