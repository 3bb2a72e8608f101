package sfu

import (
	"slices"
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// maxPinned bounds the tracks that one subscriber pins. What is pinned beyond
// it is wished for like any other.
const maxPinned = 16

// applySubscribe takes wishes: to the media loop, which chooses layers by them,
// and of those that are pinned to the slots, which they get first.
func (p *participant) applySubscribe(m *wire.Subscribe) {
	repinned := false
	wishes := make([]wished, len(m.Tracks))
	for i, w := range m.Tracks {
		id := media.TrackID(w.Track)
		repinned = p.pin(id, w.Pinned) || repinned
		wishes[i] = wished{id, readWish(w)}
		wishes[i].Pinned = p.pinned[id]
	}
	lk := p.link
	lk.loop.do(func() { lk.wish(time.Now(), wishes...) })
	if repinned {
		p.assignSlots()
	}
}

// pin notes whether a track is pinned and reports whether that is news.
func (p *participant) pin(id media.TrackID, pinned bool) (changed bool) {
	if p.pinned[id] == pinned || pinned && (len(p.pinned) >= maxPinned || !p.view.has(id)) {
		return false
	}
	if pinned {
		p.pinned[id] = true
	} else {
		delete(p.pinned, id)
	}
	return true
}

func readWish(w wire.TrackWish) allocate.Wish {
	return allocate.Wish{
		Size: media.Size{Width: uint16(w.Width), Height: uint16(w.Height)},
		FPS:  uint8(w.FPS), Priority: uint8(w.Priority), Paused: w.Paused,
	}
}

// applyLayers tells the client which encodings of a track it is to encode. The
// track may be gone, and its section be another's.
func (p *participant) applyLayers(track media.TrackID, active map[string]bool) {
	i := slices.IndexFunc(p.talks.tracks, func(pub publication) bool { return pub.id == track })
	if i < 0 || p.presence.left {
		return
	}
	pub := &p.talks.tracks[i]
	pub.active = active
	p.send(&wire.Layers{MID: pub.mid, Active: active})
}

// repeatLayers tells a client that resumed again what it may have missed.
func (p *participant) repeatLayers() {
	for _, pub := range p.talks.tracks {
		if pub.active != nil {
			p.send(&wire.Layers{MID: pub.mid, Active: pub.active})
		}
	}
}

// repeatSights makes the media loop tell a client that resumed again what there
// is to see.
func (p *participant) repeatSights() {
	lk := p.link
	lk.loop.do(func() {
		for _, d := range lk.down.tracks {
			d.seen = sight{}
		}
	})
}

// applySight tells the client what there is to see of a track.
func (p *participant) applySight(s wire.TrackState) {
	if !p.presence.left && p.view.has(media.TrackID(s.Track)) {
		p.send(&s)
	}
}
