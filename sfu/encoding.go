package sfu

import (
	"math"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/allocate"
	"sfu/sfu/dependency"
	"sfu/sfu/keyframe"
	"sfu/sfu/media"
	"sfu/sfu/nack"
	"sfu/sfu/report"
	"sfu/sfu/speaker"
)

// encoding is one RTP stream of an up track. The media loop owns it.
type encoding struct {
	track *upTrack
	rid   string
	ssrc  uint32
	feed  media.Feed // 0 until its first packet

	ring         *nack.Ring
	gaps         nack.Gaps
	received     report.Receiver
	timeline     report.Timeline
	descriptors  dependency.Parser
	keyframe     keyframe.Throttle
	asked        uint64 // newest number when the last keyframe request left
	lastKeyframe uint64 // its first packet; 0 before one came
	newest       uint64
	picture      picture
	flow         flow
}

// picture is what is known of the pictures that an encoding gives.
type picture struct {
	codec    media.Codec
	rotation uint8 // how it is to be turned, in quarters (3GPP TS 26.114, 7.4.5)
	layers   int   // spatial layers that have come
	rates    allocate.Rates
	spatial  [media.MaxSpatial]spatial

	frames int       // since
	since  time.Time // frames were counted last
	fps    float64   // rounded; 0 before they were
	key    time.Time // when the newest keyframe came; zero before one did
}

// spatial is what is known of one spatial layer of an encoding.
type spatial struct {
	pulse    allocate.Pulse
	size     media.Size // zero while no packet told it
	temporal uint8      // the highest temporal layer that came
}

// begin makes ssrc the source of the encoding: its first one, or another after
// the publisher replaced it, which is another stream to everyone downstream.
func (e *encoding) begin(ssrc uint32) {
	e.ssrc = ssrc
	e.ring.Clear(func(p *media.Packet) {
		l := e.track.link.loop
		l.batch.evicted = append(l.batch.evicted, p)
	})
	e.ring = e.track.newRing() // takes any first number
	e.descriptors.Reset()
	e.restart()
}

// restart gives the stream a new name and forgets what belonged to the old, but
// for the descriptors: the packet that begins another codec has told its own.
func (e *encoding) restart() {
	l := e.track.link.loop
	l.forget(e)
	l.feeds.add(e)
	e.gaps.Reset()
	e.received.Reset()
	e.timeline.Reset()
	e.asked, e.lastKeyframe, e.newest = 0, 0, 0
	e.picture = picture{}
}

// note takes a packet that the ring took.
func (e *encoding) note(pkt *media.Packet, taken nack.Taken, repaired bool, now time.Time) {
	switch {
	case taken.Restart:
		e.descriptors.Reset()
		e.restart()
	case !e.changes(pkt):
	case taken.Newest:
		e.restart()
	default:
		return // late, and of the codec before: of a feed that is gone
	}
	fresh := e.newest == 0
	pkt.Feed = e.feed
	e.track.newest, e.track.heard, e.track.silences = pkt.Arrival, pkt.Arrival, 0
	if taken.Newest {
		e.newest = pkt.ESN
	}
	e.gaps.Note(pkt.ESN, pkt.Arrival)
	if e.gaps.Any() {
		lk := e.track.link
		lk.loop.due.repair = earlier(lk.loop.due.repair, now.Add(repairEvery))
	}
	if !repaired { // RFC 4588, 6.3: a retransmission is not a reception of the original
		e.received.Note(pkt.ESN, pkt.Timestamp, pkt.Codec.ClockRate(), pkt.Arrival)
	}
	pkt.Capture, pkt.HasCapture = e.timeline.Common(pkt.Timestamp, pkt.Codec.ClockRate())
	switch {
	case pkt.Padding:
	case e.track.kind == media.Video:
		e.notePicture(pkt, now)
	case pkt.HasLevel && !e.track.muted:
		e.track.link.loop.voices.detect.Observe(speaker.Key(e.feed), pkt.Level, pkt.Voice, now)
	}
	if fresh { // a feed that nobody has yet
		e.track.survey(now)
		e.track.retarget()
	}
}

// changes reports whether the publisher goes on in another video codec on the
// same SSRC: to a decoder that is another stream, which begins at a keyframe
// (rule F19).
func (e *encoding) changes(pkt *media.Packet) bool {
	return e.track.kind == media.Video && !pkt.Padding && e.picture.codec != media.NoCodec && e.picture.codec != pkt.Codec
}

