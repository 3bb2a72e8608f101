package sfu

import (
	"fmt"
	"slices"
	"time"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// publishTracks makes what the participant publishes equal to what its offer
// declared.
func (p *participant) publishTracks(declared []wire.SendTrack) {
	t := &p.talks
	for _, pub := range slices.Clone(t.tracks) {
		still := slices.ContainsFunc(declared, func(d wire.SendTrack) bool { return d.MID == pub.mid })
		if !still {
			p.unpublish(pub)
		}
	}
	for _, d := range declared {
		source, _ := media.ParseSource(d.Source)
		if pub := t.publication(d.MID); pub != nil {
			p.changeTrack(pub, source, d.Muted)
			continue
		}
		p.publish(d, source)
	}
}

// publish makes a new track known: to the media loop first, so that whoever
// hears of it can be sent it.
func (p *participant) publish(d wire.SendTrack, source media.Source) {
	t := &p.talks
	t.serial++
	pub := publication{
		id:  media.TrackID(fmt.Sprintf("%s.%d", p.id, t.serial)),
		mid: d.MID, source: source, muted: d.Muted, rids: t.remote.section(d.MID).rids,
	}
	t.tracks = append(t.tracks, pub)
	lk := p.link
	track := &upTrack{
		id: pub.id, link: lk, mid: pub.mid, source: source, kind: source.Kind(), rids: pub.rids, muted: pub.muted,
	}
	lk.loop.do(func() {
		if !lk.gone {
			lk.loop.publish(track)
		}
	})
	p.room.setTrack(p, pub.row())
	p.log.Info("published", "track", pub.id, "source", source, "muted", pub.muted)
}

func (p *participant) unpublish(pub publication) {
	t := &p.talks
	t.tracks = slices.DeleteFunc(t.tracks, func(other publication) bool { return other.id == pub.id })
	loop := p.link.loop
	p.room.removeTrack(p, pub.id)
	loop.do(func() {
		if track := loop.tracks[pub.id]; track != nil {
			loop.unpublish(track)
		}
	})
	p.log.Info("unpublished", "track", pub.id)
}

// applyUpdateTrack mutes, unmutes or renames one of the participant's tracks.
func (p *participant) applyUpdateTrack(m *wire.UpdateTrack) {
	pub := p.talks.publication(m.MID)
	if pub == nil {
		p.send(complain(wire.CodeNotFound, "update_track", fmt.Sprintf("No track is published on mid %q.", m.MID)))
		return
	}
	source := pub.source
	if m.Source != "" {
		s, ok := media.ParseSource(m.Source)
		if !ok || s.Kind() != source.Kind() || p.publishes(s, pub) {
			p.send(complain(wire.CodeBadMessage, "update_track", fmt.Sprintf("Source %q does not fit the track.", m.Source)))
			return
		}
		source = s
	}
	p.changeTrack(pub, source, m.Muted)
}

// applySilence tells the client that nothing comes of one of its tracks, so
// that it publishes the track again.
func (p *participant) applySilence(mid string) {
	pub := p.talks.publication(mid)
	if p.presence.left || pub == nil || pub.muted {
		return
	}
	p.log.Warn("nothing arrives", "track", pub.id, "source", pub.source)
	e := complain(wire.CodeNoMedia, "", fmt.Sprintf("Nothing arrives from your %s.", pub.source))
	e.MID = mid
	p.send(e)
}

// publishes reports whether another track than pub has the source.
func (p *participant) publishes(s media.Source, pub *publication) bool {
	return slices.ContainsFunc(p.talks.tracks, func(other publication) bool {
		return other.source == s && other.id != pub.id
	})
}

func (p *participant) changeTrack(pub *publication, source media.Source, muted bool) {
	if pub.source == source && pub.muted == muted {
		return
	}
	pub.source, pub.muted = source, muted
	id, loop := pub.id, p.link.loop
	loop.do(func() {
		if track := loop.tracks[id]; track != nil {
			track.source = source
			track.setMuted(muted, time.Now())
		}
	})
	p.room.setTrack(p, pub.row())
}
