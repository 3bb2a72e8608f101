package dependency

import (
	"math"

	"sfu/sfu/media"
)

// maxTemplates is how many templates six bits of a template id can name.
const maxTemplates = 64

// template is what a frame is unless its own descriptor says otherwise. The
// frames that it refers to are left out: the chains and the indications tell
// all that forwarding needs.
type template struct {
	layer       media.Layer
	indications uint64
	chainDiffs  [media.MaxChains]uint8
}

// structure is a template dependency structure. Two that are equal are the same
// one sent twice: an encoder that changes anything changes the offset, too
// (A.8.3, template_id_offset).
type structure struct {
	media.Structure // as packets refer to it; never changed once a packet does

	offset    uint8 // id of the first template
	count     uint8 // how many templates
	templates [maxTemplates]template
}

// template returns the one that a frame_dependency_template_id names, or nil.
// Ids go round after the 63rd (A.8.2, frame_dependency_definition).
func (s *structure) template(id uint8) *template {
	if i := (id - s.offset) % maxTemplates; i < s.count {
		return &s.templates[i]
	}
	return nil
}

// allActive is the mask of every decode target.
func allActive(s *media.Structure) uint32 {
	return math.MaxUint32 >> (media.MaxDecodeTargets - s.Targets)
}

// read fills s, which must be zero, and reports whether that worked.
func (s *structure) read(r *reader) bool {
	s.offset = uint8(r.bits(6))
	s.Targets = uint8(r.bits(5)) + 1
	if !s.readLayers(r) {
		return false
	}
	templates := s.templates[:s.count]
	for i := range templates {
		templates[i].indications = readIndications(r, s.Targets)
	}
	for range templates {
		for r.bits(1) != 0 {
			r.bits(4) // fdiff_minus_one
		}
	}
	if !s.readChains(r) {
		return false
	}
	s.deriveLayers()
	if r.bits(1) != 0 {
		s.readSizes(r)
	}
	return !r.short
}

// The values of next_layer_idc (A.8.3, table A.2); 0 is the same layer again.
const (
	nextTemporal = 1
	nextSpatial  = 2
	noneNext     = 3
)

// readLayers reads which layer each template is of. It refuses more templates
// and higher layers than there can be.
func (s *structure) readLayers(r *reader) bool {
	var l media.Layer
	for l.Spatial < media.MaxSpatial && l.Temporal < media.MaxTemporal && s.count < maxTemplates {
		s.templates[s.count].layer = l
		s.count++
		switch r.bits(2) {
		case nextTemporal:
			l.Temporal++
		case nextSpatial:
			l = media.Layer{Spatial: l.Spatial + 1}
		case noneNext:
			return true
		}
	}
	return false
}

func readIndications(r *reader, targets uint8) (packed uint64) {
	for i := range targets {
		packed |= uint64(r.bits(2)) << (2 * i)
	}
	return packed
}

func (s *structure) readChains(r *reader) bool {
	chains := r.below(uint32(s.Targets) + 1)
	if chains > media.MaxChains {
		return false
	}
	s.Chains = uint8(chains)
	if chains == 0 {
		return true
	}
	for i := range s.Targets {
		s.Protected[i] = uint8(r.below(chains))
	}
	for i := range s.count {
		for c := range chains {
			s.templates[i].chainDiffs[c] = uint8(r.bits(4))
		}
	}
	return true
}

// deriveLayers finds the highest layer of each decode target: the format does
// not tell it, it is that of any template with a frame for the target (A.8.2,
// decode_target_layers).
func (s *structure) deriveLayers() {
	for i := range s.Targets {
		top := &s.Layers[i]
		for _, t := range s.templates[:s.count] {
			if media.Indication(t.indications>>(2*i)&3) != media.NotPresent {
				top.Spatial = max(top.Spatial, t.layer.Spatial)
				top.Temporal = max(top.Temporal, t.layer.Temporal)
			}
		}
	}
}

// readSizes reads one size for each spatial layer. The templates are in their
// order, so the last one is of the highest.
func (s *structure) readSizes(r *reader) {
	for i := range s.templates[s.count-1].layer.Spatial + 1 {
		s.Sizes[i].Width = readDimension(r)
		s.Sizes[i].Height = readDimension(r)
	}
}

// readDimension reads a width or a height less one. The largest, 65536, does
// not fit and becomes one less: it must not become nothing.
func readDimension(r *reader) uint16 { return uint16(min(r.bits(16)+1, math.MaxUint16)) }
