package allocate

import (
	"time"

	"sfu/sfu/media"
)

const (
	// Bytes are counted in slices, and a window is a second of them. Of three
	// windows, one after the other, the middle rate counts: a keyframe makes one
	// of them dear, and is not what a layer costs.
	window     = time.Second
	perWindow  = 10
	slice      = window / perWindow
	numWindows = 3
	// Before this much of a stream was seen its rate is not known: most of it
	// was one keyframe.
	leastSeen = window / 2
	// After a pause of this length a stream begins anew; screens send a frame in
	// a few seconds.
	newStream = 5 * time.Second
)

// Rates measures what the layers of an encoding cost. The zero Rates is ready
// to use. While nothing comes the rates stay: what an encoding cost is the best
// guess at what it will.
type Rates struct {
	slices  [numWindows * perWindow]layerBytes
	windows [numWindows]layerBytes // sums of slices, the newest window first
	at      int                    // the slice that counts now
	edge    time.Time              // when it began
	first   time.Time              // when the stream began
	last    time.Time              // the newest packet

	before [media.MaxSpatial]Cost // of the stream that this one follows
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
	r.windows[0][s][t] += n
	if now.After(r.last) {
		r.last = now
	}
}

// begin forgets a stream but for what it cost in the end.
func (r *Rates) begin(now time.Time) {
	next := Rates{edge: now, first: now, last: now}
	for s := range next.before {
		next.before[s] = r.Cost(uint8(s))
	}
	*r = next
}

// turn begins the next slice. In each window the oldest one gives way, to the
// window before it or for good.
func (r *Rates) turn() {
	r.edge = r.edge.Add(slice)
	r.at = (r.at + 1) % len(r.slices)
	for w := range r.windows {
		leaves := &r.slices[(r.at+len(r.slices)-(w+1)*perWindow)%len(r.slices)]
		r.windows[w].sub(leaves)
		if w+1 < len(r.windows) {
			r.windows[w+1].add(leaves)
		}
	}
	r.slices[r.at] = layerBytes{}
}

// Bitrate returns what an encoding costs up to a layer, all lower spatial and
// temporal layers included, and 0 while that is not known.
func (r *Rates) Bitrate(layer media.Layer) media.Bitrate {
	seen := r.last.Sub(r.first)
	newest := r.windows[0].rate(layer, max(min(window-slice+r.last.Sub(r.edge), seen), leastSeen))
	switch {
	case seen < leastSeen:
		if s := min(layer.Spatial, media.MaxSpatial-1); r.before[s] != (Cost{}) {
			return max(newest, r.before[s][min(layer.Temporal, media.MaxTemporal-1)])
		}
		return 0
	case seen < window+leastSeen:
		return newest
	}
	middle := r.windows[1].rate(layer, min(seen-window, window))
	if seen < 2*window+leastSeen {
		return min(newest, middle)
	}
	oldest := r.windows[2].rate(layer, min(seen-2*window, window))
	median := max(min(newest, middle), min(max(newest, middle), oldest))
	return max(median, (newest+middle+oldest)/(2*numWindows)) // a screen's seconds are mostly empty
}

// Cost returns what an option costs that is the given spatial layer.
func (r *Rates) Cost(spatial uint8) (c Cost) {
	for t := range c {
		c[t] = r.Bitrate(media.Layer{Spatial: spatial, Temporal: uint8(t)})
	}
	return c
}

func (b *layerBytes) add(other *layerBytes) {
	for s := range b {
		for t := range b[s] {
			b[s][t] += other[s][t]
		}
	}
}

func (b *layerBytes) sub(other *layerBytes) {
	for s := range b {
		for t := range b[s] {
			b[s][t] -= other[s][t]
		}
	}
}

// rate returns what came up to a layer in so long a time.
func (b *layerBytes) rate(layer media.Layer, span time.Duration) media.Bitrate {
	var sum uint64
	for s := range min(int(layer.Spatial)+1, media.MaxSpatial) {
		for t := range min(int(layer.Temporal)+1, media.MaxTemporal) {
			sum += uint64(b[s][t])
		}
	}
	return media.Bitrate(sum * 8 * uint64(time.Second) / uint64(span))
}
