package forward

import (
	"math/rand/v2"
	"slices"
	"time"

	"sfu/sfu/media"
)

// encoder makes the pictures of one feed as encoders do, and knows what each
// frame is predicted from. It predicts from as much as its descriptors allow.
type encoder struct {
	codec     media.Codec
	described bool // by dependency descriptors
	apart     bool // K-SVC: outside key pictures, layers are predicted from themselves alone
	spatials  int
	temporals int
	rand      *rand.Rand // nil: one packet a frame, Y bits in every other turn of the pattern, U bits in layer 0

	feed      media.Feed
	esn       uint64
	timestamp uint32
	counts    pictures
	structure *media.Structure
	since     int       // pictures since the key picture
	frames    []*made   // since the key picture
	bases     [4]*made  // the newest of temporal layer 0, by spatial layer
	chained   [4]uint16 // the newest frame number of each chain
	tops      int       // spatial layers of the picture before
}

// made is one encoded frame.
type made struct {
	layer   media.Layer
	picture int
	refs    []*made
	packets []*media.Packet
}

var patterns = map[int][]uint8{1: {0}, 2: {0, 1}, 3: {0, 2, 1, 2}}

func newEncoder(codec media.Codec, spatials, temporals int) *encoder {
	e := &encoder{codec: codec, spatials: spatials, temporals: temporals, feed: 1, esn: 1 << 16, timestamp: 5000}
	e.structure = &media.Structure{Targets: uint8(spatials * temporals), Chains: uint8(spatials)}
	for i := range spatials * temporals {
		e.structure.Layers[i] = media.Layer{Spatial: uint8(i / temporals), Temporal: uint8(i % temporals)}
		e.structure.Protected[i] = uint8(i / temporals)
	}
	return e
}

// picture makes the frames of the next picture, of the lowest tops spatial
// layers. Where it is no option that a layer begins without a picture before it, a
// new one makes a key picture.
func (e *encoder) picture(key bool, tops int) []*made {
	if key = key || len(e.frames) == 0 || tops > e.tops && (e.apart || e.described); key {
		e.since, e.frames, e.bases = 0, nil, [4]*made{}
	}
	for s := e.tops; s < tops && !key && (e.rand == nil || e.rand.IntN(2) == 0); s++ {
		e.bases[s] = nil // it begins without a picture before it
		e.frames = slices.DeleteFunc(e.frames, func(m *made) bool { return int(m.layer.Spatial) == s })
	}
	e.tops = tops
	pattern := patterns[e.temporals]
	temporal := pattern[e.since%len(pattern)]
	e.timestamp += 3000
	e.counts.id++
	if temporal == 0 {
		e.counts.tl0++
	}
	sync := temporal > 0 && (e.rand == nil && e.since/len(pattern)%2 == 0 || e.rand != nil && e.rand.IntN(3) == 0)
	up := e.rand == nil && temporal == 0 || e.rand != nil && e.rand.IntN(4) == 0
	var frames []*made
	for s := range tops {
		m := &made{layer: media.Layer{Spatial: uint8(s), Temporal: temporal}, picture: e.since}
		m.refs = e.before(m, sync)
		inter := len(m.refs) > 0
		leans := s > 0 && (!e.apart || key)
		if leans {
			m.refs = append(m.refs, frames[s-1])
		}
		frames = append(frames, m)
		e.packetize(m, key, inter, leans, sync, up)
	}
	for _, m := range frames {
		e.frames = append(e.frames, m)
		if temporal == 0 {
			e.bases[m.layer.Spatial] = m
		}
	}
	if e.codec == media.VP8 && sync {
		e.forget(e.bases[0].picture, 0)
	}
	if e.codec == media.VP9 && up {
		e.forget(e.since, temporal)
	}
	e.since++
	return frames
}

// forget lets no frame be predicted any more from those before the picture that
// are of a temporal layer above layer.
func (e *encoder) forget(picture int, layer uint8) {
	e.frames = slices.DeleteFunc(e.frames, func(m *made) bool {
		return m.picture < picture && m.layer.Temporal > layer
	})
}

