package forward

import "sfu/sfu/media"

// gate says what of a feed goes out. Each span has one: a packet that comes late
// is judged by what flowed at its place, not by what flows when it comes.
//
// It changes only at the first packet of a frame, so all of a frame passes or
// nothing does, in whatever order its packets come.
type gate struct {
	layer  media.Layer // nothing higher passes; the end of the spatial one ends the picture
	broken uint8       // bit s: a VP9 frame of spatial layer s was left out, its next is predicted from it
	target uint8       // the decode target that flows, counted from 1; 0 where none are described
}

// noTarget is the decode target of which no frame passes.
const noTarget = media.MaxDecodeTargets + 1

// passes reports whether the frame of pkt goes out.
func (g gate) passes(pkt *media.Packet) bool {
	if g.target != 0 && pkt.Dependency.Raw != nil {
		return g.target != noTarget && pkt.Dependency.Indication(int(g.target-1)) != media.NotPresent
	}
	return pkt.Layer.Spatial <= g.layer.Spatial && pkt.Layer.Temporal <= g.layer.Temporal &&
		(g.broken == 0 || !pkt.VP9.InterPicture || !g.lacks(pkt.Layer.Spatial))
}

// lacks reports whether a frame of spatial layer s is missing for the next one.
func (g gate) lacks(s uint8) bool { return g.broken>>s&1 != 0 }

// ends reports whether nothing of the picture passes after pkt, which does.
func (g gate) ends(pkt *media.Packet) bool {
	return pkt.Marker || pkt.FrameEnd && pkt.Layer.Spatial == g.layer.Spatial
}