// notePicture keeps what a packet tells of the pictures that can be had.
func (e *encoding) notePicture(pkt *media.Packet, now time.Time) {
	if pkt.Keyframe {
		if pkt.Layer.Spatial == 0 {
			e.track.link.loop.tally.keyframes++
		}
		e.gaps.Forget(pkt.ESN)
		e.lastKeyframe = max(e.lastKeyframe, pkt.ESN)
		e.picture.key = now
		if pkt.ESN > e.asked {
			e.keyframe.Seen(now)
		}
	}
	e.picture.note(pkt)
	if pkt.Keyframe && e.track.survey(now) {
		e.track.retarget() // who waits for the encoding can begin with this very one
	}
}

func (p *picture) note(pkt *media.Packet) {
	p.codec = pkt.Codec
	for i, size := range pkt.Sizes {
		if size != (media.Size{}) {
			p.spatial[i].size = size
		}
	}
	if pkt.HasRotation {
		p.rotation = pkt.Rotation & 3
	}
	s := int(pkt.Layer.Spatial)
	if s >= media.MaxSpatial {
		return
	}
	layer := &p.spatial[s]
	layer.pulse.Note(pkt.Arrival)
	p.rates.Note(pkt.Layer, len(pkt.Payload)+packetCost, pkt.Arrival)
	layer.temporal = max(layer.temporal, min(pkt.Layer.Temporal, media.MaxTemporal-1))
	p.layers = max(p.layers, s+1)
	if pkt.FrameStart && s == 0 {
		p.frames++
	}
}

// count measures the frame rate, a second at a time.
func (p *picture) count(now time.Time) {
	passed := now.Sub(p.since)
	if passed < time.Second {
		return
	}
	if !p.since.IsZero() && p.frames > 0 {
		p.fps = math.Round(float64(p.frames) / passed.Seconds())
	}
	p.frames, p.since = 0, now
}

// size returns that of a spatial layer's pictures as they are shown.
func (p *picture) size(layer uint8) media.Size {
	s := p.spatial[layer&(media.MaxSpatial-1)].size
	if p.rotation&1 != 0 {
		s.Width, s.Height = s.Height, s.Width
	}
	return s
}

const (
	// A keyframe is replayed to a newcomer while few packets and little time
	// have passed since: behind it comes everything up to now, at once.
	replayPackets = 40
	replayTime    = time.Second
)

// replayable reports whether the newest keyframe and all that came since are in
// the ring and few enough to be sent at once.
func (e *encoding) replayable(now time.Time) bool {
	if e.lastKeyframe == 0 || e.newest-e.lastKeyframe >= replayPackets {
		return false
	}
	for esn := e.lastKeyframe; esn <= e.newest; esn++ {
		if e.ring.Get(esn) == nil {
			return false
		}
	}
	return now.Sub(e.ring.Get(e.lastKeyframe).Arrival) < replayTime
}

// requestKeyframe asks the publisher for a keyframe, now or when the throttle
// allows it.
func (e *encoding) requestKeyframe(now time.Time) {
	if e.track.kind == media.Video && !e.track.muted {
		e.keyframe.Request(now)
		e.sendPLI(now)
	}
}

func (e *encoding) sendPLI(now time.Time) {
	if e.track.muted || !e.keyframe.Due(now) {
		return
	}
	e.asked = e.newest
	lk := e.track.link
	lk.loop.tally.repairs.plisUp++
	lk.up.traffic.keyframes++
	lk.send(&rtcp.PictureLossIndication{SenderSSRC: lk.ssrc, MediaSSRC: e.ssrc})
}

// repair asks the publisher for what did not come, and for the keyframes that
// were put off.
func (e *encoding) repair(now time.Time) {
	lk := e.track.link
	if e.feed == 0 || e.track.kind == media.Audio && !lk.up.desc.audioNACK {
		return
	}
	scratch := &lk.loop.batch.numbers
	missing, lost := e.gaps.Due((*scratch)[:0], now, lk.path.rtt)
	*scratch = missing
	lk.loop.tally.repairs.nacksOut += len(missing)
	lk.up.traffic.nacks += len(missing)
	for part := range slices.Chunk(missing, maxNacked) {
		seqs := make([]uint16, len(part))
		for i, esn := range part {
			seqs[i] = uint16(esn)
		}
		lk.send(&rtcp.TransportLayerNack{
			SenderSSRC: lk.ssrc, MediaSSRC: e.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
		})
	}
	if lost {
		e.requestKeyframe(now)
	}
	e.sendPLI(now)
	if e.gaps.Any() {
		lk.loop.due.repair = earlier(lk.loop.due.repair, now.Add(repairEvery))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
