package sfu

import (
	"slices"
	"time"

	"sfu/sfu/media"
	"sfu/sfu/nack"
)

const (
	videoRing = 512 // packets: about two seconds of 2.5 Mbit/s
	audioRing = 64  // packets: more than a second of Opus

	// audioTries is how often a lost packet of sound is asked for: what has not
	// come then comes too late to be heard (media.md, A4).
	audioTries = 1
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
	gone   bool // it is published no more

	newest   time.Time // its last packet
	heard    time.Time // its last packet, or when it was published, unmuted or last missed
	silences int       // how often it was missed since its last packet

	index     int // in the room, reused when the track is gone
	encodings []*encoding
	downs     []*downTrack // who carries it
	supply    supply       // what it can be had in
}

// encoding returns the encoding called rid, which is empty without simulcast;
// it is made when its first packet comes. It returns nil for a rid that was
// never declared.
func (t *upTrack) encoding(rid string) *encoding {
	if e := t.find(rid); e != nil {
		return e
	}
	if len(t.rids) > 0 && !slices.Contains(t.rids, rid) {
		return nil
	}
	e := &encoding{track: t, rid: rid, ring: t.newRing()}
	if t.kind == media.Audio {
		e.gaps.Tries(audioTries)
	}
	t.encodings = append(t.encodings, e)
	return e
}

// find returns the encoding called rid, nil before its first packet.
func (t *upTrack) find(rid string) *encoding {
	for _, e := range t.encodings {
		if e.rid == rid {
			return e
		}
	}
	return nil
}

// rank returns the place of an encoding among those of its track, low to high.
func (t *upTrack) rank(rid string) int { return max(0, slices.Index(t.rids, rid)) }

func (t *upTrack) newRing() *nack.Ring {
	if t.kind == media.Audio {
		return nack.NewRing(audioRing)
	}
	return nack.NewRing(videoRing)
}

// soleFeed returns the feed of a track with one encoding, 0 before it flows.
func (t *upTrack) soleFeed() media.Feed {
	if len(t.encodings) == 0 {
		return 0
	}
	return t.encodings[0].feed
}

// retarget points every down track at what it is to get of the track now.
func (t *upTrack) retarget() {
	for _, d := range t.downs {
		d.target()
	}
}

// requestKeyframes asks for the keyframes that down tracks wait for.
func (t *upTrack) requestKeyframes(now time.Time) {
	for _, d := range t.downs {
		d.requestKeyframe(now)
	}
}

// setMuted stops or starts forwarding: at the publisher's word, because
// Firefox sends pictures for a while after its camera went off (media.md, 9).
// What came meanwhile is nobody's to see later: not as the keyframe that a
// newcomer is shown, nor before the first word.
func (t *upTrack) setMuted(muted bool, now time.Time) {
	if t.muted == muted {
		return
	}
	t.muted, t.heard, t.silences = muted, now, 0
	for _, e := range t.encodings {
		e.ring.Clear((*media.Packet).Release)
	}
	for _, d := range t.downs {
		d.fwd.Cut()
		d.giveUp()
		d.waits()
	}
	t.requestKeyframes(now)
}
