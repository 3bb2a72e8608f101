package bwe

import (
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
)

// camera is a publisher: three encodings with three temporal layers each, as
// the server receives them.
type camera struct {
	w         *world
	encodings []*encoding
	frames    int
	heard     func(*frame)
}

type encoding struct {
	rate    float64 // bit/s
	rates   allocate.Rates
	wanted  time.Duration // a keyframe, not before this time; 0: none
	debt    float64       // bits that a keyframe took beforehand
	last    *frame        // of the base layer
	spatial int
}

// frame is a picture of one encoding.
type frame struct {
	of       *encoding
	temporal uint8
	key      bool
	base     *frame // of the base layer before it, nil for a keyframe
	packets  []int  // bytes on the wire
}

const (
	frameTime = time.Second / 30
	headers   = 28 + 12 + 20 // bytes of IP, UDP, RTP and its extensions, tag
	// A keyframe takes so many times the bits of an average frame, and so long to
	// come. libwebrtc lets it take nine times (MaxIntraTarget in libvpx_vp8_encoder).
	keyframeSize = 6.5
	keyframeTime = 80 * time.Millisecond
	payBack      = 2 * time.Second // what it took too much is saved in this time
)

// What the encodings cost in bit/s, and the frames of a round of L1T3: the
// layer of each, and its share of the round.
var (
	encodingRates = []float64{120e3, 400e3, 1200e3}
	pattern       = [4]struct {
		temporal uint8
		share    float64
	}{{0, 0.4}, {2, 0.2}, {1, 0.2}, {2, 0.2}}
)

func newCamera(w *world, heard func(*frame)) *camera {
	c := &camera{w: w, heard: heard}
	for i, rate := range encodingRates {
		c.encodings = append(c.encodings, &encoding{rate: rate, spatial: i, wanted: 1})
	}
	w.every(frameTime, c.film)
	return c
}

// film takes one picture in all sizes.
func (c *camera) film() {
	c.frames++
	now := epoch.Add(c.w.now)
	for _, e := range c.encodings {
		f := c.encode(e)
		for _, bytes := range f.packets {
			e.rates.Note(media.Layer{Temporal: f.temporal}, bytes, now)
		}
		c.heard(f)
	}
}

func (c *camera) encode(e *encoding) *frame {
	p := pattern[c.frames%len(pattern)]
	f := &frame{of: e, temporal: p.temporal, base: e.last}
	round := e.rate * frameTime.Seconds() * float64(len(pattern))
	bits := round * p.share * (0.8 + 0.4*c.w.rng.Float64())
	if e.wanted > 0 && c.w.now >= e.wanted {
		whole := e.rate * frameTime.Seconds() * keyframeSize
		e.debt += whole - bits
		bits, f.key, f.base, f.temporal, e.wanted = whole, true, nil, 0, 0
	} else {
		saved := min(e.debt*frameTime.Seconds()/payBack.Seconds(), bits/2)
		e.debt -= saved
		bits -= saved
	}
	if f.temporal == 0 {
		e.last = f
	}
	const room = mtu - headers
	for payload := int(bits / 8); payload > 0; payload -= room {
		f.packets = append(f.packets, min(payload, room)+headers)
	}
	return f
}

// ask asks for a keyframe.
func (c *camera) ask(e *encoding) {
	if e.wanted == 0 {
		e.wanted = c.w.now + keyframeTime
	}
}
