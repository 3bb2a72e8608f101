package allocate

import (
	"time"

	"sfu/sfu/media"
)

const (
	// window is over what time bytes are counted, in slices.
	window    = time.Second
	numSlices = 10
	slice     = window / numSlices
	// Before this much of a stream was seen its rate is not known: most of it
	// was one keyframe.
	leastSeen = window / 2
	// After a pause of this length a stream begins anew; screens send a frame in
	// a few seconds.
	newStream = 5 * time.Second
)

// Rates measures what the layers of an encoding cost, over a sliding second.
// The zero Rates is ready to use. While nothing comes the rates stay: what an
// encoding cost is the best guess at what it will.
type Rates struct {
	slices [numSlices]layerBytes
	sum    layerBytes // of all slices
	at     int        // the slice that counts now
	edge   time.Time  // when it began
	first  time.Time  // when the stream began
	last   time.Time  // the newest packet

	before layerBytes // the sum when the stream ended that this one follows
	seen   time.Duration
}

type layerBytes [media.MaxSpatial][media.MaxTemporal]uint32

// Note takes note of a packet with so many bytes on the wire. A layer beyond
// those that there may be counts as the highest.
func (r *Rates) Note(layer media.Layer, bytes int, now time.Time) {
	if now.Sub(r.last) >= newStream {
		r.begin(now)
	}
	for now.Sub(r.edge) >= slice {
		r.turn()
	}
	s, t := min(layer.Spatial, media.MaxSpatial-1), min(layer.Temporal, media.MaxTemporal-1)
	n := uint32(min(max(bytes, 0), media.MaxPacket))
	r.slices[r.at][s][t] += n
	r.sum[s][t] += n
	if now.After(r.last) {
		r.last = now
	}
}

// begin forgets a stream but for what it cost in the end.
func (r *Rates) begin(now time.Time) {
	before, seen := r.sum, r.span()
	if r.first.IsZero() {
		seen = 0
	}
	*r = Rates{edge: now, first: now, last: now, before: before, seen: seen}
}

// turn begins the next slice.
func (r *Rates) turn() {
	r.edge = r.edge.Add(slice)
	r.at = (r.at + 1) % numSlices
	old := &r.slices[r.at]
	for s := range old {
		for t := range old[s] {
			r.sum[s][t] -= old[s][t]
		}
	}
	*old = layerBytes{}
}

// span returns the time in which the sum came.
func (r *Rates) span() time.Duration {
	covered := window - slice + r.last.Sub(r.edge)
	return max(min(covered, r.last.Sub(r.first)), leastSeen)
}

// Bitrate returns what an encoding costs up to a layer, all lower spatial and
// temporal layers included, and 0 while that is not known.
func (r *Rates) Bitrate(layer media.Layer) media.Bitrate {
	now := r.sum.rate(layer, r.span())
	if r.last.Sub(r.first) >= leastSeen {
		return now
	}
	if r.seen == 0 {
		return 0
	}
	return max(now, r.before.rate(layer, r.seen))
}

// Cost returns what an option costs that is the given spatial layer.
func (r *Rates) Cost(spatial uint8) (c Cost) {
	for t := range c {
		c[t] = r.Bitrate(media.Layer{Spatial: spatial, Temporal: uint8(t)})
	}
	return c
}

func (b *layerBytes) rate(layer media.Layer, span time.Duration) media.Bitrate {
	var sum uint64
	for s := range min(int(layer.Spatial)+1, media.MaxSpatial) {
		for t := range min(int(layer.Temporal)+1, media.MaxTemporal) {
			sum += uint64(b[s][t])
		}
	}
	return media.Bitrate(sum * 8 * uint64(time.Second) / uint64(span))
}
