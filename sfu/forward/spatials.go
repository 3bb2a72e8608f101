package forward

import "sfu/sfu/media"

// spatials chooses among the spatial and temporal layers of VP9, by its payload
// descriptor (RFC 9628, 4.2). A picture is one frame of each spatial layer, with
// one timestamp. A frame is predicted from pictures before (P), in its own spatial
// layer, and from the layer below in its own picture (D).
type spatials struct {
	top     uint8 // the highest layer that came in the newest picture
	present uint8 // the highest layer that came lately
	absent  uint8 // for how many pictures it did not
	below   uint8 // the highest layer that came in those
	leans   bool  // outside key pictures too, layers are predicted from those below
}

// forgotten is how many pictures without it make a layer absent. An encoder may
// leave a frame out to keep its bitrate.
const forgotten = 3

// turn ends the newest picture. Where something of it may be missing, it does not
// count against a layer.
func (p *spatials) turn(gap bool) {
	if !gap && p.top < p.present {
		p.absent++
		p.below = max(p.below, p.top)
		if p.absent == forgotten {
			p.present, p.absent, p.below = p.below, 0, 0
		}
	}
	p.top = 0
}

// see notes that a frame of layer s came.
func (p *spatials) see(s uint8) {
	p.top = max(p.top, s)
	if s >= p.present {
		p.present, p.absent, p.below = s, 0, 0
	}
}

// doubt returns g where packets are missing: of a layer above, they will not go
// out if they come.
func (p *spatials) doubt(g gate) gate {
	g.broken |= 0xff << (g.layer.Spatial + 1)
	return g
}

// best returns the highest layer that there is up to limit.
func (p *spatials) best(limit media.Layer) uint8 { return min(limit.Spatial, p.present) }

// choose returns what passes from pkt, the first that came of its frame, on.
// fresh says that its picture begins here, gap that something of the picture
// before pkt may be missing.
func (p *spatials) choose(g gate, limit media.Layer, pkt *media.Packet, fresh, gap bool) gate {
	s, d := pkt.Layer.Spatial, &pkt.VP9
	p.see(s)
	switch {
	case s == 0 && !d.InterPicture:
		g = gate{layer: limit} // a key picture: nothing is missing any more
	case fresh && pkt.FrameStart && (s == 0 || !gap):
		g = p.settle(g, limit, pkt)
	}
	p.leans = p.leans || d.InterPicture && d.InterLayer
	if pkt.Layer.Temporal > g.layer.Temporal {
		return g // nothing that passes needs it
	}
	return p.mend(g, pkt, gap)
}

// settle returns what passes from a picture that begins now on. It is where the
// limit takes effect, for the layers that have all that they need.
func (p *spatials) settle(g gate, limit media.Layer, pkt *media.Packet) gate {
	switch {
	case limit.Temporal < g.layer.Temporal:
		g.layer.Temporal = limit.Temporal
	case pkt.VP9.SwitchUp && pkt.Layer.Temporal <= g.layer.Temporal:
		// No picture after this one, of a higher temporal layer than it, needs a
		// picture from before of such a layer.
		g.layer.Temporal = limit.Temporal
	}
	best := p.best(limit)
	if !g.lacks(best) {
		// A layer that begins later begins without a picture before it.
		g.layer.Spatial = limit.Spatial
		return g
	}
	for s := best; s > 0; s-- {
		if !g.lacks(s - 1) {
			g.layer.Spatial = s - 1
			return g
		}
	}
	return g // none up to the limit can be decoded: go on with what can
}

// mend notes in g what the frame of pkt does to its layer.
func (p *spatials) mend(g gate, pkt *media.Packet, gap bool) gate {
	s, d := pkt.Layer.Spatial, &pkt.VP9
	layer := uint8(1) << s
	stranded := d.InterLayer && s > 0 && g.lacks(s-1)
	switch {
	case s > g.layer.Spatial:
		g.broken |= layer
	case d.InterPicture && (stranded || p.yields(g, pkt)):
		g.broken |= layer
	case d.InterPicture:
	case !stranded:
		g.broken &^= layer
	case gap: // what is missing may well be the layer below, of a key picture
		g.broken &^= layer<<1 - 1
	default:
		g.broken |= layer
		g.layer.Spatial = s - 1
	}
	return g
}

// yields reports whether the layer of pkt gives way to a higher one that flows
// and does not need it: the subscriber would get it for nothing.
func (p *spatials) yields(g gate, pkt *media.Packet) bool {
	best := p.best(g.layer)
	return pkt.FrameStart && pkt.VP9.Disposable && !p.leans && pkt.Layer.Spatial < best && !g.lacks(best)
}
