package forward

import "sfu/sfu/media"

// targets chooses among the decode targets of an encoding that describes its
// frames (RTP Payload Format For AV1, appendix A): the highest up to the limit
// that can be decoded goes out, and nothing else.
type targets struct {
	structure *media.Structure
	active    uint32 // bit i: the publisher sends target i
	told      uint32 // what the subscriber takes for that
	ready     uint32 // nothing that target i needs from now on was left out
	late      uint32 // of the newest picture, something it needs was: it cannot begin there
	leans     bool   // outside key pictures too, layers are predicted from those below
	chains    [media.MaxChains]chain
	frames    frames
}

// described reports whether the frame of pkt says what decode targets it is of.
func described(pkt *media.Packet) bool {
	d := &pkt.Dependency
	return d.Raw != nil && d.Structure != nil && 0 < d.Structure.Targets && d.Structure.Targets <= media.MaxDecodeTargets
}

// describe looks at pkt, the first packet that came of its frame, as choose does.
func (f *Forwarder) describe(pkt *media.Packet, fresh, gap bool) {
	t, g := &f.targets, f.span.gate
	if fresh {
		t.late = 0
	}
	spoken := t.follow(pkt, f.clock/2)
	if gap {
		t.doubt(g, pkt.Layer.Spatial)
	}
	// What went out of the picture may have ended it, with a marker, before more
	// was asked for: nothing of the same may follow.
	ended := !fresh && !f.midFrame && t.flows(g)
	if !ended && (pkt.FrameStart || g.target == 0) {
		// Where the lowest layer of the picture may be among what is missing, the
		// picture has begun under the old choice.
		g = t.choose(g, f.choice.limit, pkt, fresh && (!gap || pkt.Layer.Spatial == 0))
	}
	f.admit(pkt, g)
	out := g.passes(pkt)
	t.note(g, pkt, out)
	if out && pkt.FrameStart {
		f.announce(pkt, spoken)
	}
}

// announce tells the subscriber with the frame of pkt which decode targets it is
// sent, unless it knows. spoken says that the frame tells the publisher's.
func (f *Forwarder) announce(pkt *media.Packet, spoken bool) {
	t := &f.targets
	if spoken {
		t.told = t.active
	}
	sent := t.ready & t.active & t.within(f.span.gate)
	if sent == t.told || sent == 0 {
		return
	}
	t.told = sent
	f.split(pkt.ESN)
	f.span.told, f.span.targets = pkt.Dependency.Frame, sent
}

// follow takes in what a new frame tells of the encoding, and reports whether
// that is something new.
func (t *targets) follow(pkt *media.Packet, patience uint32) (spoken bool) {
	d := &pkt.Dependency
	if d.Structure != t.structure {
		t.structure, t.ready, t.chains = d.Structure, 0, [media.MaxChains]chain{}
		spoken = true
	}
	spoken = spoken || d.Fresh || d.Active != t.active
	t.active = d.Active
	t.frames.reach(d.Frame)
	for i := range min(d.Structure.Chains, media.MaxChains) {
		t.chains[i].follow(&t.frames, d.Frame, d.ChainDiffs[i], pkt.Timestamp, patience)
	}
	return spoken
}

// doubt notes that frames are missing before one of that spatial layer: those that
// g does not let pass will not go out if they come.
func (t *targets) doubt(g gate, spatial uint8) {
	flow := t.within(g)
	for i := range int(t.structure.Targets) {
		if !t.leans && flow>>i&1 != 0 && t.structure.Layers[i].Spatial != t.structure.Layers[g.target-1].Spatial {
			flow &^= 1 << i
		}
	}
	t.ready &= flow
	if spatial > 0 { // they may be of the same picture
		t.late |= ^flow
	}
}

// note takes in whether the frame of pkt went out through g.
func (t *targets) note(g gate, pkt *media.Packet, out bool) {
	d := &pkt.Dependency
	t.frames.note(d.Frame, out)
	if t.flows(g) && d.Indication(int(g.target-1)) == media.Required {
		t.leans = t.leans || pkt.Layer.Spatial < t.structure.Layers[g.target-1].Spatial
	}
	for i := range int(t.structure.Targets) {
		switch d.Indication(i) {
		case media.Switch:
			if out && t.begins(i, pkt) {
				t.ready |= 1 << i
			} else if !out {
				t.lack(i)
			}
		case media.Required:
			if !out {
				t.lack(i)
			}
		}
	}
}

// lack notes that something that target i needs was left out.
func (t *targets) lack(i int) {
	t.ready &^= 1 << i
	t.late |= 1 << i
}

// fill takes in a late frame, whose places were kept.
func (t *targets) fill(pkt *media.Packet, out bool) {
	d := &pkt.Dependency
	if t.frames.fate(d.Frame) != missing {
		return
	}
	t.frames.note(d.Frame, out)
	for i := range t.chains {
		t.chains[i].repair(&t.frames, d.Frame, d.ChainDiffs[i], out)
	}
}

// chain returns what protects target i, nil when nothing does.
func (t *targets) chain(i int) *chain {
	c := t.structure.Protected[i]
	if c >= t.structure.Chains || c >= media.MaxChains {
		return nil
	}
	return &t.chains[c]
}

// within returns the targets whose layers are those of g's, or below.
func (t *targets) within(g gate) (targets uint32) {
	if g.target == 0 || int(g.target) > int(t.structure.Targets) {
		return 0
	}
	most := t.structure.Layers[g.target-1]
	for i := range int(t.structure.Targets) {
		if covers(most, t.structure.Layers[i]) {
			targets |= 1 << i
		}
	}
	return targets
}

// covers reports whether layer is most or below, in both dimensions.
func covers(most, layer media.Layer) bool {
	return layer.Spatial <= most.Spatial && layer.Temporal <= most.Temporal
}

// begins reports whether target i can be decoded from the frame of pkt on.
func (t *targets) begins(i int, pkt *media.Packet) bool {
	if pkt.Dependency.Indication(i) != media.Switch || t.late>>i&1 != 0 {
		return false
	}
	if c := t.chain(i); c != nil {
		return c.alive()
	}
	// Without chains nobody knows whether the frame itself can be decoded, but
	// where the same picture size is.
	return pkt.Keyframe || t.readyAt(t.structure.Layers[i].Spatial)
}

// readyAt reports whether a target with that spatial layer can be decoded.
func (t *targets) readyAt(spatial uint8) bool {
	for i := range int(t.structure.Targets) {
		if t.ready>>i&1 != 0 && t.structure.Layers[i].Spatial == spatial {
			return true
		}
	}
	return false
}
