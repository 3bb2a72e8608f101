package allocate

import "sfu/sfu/media"

// Wish is what a subscriber wants of one video track, as its client said it.
type Wish struct {
	Size     media.Size // of the tile, in device pixels; a zero side asks for nothing, both: as large as there is
	FPS      uint8      // at most; 0: as many as there are
	Priority uint8      // among tracks; which picture of this one is chosen does not depend on it
	Pinned   bool       // as large as there is, whatever Size says
	Paused   bool       // nothing at all
}

// Option is one picture size in which a track can be had: a simulcast
// encoding, or one spatial layer of an SVC encoding.
type Option struct {
	Feed     media.Feed // 0 while no packet came
	Spatial  uint8      // of the feed
	Temporal uint8      // how many temporal layers there are, at least 1
	Size     media.Size // as shown, that is turned upright; zero while unknown
	FPS      float64    // measured, with all temporal layers; 0 while unknown
	Live     bool       // packets are coming now
}

// A picture fills a tile when it has this share of the tile's area, in percent
// (the same on each side: the square root of it). enough is an enlargement by
// 15 %, which is not worth the four times as many pixels of the next picture. A
// larger picture that is there already is given up only when the smaller one is
// ample, enlarged by 5 %: a tile that is dragged to and fro about a threshold
// must not cost a keyframe each time.
const (
	enough = 75
	ample  = 90
)

// Chooser turns the wishes of one subscriber for one track into a target. It
// remembers what it chose, so that a small change does not change it. The zero
// Chooser is ready to use.
type Chooser struct {
	option   int   // what Want said last
	temporal uint8 // what Choose said last
}

// Want returns the option that w would be given if all were live: the lowest
// that fills the tile, or the highest. Options are sorted low to high. ok is
// false when nothing is wanted.
//
// It is what the publisher is to encode for w, together with what Choose
// returns meanwhile: an encoding that never comes must not take down the one
// that is shown in its place.
func (c *Chooser) Want(w Wish, options []Option) (i int, ok bool) {
	if w.Paused || len(options) == 0 {
		*c = Chooser{} // whatever comes next begins with a keyframe anyway
		return 0, false
	}
	low, high := len(options)-1, len(options)-1
	if !w.Pinned {
		low, high = lowest(options, w.Size, enough), lowest(options, w.Size, ample)
	}
	c.option = min(max(c.option, low), high)
	return c.option, true
}

// Choose returns the option to forward and the highest temporal layer of it.
// While what is wanted is not live it is the next lower one that is, or the
// lowest above; while nothing is live it is what is wanted. ok is false when
// nothing is to be forwarded.
func (c *Chooser) Choose(w Wish, options []Option) (i int, temporal uint8, ok bool) {
	wanted, ok := c.Want(w, options)
	if !ok {
		return 0, 0, false
	}
	i = NearestLive(options, wanted)
	c.temporal = options[i].temporal(w.FPS, c.temporal)
	return i, c.temporal, true
}

// lowest returns the first option that fills the tile, or the last of all.
func lowest(options []Option, tile media.Size, share int) int {
	for i := range options {
		if fills(options, i, tile, share) {
			return i
		}
	}
	return len(options) - 1
}

// fills reports whether option i covers the tile on both sides. A client that
// letterboxes instead says the size of the picture as it is shown.
func fills(options []Option, i int, tile media.Size, share int) bool {
	if tile == (media.Size{}) {
		return false // as large as there is
	}
	width, height := sizeOf(options, i)
	reaches := func(have int, side uint16) bool {
		return 100*have*have >= share*int(side)*int(side)
	}
	return reaches(width, tile.Width) && reaches(height, tile.Height)
}

// What cameras mostly send, while nothing is known of a track.
const (
	usualWidth, usualHeight = 1280, 720
	usualFPS                = 30
)

// sizeOf returns the size of option i, or a guess while that is unknown: each
// option is half as wide and half as high as the one above it.
func sizeOf(options []Option, i int) (width, height int) {
	for above := i; above < len(options); above++ {
		if s := options[above].Size; s.Pixels() > 0 {
			return int(s.Width) >> (above - i), int(s.Height) >> (above - i)
		}
	}
	for below := i - 1; below >= 0; below-- {
		if s := options[below].Size; s.Pixels() > 0 {
			return int(s.Width) << (i - below), int(s.Height) << (i - below)
		}
	}
	top := len(options) - 1
	return usualWidth >> (top - i), usualHeight >> (top - i)
}

// NearestLive returns i if it is live, else the next lower option that is, else
// the lowest above, else i.
func NearestLive(options []Option, i int) int {
	for below := i; below >= 0; below-- {
		if options[below].Live {
			return below
		}
	}
	for above := i + 1; above < len(options); above++ {
		if options[above].Live {
			return above
		}
	}
	return i
}

// The measured frame rate wavers: a temporal layer is taken up while it brings
// at most 10 % more frames than wished for, and kept up to 25 %.
const (
	takeUp = 1.10
	keep   = 1.25
)

// temporal returns the highest temporal layer to forward when at most fps
// frames a second are wished for and before was the highest so far.
func (o *Option) temporal(fps, before uint8) uint8 {
	top := min(max(o.Temporal, 1), media.MaxTemporal) - 1
	if fps == 0 {
		return top
	}
	rate := float64(usualFPS)
	if o.FPS > 0 {
		rate = o.FPS
	}
	low, high := within(rate, top, float64(fps)*takeUp), within(rate, top, float64(fps)*keep)
	return min(max(before, low), high)
}

// within returns the highest temporal layer with which the rate stays within
// the limit, or the base layer. In every scalability mode there is, L1T2 to
// L3T3_KEY, a layer less is half of the frames.
func within(rate float64, top uint8, limit float64) uint8 {
	for top > 0 && rate > limit {
		rate /= 2
		top--
	}
	return top
}
