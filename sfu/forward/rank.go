package forward

import "sfu/sfu/media"

// choose returns what passes from pkt, the first packet of its frame, on. Within
// a picture, unless it begins here, nothing becomes less.
func (t *targets) choose(g gate, limit media.Layer, pkt *media.Packet, begins bool) gate {
	best, rank := -1, 0
	for i := range int(t.structure.Targets) {
		if !t.open(i, g, pkt) || !begins && !t.raises(g, i) {
			continue
		}
		r := t.rank(i, limit)
		if g.target == uint8(i+1) {
			r = max(r, 1) // better than none
		}
		if r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		if begins {
			g.target = noTarget
		}
		return g
	}
	g.target = uint8(best + 1)
	g.layer = t.structure.Layers[best]
	return g
}

// open reports whether target i can be decoded from the frame of pkt on.
func (t *targets) open(i int, g gate, pkt *media.Packet) bool {
	if t.active>>i&1 == 0 || t.ready>>i&1 == 0 && !t.begins(i, pkt) {
		return false
	}
	c := t.chain(i)
	if c == nil || c.state == intact {
		return true
	}
	// What is missing will go out, if it comes, for the target that flows; for
	// another one nobody knows.
	return c.state == waiting && t.flows(g) && c == t.chain(int(g.target-1))
}

// flows reports whether g's is one of the decode targets.
func (t *targets) flows(g gate) bool { return 0 < g.target && g.target <= t.structure.Targets }

// raises reports whether target i has all that g's has.
func (t *targets) raises(g gate, i int) bool {
	return !t.flows(g) || covers(t.structure.Layers[i], t.structure.Layers[g.target-1])
}

// rank orders targets: the higher ones first of those up to limit, the picture
// size before the frame rate. Where the picture cannot become as small as it
// should, the smallest that there is goes on. 0 is never.
func (t *targets) rank(i int, limit media.Layer) int {
	layer := t.structure.Layers[i]
	switch {
	case layer.Temporal > limit.Temporal:
		return 0
	case layer.Spatial <= limit.Spatial:
		return 1 + (media.MaxSpatial+int(layer.Spatial))*media.MaxTemporal + int(layer.Temporal)
	}
	return 1 + (media.MaxSpatial-1-int(layer.Spatial))*media.MaxTemporal + int(layer.Temporal)
}

// stuck reports whether only a keyframe leads to the highest target up to limit.
func (t *targets) stuck(limit media.Layer) bool {
	best, rank := -1, 0
	for i := range int(t.structure.Targets) {
		if r := t.rank(i, limit); t.active>>i&1 != 0 && covers(limit, t.structure.Layers[i]) && r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return false // the publisher sends nothing so low
	}
	if c := t.chain(best); c != nil {
		return !c.alive()
	}
	return t.ready>>best&1 == 0 && !t.readyAt(t.structure.Layers[best].Spatial)
}
