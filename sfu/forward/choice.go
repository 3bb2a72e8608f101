package forward

import "sfu/sfu/media"

// choice is what decides which layers of the current feed pass: what was asked
// for, and what the newest frames told of the feed. It sees packets above all
// that came before, never late ones.
type choice struct {
	limit media.Layer // at most

	// Of the newest frame.
	timestamp uint32
	frame     uint16
	spatial   uint8

	// Frames may be missing: of the newest picture, and right before padding that
	// was the newest packet.
	gap, hidden bool

	layered bool // the feed has layers

	// How many frames were left out because a temporal layer up to the limit has
	// not begun yet.
	starved uint8

	temporal temporal
	spatials spatials
	lately   lately
}

// concerns reports whether there is anything to choose about pkt.
func (c *choice) concerns(pkt *media.Packet) bool {
	c.layered = c.layered || pkt.VP8.HasTID || pkt.Codec == media.VP9 || pkt.Dependency.Raw != nil
	return c.layered
}

// begin reports whether pkt is the first to come of its frame.
func (c *choice) begin(pkt *media.Packet) bool {
	return pkt.FrameStart || pkt.Timestamp != c.timestamp || pkt.Layer.Spatial != c.spatial ||
		pkt.Dependency.Frame != c.frame
}

// admits decides about a packet of the current feed that lies ahead, and makes
// room for it or closes over it.
func (f *Forwarder) admits(pkt *media.Packet) bool {
	begins := f.choice.begin(pkt)
	if begins {
		f.choose(pkt, f.choice.hidden || pkt.ESN != f.span.end)
	}
	passes := f.span.gate.passes(pkt)
	switch {
	case passes:
	case !begins && f.span.empty():
		// What is missing since the last packet belongs to the same frame.
		f.span.first, f.span.end = pkt.ESN+1, pkt.ESN+1
	default:
		f.closeOver(pkt.ESN)
		if begins && pkt.Codec == media.VP8 {
			f.span.pictures.id--
		}
		f.choice.starve(f.span.gate, pkt)
	}
	return passes
}

// starving is how many frames a temporal layer may take to begin: three seconds
// or so. Some encoders never say that one could.
const starving = 64

// starve notes that pkt was left out.
func (c *choice) starve(g gate, pkt *media.Packet) {
	if g.layer.Temporal < pkt.Layer.Temporal && pkt.Layer.Temporal <= c.limit.Temporal {
		c.starved = min(c.starved+1, starving)
	}
}

// choose looks at the first packet that came of a frame, and says what passes
// from it on. gap says that frames before it may be missing.
func (f *Forwarder) choose(pkt *media.Packet, gap bool) {
	c := &f.choice
	fresh := pkt.Timestamp != c.timestamp
	if fresh {
		c.spatials.turn(c.gap)
	}
	c.gap, c.hidden = gap || c.gap && !fresh, false
	c.timestamp, c.spatial, c.frame = pkt.Timestamp, pkt.Layer.Spatial, pkt.Dependency.Frame

	g := f.span.gate
	switch {
	case described(pkt):
		f.describe(pkt, fresh, gap)
		return
	case pkt.Codec == media.VP9:
		if gap {
			g = c.spatials.doubt(g)
		}
		g = c.spatials.choose(g, c.limit, pkt, fresh, c.gap)
	default:
		g = c.temporal.choose(g, c.limit, pkt, gap)
	}
	f.admit(pkt, g)
}

// admit makes g the gate from pkt on.
func (f *Forwarder) admit(pkt *media.Packet, g gate) {
	if g != f.span.gate {
		f.choice.starved = 0
		f.split(pkt.ESN)
		f.span.gate = g
	}
	if g.passes(pkt) {
		f.choice.lately.note(pkt.Layer)
	}
}

// temporal chooses among the temporal layers of VP8 (RFC 7741, 4.2).
type temporal struct {
	// The lowest layer of which a frame may be missing since the newest frame of
	// layer 0.
	barred uint8
}

// choose returns what passes from pkt, the first that came of its frame, on. gap
// says that packets right before it are missing.
//
// A lower layer never needs a higher one, so down is at once. Up is where the Y
// bit is set: such a frame needs only the newest of layer 0, and none that follows
// needs a frame of an upper layer from before that one. What was left out since
// must then be of higher layers yet.
func (m *temporal) choose(g gate, limit media.Layer, pkt *media.Packet, gap bool) gate {
	if gap || !pkt.FrameStart {
		m.barred = 0
	}
	if !pkt.FrameStart {
		return g // it cannot be known that nothing of it is before
	}
	layer := pkt.Layer.Temporal
	switch {
	case pkt.Keyframe || limit.Temporal < g.layer.Temporal:
		g.layer = limit
	case layer > g.layer.Temporal && layer <= limit.Temporal && layer < m.barred && pkt.VP8.Sync:
		g.layer.Temporal = layer
	}
	if layer == 0 {
		m.barred = media.MaxTemporal
	} else if layer > g.layer.Temporal {
		m.barred = min(m.barred, layer)
	}
	return g
}

// window is how many frames lately is: two turns of the longest pattern of
// temporal layers that encoders have.
const window = 16

// lately is the highest layer among the newest window to 2*window frames.
type lately struct {
	now, before media.Layer
	frames      uint8
}

func (l *lately) note(layer media.Layer) {
	if l.frames++; l.frames > window {
		l.before, l.now, l.frames = l.now, media.Layer{}, 1
	}
	l.now.Spatial = max(l.now.Spatial, layer.Spatial)
	l.now.Temporal = max(l.now.Temporal, layer.Temporal)
}

// layer returns the highest layer, or what passes now where that is lower.
func (l *lately) layer(most media.Layer) media.Layer {
	return media.Layer{
		Spatial:  min(max(l.now.Spatial, l.before.Spatial), most.Spatial),
		Temporal: min(max(l.now.Temporal, l.before.Temporal), most.Temporal),
	}
}
