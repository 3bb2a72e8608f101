package sfu

import (
	"math/bits"
	"slices"
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/dynacast"
	"sfu/sfu/media"
)

// surveyEvery is how often it is looked at what flows and what is wanted. A
// layer that stops is missed after a second, so this need not be quick.
const surveyEvery = 100 * time.Millisecond

// supply is what a video track can be had in, and what is wanted of it. The
// media loop owns it.
type supply struct {
	options []allocate.Option // low to high
	ranks   []uint8           // the encoding that each option belongs to
	costs   []allocate.Cost   // of each option
	scratch []allocate.Option

	wanted dynacast.Switch
	active uint8 // bit i: encoding i is to be encoded
}

func newSupply(rids []string) supply {
	n := max(1, len(rids))
	return supply{wanted: dynacast.Switch{Encodings: n}, active: 1<<n - 1}
}

// survey looks at what flows now and reports whether that is news.
func (t *upTrack) survey(now time.Time) (changed bool) {
	s := &t.supply
	s.scratch, s.ranks, s.costs = s.scratch[:0], s.ranks[:0], s.costs[:0]
	if len(t.rids) == 0 {
		t.surveyEncoding("", now)
	}
	for _, rid := range t.rids {
		t.surveyEncoding(rid, now)
	}
	changed = !slices.Equal(s.options, s.scratch)
	s.options, s.scratch = s.scratch, s.options
	return changed
}

// surveyEncoding adds the options of one encoding. One that has not come yet is
// an option too: it is what somebody may wait for.
func (t *upTrack) surveyEncoding(rid string, now time.Time) {
	s, rank := &t.supply, uint8(t.rank(rid))
	i := slices.IndexFunc(t.encodings, func(e *encoding) bool { return e.rid == rid })
	if i < 0 || t.encodings[i].feed == 0 {
		s.scratch, s.ranks = append(s.scratch, allocate.Option{Temporal: 1}), append(s.ranks, rank)
		s.costs = append(s.costs, allocate.Cost{})
		return
	}
	e := t.encodings[i]
	e.picture.count(now)
	for layer := range max(1, e.picture.layers) {
		l := &e.picture.spatial[layer]
		s.ranks = append(s.ranks, rank)
		s.costs = append(s.costs, e.picture.rates.Cost(uint8(layer)))
		s.scratch = append(s.scratch, allocate.Option{
			Feed: e.feed, Spatial: uint8(layer), Size: e.picture.size(uint8(layer)), Temporal: l.temporal + 1,
			FPS: e.picture.fps, Live: l.pulse.Live(t.newest),
		})
	}
}

// tick keeps subscribers at what there is, and the publisher at what is wanted.
func (t *upTrack) tick(now time.Time) {
	if t.kind == media.Audio {
		return
	}
	if t.survey(now) {
		t.retarget()
		t.requestKeyframes(now)
	}
	active, changed := t.supply.wanted.Update(t.demand(), now)
	if !changed {
		return
	}
	if active&^t.supply.active != 0 { // what comes back has its time to come
		t.heard, t.silences = now, 0
	}
	off := bits.OnesCount8(t.supply.active) - bits.OnesCount8(active)
	t.link.loop.tally.set.EncodingsOff.Add(float64(off))
	t.supply.active = active
	t.link.hooks.layers(t.id, t.layers())
}

// demand returns the encodings that somebody would get if all were there. While
// that one is not, or not granted, it is also the one that stands in for it, and
// all between the two: a publisher whose uplink is too narrow for the largest may
// well have room for the next, and so may a subscriber.
func (t *upTrack) demand() (wanted uint8) {
	s := &t.supply
	for _, d := range t.downs {
		want, ok := d.chooser.Want(d.wish, s.options)
		if !ok {
			continue
		}
		have, _, _ := d.chooser.Choose(d.wish, s.options)
		for i := min(want, have, d.lowest(want)); i <= max(want, have); i++ {
			wanted |= 1 << s.ranks[i]
		}
	}
	return wanted
}

// layers returns for every encoding whether the publisher is to encode it.
func (t *upTrack) layers() map[string]bool {
	active := make(map[string]bool, len(t.rids))
	if len(t.rids) == 0 {
		active[""] = t.supply.active&1 != 0
	}
	for i, rid := range t.rids {
		active[rid] = t.supply.active>>i&1 != 0
	}
	return active
}
