package dependency

import (
	"encoding/binary"

	"sfu/sfu/media"
	"sfu/sfu/seqnum"
)

// A descriptor begins with its mandatory fields: start_of_frame, end_of_frame,
// frame_dependency_template_id and frame_number. When there is more, the flags
// come next (A.8.2).
const (
	mandatory  = 3 // bytes
	startFrame = 0x80
	endFrame   = 0x40
	templateID = 0x3f

	flagBits          = 5
	hasStructure      = 0x10 // template_dependency_structure_present_flag
	hasActive         = 0x08 // active_decode_targets_present_flag
	customIndications = 0x04 // custom_dtis_flag
	customDiffs       = 0x02 // custom_fdiffs_flag
	customChains      = 0x01 // custom_chains_flag
)

// MaxLength is the length in bytes of the longest descriptor: more does not
// fit into a header extension (RFC 8285, 4.3). Parse takes no longer one and
// Append makes none.
const MaxLength = 255

// Parser reads the descriptors of one encoding. The zero Parser is ready to
// use.
//
// It remembers the newest structure and the newest mask of active decode
// targets, for the packets that bring none. What is newest goes by RTP sequence
// numbers. The frame_number would not do: libwebrtc counts the frames of all
// encodings of a track together, so one that was paused comes back with any
// number, and half of all numbers look old.
type Parser struct {
	current *structure // nil: none has come
	active  uint32
	newest  uint64 // of all packets, in 64 bits
	since   uint64 // packet that brought current
	told    uint64 // packet that told active; not before since
}

// Reset forgets the structure: the stream restarted.
func (p *Parser) Reset() { *p = Parser{} }

// Parse reads raw into h, whose Seq must be set: h.Dependency (its Raw aliases
// raw), h.FrameStart, h.FrameEnd, h.Layer, and h.Sizes when it brings a
// structure with resolutions.
//
// It returns media.Kept, DropMalformed, or DropStructure when the structure
// that raw refers to has not come, or is gone: a packet from before the newest
// one is not read by it. A refused descriptor changes neither h nor the parser.
func (p *Parser) Parse(raw []byte, h *media.Header) media.Drop {
	at := p.position(h.Seq)
	f, drop := p.read(raw, at)
	if drop != media.Kept {
		return drop
	}
	p.remember(&f, at)
	h.FrameStart = raw[0]&startFrame != 0
	h.FrameEnd = raw[0]&endFrame != 0
	h.Layer = f.layer
	h.Dependency = media.Dependency{
		Raw:         raw,
		Structure:   &f.structure.Structure,
		Fresh:       f.flags&hasStructure != 0,
		Frame:       binary.BigEndian.Uint16(raw[1:]),
		Active:      f.active,
		Indications: f.indications,
		ChainDiffs:  f.chainDiffs,
	}
	if h.Dependency.Fresh && f.structure.Sizes[0] != (media.Size{}) {
		h.Sizes = f.structure.Sizes
	}
	return media.Kept
}

// frame is what a descriptor says of its frame.
type frame struct {
	template
	flags     uint32
	structure *structure
	active    uint32
}

// read reads the descriptor of the packet at and changes nothing.
func (p *Parser) read(raw []byte, at uint64) (f frame, _ media.Drop) {
	if len(raw) < mandatory || len(raw) > MaxLength {
		return f, media.DropMalformed
	}
	r := reader{data: raw, at: 8 * mandatory}
	f.flags = r.flags()
	unknown := media.DropStructure // of a template that is not there
	switch {
	case f.flags&hasStructure != 0:
		if f.structure = p.readStructure(&r); f.structure == nil {
			return f, media.DropMalformed
		}
		f.active = allActive(&f.structure.Structure)
		unknown = media.DropMalformed
	case p.current == nil || at < p.since:
		return f, media.DropStructure
	default:
		f.structure, f.active = p.current, p.active
	}
	t := f.structure.template(raw[0] & templateID)
	if t == nil {
		return f, unknown
	}
	f.template = *t
	if f.flags&hasActive != 0 {
		f.active = r.bits(int(f.structure.Targets))
	}
	f.customize(&r, f.flags, &f.structure.Structure)
	if r.short {
		return f, media.DropMalformed
	}
	return f, media.Kept
}

// position returns seq in 64 bits.
func (p *Parser) position(seq uint16) uint64 {
	if p.newest == 0 {
		return 1<<16 + uint64(seq) // what comes late at first is still above zero
	}
	return seqnum.Unwrap(p.newest, seq)
}

// flags reads the flags; there are none in a short descriptor.
func (r *reader) flags() uint32 {
	if len(r.data) == mandatory {
		return 0
	}
	return r.bits(flagBits)
}

// readStructure returns the structure that is next in r, or nil. Most encoders
// send the same one with every keyframe: that costs no memory.
func (p *Parser) readStructure(r *reader) *structure {
	var s structure
	if !s.read(r) {
		return nil
	}
	if p.current != nil && s == *p.current {
		return p.current
	}
	fresh := s
	return &fresh
}

// customize reads what a descriptor tells of its frame in place of what the
// template says.
func (t *template) customize(r *reader, flags uint32, s *media.Structure) {
	if flags&customIndications != 0 {
		t.indications = readIndications(r, s.Targets)
	}
	if flags&customDiffs != 0 {
		for n := r.bits(2); n != 0; n = r.bits(2) {
			r.bits(4 * int(n)) // fdiff_minus_one
		}
	}
	if flags&customChains != 0 {
		for c := range s.Chains {
			t.chainDiffs[c] = uint8(r.bits(8))
		}
	}
}

// remember keeps what the packet at has told, unless a newer one told it
// already: a packet that comes late, or again, puts nothing old back.
func (p *Parser) remember(f *frame, at uint64) {
	p.newest = max(p.newest, at)
	switch {
	case f.structure != p.current && at >= p.since:
		p.current, p.active, p.since, p.told = f.structure, f.active, at, at
	case f.flags&(hasStructure|hasActive) != 0 && at >= p.told:
		p.active, p.told = f.active, at
	}
}
