package sfu

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/keyframe"
	"sfu/sfu/media"
	"sfu/sfu/nack"
	"sfu/sfu/report"
	"sfu/sfu/speaker"
)

const (
	videoRing = 512 // packets: about two seconds of 2.5 Mbit/s
	audioRing = 64  // packets: more than a second of Opus
)

// upTrack is one published track. The media loop owns it.
type upTrack struct {
	id     media.TrackID
	link   *link
	mid    string
	source media.Source
	kind   media.Kind
	rids   []string // low to high; empty without simulcast
	muted  bool

	heard    time.Time // its last packet, or when it was published, unmuted or last missed
	silences int       // how often it was missed since its last packet

	index     int // in the room, reused when the track is gone
	encodings []*encoding
	downs     []*downTrack // who carries it
}

// encoding returns the encoding called rid, which is empty without simulcast;
// it is made when its first packet comes. It returns nil for a rid that was
// never declared.
func (t *upTrack) encoding(rid string) *encoding {
	for _, e := range t.encodings {
		if e.rid == rid {
			return e
		}
	}
	if len(t.rids) > 0 && !slices.Contains(t.rids, rid) {
		return nil
	}
	e := &encoding{track: t, rid: rid, ring: t.newRing()}
	t.encodings = append(t.encodings, e)
	return e
}

func (t *upTrack) newRing() *nack.Ring {
	if t.kind == media.Audio {
		return nack.NewRing(audioRing)
	}
	return nack.NewRing(videoRing)
}

// best returns the encoding that subscribers are sent: the highest that flows.
func (t *upTrack) best() *encoding {
	var best *encoding
	for _, e := range t.encodings {
		if e.feed != 0 && (best == nil || slices.Index(t.rids, e.rid) > slices.Index(t.rids, best.rid)) {
			best = e
		}
	}
	return best
}

// retarget points every down track at the encoding that is best now.
func (t *upTrack) retarget(now time.Time) {
	for _, d := range t.downs {
		d.target(now)
	}
}

// setMuted stops or starts forwarding: at the publisher's word, because
// Firefox sends pictures for a while after its camera went off (media.md, 9).
func (t *upTrack) setMuted(muted bool, now time.Time) {
	if t.muted == muted {
		return
	}
	t.muted, t.heard, t.silences = muted, now, 0
	for _, d := range t.downs {
		d.fwd.Cut()
		d.requestKeyframe(now)
	}
}

// encoding is one RTP stream of an up track. The media loop owns it.
type encoding struct {
	track  *upTrack
	rid    string
	ssrc   uint32
	feed   media.Feed // 0 until its first packet
	closed bool

	ring     *nack.Ring
	gaps     nack.Gaps
	received report.Receiver
	timeline report.Timeline
	keyframe keyframe.Throttle
	asked    uint64 // newest number when the last keyframe request left
	newest   uint64
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
	e.restart()
}

// restart gives the stream a new name and forgets what belonged to the old.
func (e *encoding) restart() {
	l := e.track.link.loop
	l.feeds.remove(e)
	l.detect.Remove(speaker.Key(e.feed))
	l.feeds.add(e)
	e.gaps.Reset()
	e.received.Reset()
	e.timeline.Reset()
	e.asked, e.newest = 0, 0
	e.track.retarget(time.Now())
}

// note takes a packet that the ring took.
func (e *encoding) note(pkt *media.Packet, taken nack.Taken, repaired bool, now time.Time) {
	if taken.Restart {
		e.restart()
	}
	pkt.Feed = e.feed
	e.track.heard, e.track.silences = pkt.Arrival, 0
	if taken.Newest {
		e.newest = pkt.ESN
	}
	e.gaps.Note(pkt.ESN, pkt.Arrival)
	if !repaired { // RFC 4588, 6.3: a retransmission is not a reception of the original
		e.received.Note(pkt.ESN, pkt.Timestamp, pkt.Codec.ClockRate(), pkt.Arrival)
	}
	if pkt.Keyframe {
		e.gaps.Forget(pkt.ESN)
		if pkt.ESN > e.asked {
			e.keyframe.Seen(now)
		}
	}
	if pkt.HasLevel && !e.track.muted {
		e.track.link.loop.detect.Observe(speaker.Key(e.feed), pkt.Level, pkt.Voice, now)
	}
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
	lk.loop.tally.plisUp++
	lk.send(&rtcp.PictureLossIndication{SenderSSRC: lk.ssrc, MediaSSRC: e.ssrc})
}

// repair asks the publisher for what did not come, and for the keyframes that
// were put off.
func (e *encoding) repair(now time.Time) {
	if e.track.kind != media.Video || e.feed == 0 {
		return
	}
	lk := e.track.link
	scratch := &lk.loop.batch.numbers
	missing, lost := e.gaps.Due((*scratch)[:0], now, lk.rtt)
	*scratch = missing
	lk.loop.tally.nacksOut += len(missing)
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
}