// before returns the earlier pictures that m is predicted from.
func (e *encoder) before(m *made, sync bool) (refs []*made) {
	base := e.bases[m.layer.Spatial]
	if base == nil {
		return nil
	}
	refs = append(refs, base)
	if m.layer.Temporal == 0 || e.codec == media.VP8 && sync {
		return refs
	}
	for _, old := range e.frames {
		needed := old.layer.Spatial == m.layer.Spatial && 0 < old.layer.Temporal && old.layer.Temporal <= m.layer.Temporal
		if e.described { // indications say more: only of a lower layer, and of this group
			needed = needed && old.layer.Temporal < m.layer.Temporal && old.picture > base.picture
		}
		if needed {
			refs = append(refs, old)
		}
	}
	return refs
}

func (e *encoder) packetize(m *made, key, inter, leans, sync, up bool) {
	s, count := m.layer.Spatial, 1
	if e.rand != nil {
		count += e.rand.IntN(3)
	}
	e.counts.frame++
	dependency := e.dependency(m, key)
	for i := range count {
		pkt := &media.Packet{Header: media.Header{
			Feed: e.feed, ESN: e.esn, Timestamp: e.timestamp, Codec: e.codec, Layer: m.layer,
			FrameStart: i == 0, FrameEnd: i == count-1,
			Marker:   i == count-1 && int(s) == e.tops-1,
			Keyframe: i == 0 && key && s == 0,
		}}
		switch e.codec {
		case media.VP8:
			pkt.VP8 = media.VP8Descriptor{
				PictureIDBits: 15, PictureID: e.counts.id & 0x7fff, HasTL0: true, TL0PICIDX: e.counts.tl0,
				HasTID: true, TID: m.layer.Temporal, Sync: sync, Size: 6,
			}
		case media.VP9:
			pkt.VP9 = media.VP9Descriptor{
				PictureIDBits: 15, PictureID: e.counts.id & 0x7fff, HasTL0: true, TL0PICIDX: e.counts.tl0,
				HasLayers: true, InterPicture: inter, InterLayer: leans, SwitchUp: up,
				Disposable: int(s) == e.tops-1 || e.apart && !key,
			}
		}
		if e.described {
			pkt.Dependency = dependency
			pkt.Dependency.Fresh = pkt.Keyframe
		}
		e.esn++
		m.packets = append(m.packets, pkt)
	}
}

// dependency describes m, which is the newest frame, as the scalability modes of
// WebRTC do (L1T1 to L3T3_KEY).
func (e *encoder) dependency(m *made, key bool) media.Dependency {
	d := media.Dependency{Raw: []byte{0}, Structure: e.structure, Frame: e.counts.frame}
	for i := range int(e.structure.Targets) {
		of := e.structure.Layers[i]
		if int(of.Spatial) < e.tops {
			d.Active |= 1 << i
		}
		says := media.NotPresent
		switch {
		case !covers(of, m.layer) || e.apart && !key && of.Spatial != m.layer.Spatial:
		case key:
			says = media.Switch
		case of.Spatial != m.layer.Spatial:
			says = media.Required
		case m.layer.Temporal == of.Temporal && of.Temporal > 0:
			says = media.Discardable
		default:
			says = media.Switch
		}
		d.Indications |= uint64(says) << (2 * i)
	}
	for c := range int(e.structure.Chains) {
		if !key || m.layer.Spatial > 0 {
			d.ChainDiffs[c] = uint8(d.Frame - e.chained[c])
		}
	}
	for c := range int(e.structure.Chains) {
		in := int(m.layer.Spatial) <= c && (key || !e.apart || int(m.layer.Spatial) == c)
		if in && m.layer.Temporal == 0 {
			e.chained[c] = d.Frame
		}
	}
	return d
}

// at sets the arrival of the packets of frames.
func at(now time.Time, frames []*made) {
	for _, m := range frames {
		for _, pkt := range m.packets {
			pkt.Arrival = now
		}
	}
}
