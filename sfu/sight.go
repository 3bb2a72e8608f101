package sfu

import (
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// settle is how long a picture may be missing before the client is told why:
// most waits are shorter than it takes to read.
const settle = time.Second

// sight is what a subscriber sees of a track, as its client was told.
type sight struct {
	told  wire.TrackState // the zero TrackState before the first
	since time.Time       // since when something else is true
}

// carry makes the slot show t from now on, or nothing.
func (d *downTrack) carry(t *upTrack, now time.Time) {
	if d.track == t {
		return
	}
	gauge := d.link.loop.tally.set.DownTracks[d.kind]
	if d.track != nil {
		if d.link.carrier(d.track) == d { // or another slot has taken the track over
			d.link.setCarrier(d.track, nil)
		}
		d.track.removeDown(d)
		gauge.Dec()
	}
	d.giveUp()
	d.track, d.wish, d.chooser, d.seen = t, allocate.Wish{}, allocate.Chooser{}, sight{}
	d.aim, d.demands.changed = aim{}, false
	d.sent.fresh, d.sent.taken = t != nil, time.Time{}
	d.fwd.SetTarget(0, media.Layer{})
	d.fwd.Cut()
	if t != nil {
		d.wish = d.link.down.wishes[t.id]
		d.link.setCarrier(t, d)
		d.link.pinSound(t.link)
		t.downs = append(t.downs, d)
		gauge.Inc()
		if t.flows(now) && !d.paused() {
			d.sent.taken = now
		}
		if d.kind == media.Video {
			d.link.plan(now)
		}
		d.begin(now)
	}
}

// begin shows the track from now on: by its newest keyframe, or the next.
func (d *downTrack) begin(now time.Time) {
	d.target()
	if d.fwd.Current() == 0 {
		d.replay(now)
	}
	d.requestKeyframe(now)
}

func (t *upTrack) removeDown(d *downTrack) {
	for i, other := range t.downs {
		if other == d {
			last := len(t.downs) - 1
			t.downs[i], t.downs[last] = t.downs[last], nil
			t.downs = t.downs[:last]
			return
		}
	}
}

// paused reports whether the subscriber wants nothing of the track now.
func (d *downTrack) paused() bool { return d.wish.Paused }

// target points the forwarder at what the subscriber is to get.
func (d *downTrack) target() {
	if feed, layer := d.choose(); feed != d.fwd.Target() || layer != d.aim.layer {
		d.noteDecision(feed, layer)
		d.aim.layer = layer
		d.fwd.SetTarget(feed, layer)
		if feed == 0 {
			d.giveUp()
		}
	}
}

// choose returns what of its track the subscriber is to get; feed 0 is nothing.
func (d *downTrack) choose() (media.Feed, media.Layer) {
	if d.kind == media.Audio {
		if d.paused() {
			return 0, media.Layer{}
		}
		return d.track.soleFeed(), media.Layer{}
	}
	i, temporal, ok := d.granted()
	if !ok {
		return 0, media.Layer{}
	}
	o := &d.track.supply.options[i]
	layer := media.Layer{Spatial: o.Spatial, Temporal: temporal}
	if !d.decodesLayers(o.Feed) {
		layer.Spatial = 0
	}
	return o.Feed, layer
}

// granted returns the option of the track that the subscriber is to get and the
// highest temporal layer of it: what it wants, or what its budget leaves of that.
func (d *downTrack) granted() (i int, temporal uint8, ok bool) {
	options := d.track.supply.options
	i, temporal, ok = d.chooser.Choose(d.wish, options)
	if ok && d.aim.planned {
		switch g := d.aim.grant; {
		case g.Paused:
			return 0, 0, false
		case g.Option < i:
			if i = allocate.NearestLive(options, g.Option); i > g.Option {
				return i, 0, true // what was granted is off at the publisher, and on its way
			}
			return i, g.Temporal, true
		case g.Option == i && g.Temporal < temporal:
			return i, g.Temporal, true
		}
	}
	if d.wish.FPS == 0 {
		temporal = media.MaxTemporal - 1 // those that have not come yet, too
	}
	return i, temporal, ok
}

// lowest returns the option that the budget leaves of what the subscriber wants:
// of a picture that it has no room for, the one with which it begins again.
func (d *downTrack) lowest(want int) int {
	switch g := d.aim.grant; {
	case !d.aim.planned:
		return want
	case g.Paused:
		return 0
	default:
		return min(g.Option, want)
	}
}

// decodesLayers reports whether the subscriber can put a picture together from
// several spatial layers: those of AV1 are told apart by the Dependency
// Descriptor alone, which Firefox does not take (media.md, 9).
func (d *downTrack) decodesLayers(feed media.Feed) bool {
	e, b := d.link.loop.feeds.by[feed], d.bound.Load()
	return e == nil || b == nil || e.picture.codec != media.AV1 || b.ids.dependency != 0
}

// requestKeyframe asks for a keyframe if the slot waits for one and can send it.
// What changes by itself, or at the publisher, costs the subscriber nothing; its
// own wishes do: a keyframe costs all who watch.
func (d *downTrack) requestKeyframe(now time.Time) {
	if d.track == nil || !d.fwd.NeedsKeyframe() {
		return
	}
	e := d.link.loop.feeds.by[d.fwd.Target()]
	if e == nil || e.keyframe.Waiting() || !d.takes() || d.demands.changed && !d.demands.whims.Allow(now) {
		return
	}
	d.demands.changed = false
	e.requestKeyframe(now)
}

// takes reports whether the slot can send what it is to get.
func (d *downTrack) takes() bool {
	return d.bound.Load() != nil && len(d.stamp.mid) > 0 && d.decodes()
}

// replay sends the packets since the newest keyframe to a slot that waits for
// one, where they are few enough to be of use: the picture is there at once,
// and nobody else's publisher has to make a keyframe for a newcomer (rule F15).
//
// It must not run while a batch is under way: its packets would go out twice.
func (d *downTrack) replay(now time.Time) {
	l := d.link.loop
	e := l.feeds.by[d.fwd.Target()]
	if e == nil || d.track.muted || !d.fwd.NeedsKeyframe() || !e.replayable(now) {
		return
	}
	for esn := e.lastKeyframe; esn <= e.newest; esn++ {
		l.forward(d, &arrival{track: d.track, pkt: e.ring.Get(esn), again: true})
	}
	if d.fwd.Current() != 0 { // else the subscriber had all of it before it paused
		l.tally.repairs.replayed++
	}
}

// state returns what there is to see of the track now.
func (d *downTrack) state(now time.Time) wire.TrackState {
	s := wire.TrackState{Track: string(d.track.id), State: wire.StateActive}
	layer, flows := d.fwd.Layer()
	switch {
	case d.track.muted:
		s.State, s.Reason = wire.StatePaused, wire.PausedMuted
	case d.paused():
		s.State, s.Reason = wire.StatePaused, wire.PausedByWish
	case d.aim.planned && d.aim.grant.Paused:
		s.State, s.Reason = wire.StatePaused, wire.PausedByBandwidth
	case !d.decodes():
		s.State, s.Reason = wire.StatePaused, wire.PausedCodec
	case !flows || now.Sub(d.track.newest) > silence:
		s.State, s.Reason = wire.StatePaused, wire.PausedWaiting
	default:
		if e := d.link.loop.feeds.by[d.fwd.Current()]; e != nil {
			size := e.picture.size(layer.Spatial)
			s.Width, s.Height = int(size.Width), int(size.Height)
		}
	}
	return s
}

// decodes reports whether the subscriber negotiated the codec of what it is to
// get, as far as that is known.
func (d *downTrack) decodes() bool {
	e, b := d.link.loop.feeds.by[d.fwd.Target()], d.bound.Load()
	return e == nil || b == nil || e.picture.codec == media.NoCodec || b.types[e.picture.codec].media != 0
}

// tellState tells the client what became of a picture when that is news.
func (d *downTrack) tellState(now time.Time) {
	if d.track == nil || d.kind != media.Video {
		return
	}
	s := d.state(now)
	if s == d.seen.told {
		d.seen.since = time.Time{}
		return
	}
	if s.Reason == wire.PausedWaiting {
		if d.seen.since.IsZero() {
			d.seen.since = now
		}
		if now.Sub(d.seen.since) < settle {
			return
		}
	}
	d.seen = sight{told: s}
	d.link.hooks.sight(s)
}
