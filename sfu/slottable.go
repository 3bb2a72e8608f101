package sfu

import (
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/slots"
	"sfu/signaling/wire"
)

const (
	// slotStep is how many pairs a growing room adds at once, so that not
	// every newcomer costs everyone an offer.
	slotStep = 4
	// maxPairs bounds what one subscriber is sent: 64 pairs are 128 m-lines.
	maxPairs = 64
)

// slotTable is the down slots of one participant. Its loop owns it.
type slotTable struct {
	table   slots.Table
	pairs   []slotPair
	want    int // pairs that the next offer is to bring about
	version uint64
	sent    []wire.Slot // what the client was told last
	without int         // tracks for which there is no slot and will be none
}

// slotPair is an audio and a video slot that share a msid.
type slotPair struct {
	audio, video         *downTrack
	audioLine, videoLine *webrtc.RTPTransceiver
	live                 bool // negotiated: it has mids
}

// newPair makes the down tracks of the next pair.
func (p *participant) newPair() slotPair {
	k := len(p.slots.pairs)
	return slotPair{
		audio: newDownTrack(p.link, media.Audio, k),
		video: newDownTrack(p.link, media.Video, k),
	}
}

// firstPairs fills the sections that the client's first offer has room for.
func (p *participant) firstPairs(desc *description) error {
	var rooms [media.NumKinds]int
	for _, s := range desc.sections {
		if s.receives {
			rooms[s.kind]++
		}
	}
	for n := min(rooms[media.Audio], rooms[media.Video], maxPairs); n > 0; n-- {
		pair := p.newPair()
		audio, err := p.pc.AddTrack(pair.audio)
		if err != nil {
			return err
		}
		video, err := p.pc.AddTrack(pair.video)
		if err != nil {
			return err
		}
		pair.audioLine, pair.videoLine = p.lineOf(audio), p.lineOf(video)
		p.addPair(pair)
	}
	return nil
}

// growPairs adds m-lines up to what is wanted; an offer has to follow.
func (p *participant) growPairs() error {
	for len(p.slots.pairs) < p.slots.want {
		pair := p.newPair()
		var err error
		sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
		if pair.audioLine, err = p.pc.AddTransceiverFromTrack(pair.audio, sendonly); err != nil {
			return err
		}
		if pair.videoLine, err = p.pc.AddTransceiverFromTrack(pair.video, sendonly); err != nil {
			return err
		}
		p.addPair(pair)
	}
	return nil
}

func (p *participant) addPair(pair slotPair) {
	p.slots.pairs = append(p.slots.pairs, pair)
	p.slots.want = max(p.slots.want, len(p.slots.pairs))
	lk := p.link
	lk.loop.do(func() {
		if !lk.gone {
			lk.down.tracks = append(lk.down.tracks, pair.audio, pair.video)
		}
	})
}

func (p *participant) lineOf(sender *webrtc.RTPSender) *webrtc.RTPTransceiver {
	for _, t := range p.pc.GetTransceivers() {
		if t.Sender() == sender {
			return t
		}
	}
	return nil
}

// pairsNegotiated makes the pairs that an offer and its answer settled usable.
func (p *participant) pairsNegotiated() {
	for i := range p.slots.pairs {
		pair := &p.slots.pairs[i]
		if pair.live || pair.audioLine == nil || pair.videoLine == nil ||
			pair.audioLine.Mid() == "" || pair.videoLine.Mid() == "" {
			continue
		}
		pair.live = true
		p.slots.table.Grow(1)
		audio, video := []byte(pair.audioLine.Mid()), []byte(pair.videoLine.Mid())
		p.link.loop.do(func() { pair.audio.stamp.mid, pair.video.stamp.mid = audio, video })
	}
}

// countWithout counts tracks that found no slot, each time that they have become more.
func (p *participant) countWithout(pairs, missing int) {
	if pairs < maxPairs {
		missing = 0 // they wait for slots
	}
	if more := missing - p.slots.without; more > 0 {
		p.server.count.Door.Limited[metrics.LimitTracks].Add(float64(more))
	}
	p.slots.without = missing
}

// assignSlots decides which published track feeds which slot, tells the media
// loop and the client, and asks for more slots where there are too few.
func (p *participant) assignSlots() {
	if !p.presence.ever || p.presence.left {
		return // what is sent before the connection is up is lost, keyframes too
	}
	changed, missing := p.slots.table.Assign(p.view.wishes(p.pinned))
	for _, k := range changed {
		p.carry(k, p.slots.table.Pairs()[k])
	}
	if missing > 0 && p.slots.want < maxPairs {
		live := len(p.slots.table.Pairs())
		steps := (missing + slotStep - 1) / slotStep
		if want := min(live+steps*slotStep, maxPairs); want > p.slots.want {
			p.slots.want = want
			p.talks.state.Need(time.Now())
		}
	}
	p.countWithout(len(p.slots.table.Pairs()), missing)
	p.sendSlots()
}

// carry tells the media loop what pair k carries now.
func (p *participant) carry(k int, content slots.Pair) {
	pair, loop := p.slots.pairs[k], p.link.loop
	loop.do(func() {
		if p.link.gone {
			return
		}
		now := time.Now()
		pair.audio.carry(loop.tracks[content.Audio], now)
		pair.video.carry(loop.tracks[content.Video], now)
	})
}

// sendSlots tells the client what its slots carry, if that is news.
func (p *participant) sendSlots() {
	list := make([]wire.Slot, 0, 2*len(p.slots.pairs))
	for k, content := range p.slots.table.Pairs() {
		pair := &p.slots.pairs[k]
		list = append(list,
			slotMessage(pair.audioLine.Mid(), content.Participant, content.Audio),
			slotMessage(pair.videoLine.Mid(), content.Participant, content.Video))
	}
	if sameSlots(list, p.slots.sent) {
		return
	}
	p.slots.sent = list
	p.slots.version++
	p.send(&wire.Slots{Version: p.slots.version, Slots: list})
}

func slotMessage(mid string, participant media.ParticipantID, track media.TrackID) wire.Slot {
	s := wire.Slot{MID: mid}
	if track != "" {
		t, p := string(track), string(participant)
		s.Track, s.Participant = &t, &p
	}
	return s
}

func sameSlots(a, b []wire.Slot) bool {
	if len(a) != len(b) {
		return false
	}
	same := func(x, y *string) bool { return x == y || x != nil && y != nil && *x == *y }
	for i := range a {
		if a[i].MID != b[i].MID || !same(a[i].Track, b[i].Track) || !same(a[i].Participant, b[i].Participant) {
			return false
		}
	}
	return true
}
