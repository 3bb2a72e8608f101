package sfu

import (
	"slices"
	"strings"
	"time"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// inspect fills what the loop knows of a participant. What rates it tells were
// measured before (sample): to be asked costs a walk over the tracks.
func (lk *link) inspect(p *ParticipantReport, now time.Time) {
	o := &lk.out
	p.Media = !lk.up.up.IsZero() && !lk.gone
	if lk.path.remote.IsValid() {
		p.Path, p.Remote = lk.path.path.String(), lk.path.remote.String()
	}
	if lk.path.measured {
		p.RTT = milliseconds(lk.path.rtt)
	}
	p.Up = UpReport{Bitrate: lk.up.traffic.bitrate, Loss: ratio(lk.up.loss)}
	p.Down = DownReport{
		Bitrate: o.traffic.bitrate, Loss: ratio(o.estimator.Loss()),
		Granted: o.budget.planner.Used(), Sound: o.budget.sound.last,
		Held: o.pacer.count, HeldFor: milliseconds(lk.heldFor(now)),
	}
	if o.known {
		p.Down.Estimate = o.estimator.Bitrate()
	}
	p.Tracks = make([]TrackReport, 0, len(lk.up.tracks))
	for _, t := range lk.up.tracks {
		p.Tracks = append(p.Tracks, t.inspect(now))
	}
	slices.SortFunc(p.Tracks, func(a, b TrackReport) int { return strings.Compare(a.Track, b.Track) })
	for i := range p.Tracks {
		for j := range p.Tracks[i].Encodings {
			p.Up.Jitter = max(p.Up.Jitter, p.Tracks[i].Encodings[j].Jitter)
		}
	}
	p.DownTracks = make([]DownTrackReport, 0, len(lk.down.tracks))
	for _, d := range lk.down.tracks {
		p.Down.Jitter = max(p.Down.Jitter, milliseconds(d.sent.told.jitter))
		if d.track != nil {
			p.DownTracks = append(p.DownTracks, d.inspect(now))
		}
	}
}

func (t *upTrack) inspect(now time.Time) TrackReport {
	report := TrackReport{Track: string(t.id), Source: t.source.String(), Muted: t.muted, Encodings: []EncodingReport{}}
	rids := t.rids
	if len(rids) == 0 {
		rids = []string{""}
	}
	for i, rid := range rids {
		e := EncodingReport{RID: rid, Wanted: t.kind == media.Audio || t.supply.active>>i&1 != 0, KeyframeAge: -1}
		if known := t.find(rid); known != nil && known.feed != 0 {
			known.inspect(&e, now)
			if report.Codec == "" {
				report.Codec = known.codec().MimeType()
			}
		}
		report.Encodings = append(report.Encodings, e)
	}
	return report
}

func (e *encoding) inspect(report *EncodingReport, now time.Time) {
	report.SSRC, report.Bitrate = e.ssrc, e.flow.bitrate
	lost, expected := e.received.Loss()
	report.Loss = ratio(float64(lost) / float64(max(expected, 1)))
	report.Jitter = milliseconds(e.received.Jitter(clockOf(e.track.kind)))
	if e.track.kind != media.Video {
		return
	}
	size := e.picture.size(uint8(max(1, e.picture.layers) - 1))
	report.Width, report.Height, report.FPS = int(size.Width), int(size.Height), e.picture.fps
	if !e.picture.key.IsZero() {
		report.KeyframeAge = seconds(now.Sub(e.picture.key))
	}
}

// codec returns what the encoding carries, as far as its newest packet is known.
func (e *encoding) codec() media.Codec {
	if pkt := e.ring.Get(e.newest); pkt != nil {
		return pkt.Codec
	}
	return e.picture.codec
}

func (d *downTrack) inspect(now time.Time) DownTrackReport {
	p := DownTrackReport{
		Track: string(d.track.id), Of: string(d.track.link.id), Slot: d.id, Kind: d.kind.String(),
		Bitrate: d.sent.flow.bitrate, Loss: ratio(d.sent.told.loss),
	}
	state := d.state(now)
	p.State, p.Reason = state.State, state.Reason
	if d.kind == media.Audio {
		if p.State == wire.StateActive && d.silenced {
			p.State, p.Reason = wire.StatePaused, media.DropQuiet.String()
		}
		return p
	}
	options := d.track.supply.options
	if i, ok := d.chooser.Want(d.wish, options); ok {
		p.Wished = d.option(i, options[i].Temporal-1)
	}
	if i, temporal, ok := d.granted(); ok {
		p.Granted = d.option(i, min(temporal, options[i].Temporal-1))
	}
	if layer, flows := d.fwd.Layer(); flows && p.State == wire.StateActive {
		p.Flowing = &LayerReport{Spatial: layer.Spatial, Temporal: layer.Temporal, Width: state.Width, Height: state.Height}
		if e := d.link.loop.feeds.by[d.fwd.Current()]; e != nil {
			p.Flowing.RID = e.rid
		}
	}
	return p
}

// option names the i-th option of the track.
func (d *downTrack) option(i int, temporal uint8) *LayerReport {
	o, l := &d.track.supply.options[i], &LayerReport{Temporal: temporal}
	l.Spatial, l.Width, l.Height = o.Spatial, int(o.Size.Width), int(o.Size.Height)
	if rids := d.track.rids; len(rids) > 0 {
		l.RID = rids[d.track.supply.ranks[i]]
	}
	return l
}
