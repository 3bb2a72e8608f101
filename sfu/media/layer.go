package media

// Layer is one quality of an encoding: which picture size, of MaxSpatial at
// most, and which frame rate, both counted from 0, the lowest. Simulcast
// encodings have one spatial layer each.
type Layer struct{ Spatial, Temporal uint8 }

const (
	// MaxSpatial is how many spatial layers an encoding may have: two bits of
	// the Dependency Descriptor, and one more than browsers send.
	MaxSpatial = 4
	// MaxTemporal is how many temporal layers there may be: three bits.
	MaxTemporal = 8
)

// TopLayer is at least as high as every layer there is.
var TopLayer = Layer{Spatial: MaxSpatial - 1, Temporal: MaxTemporal - 1}

// Size is that of a picture in pixels.
type Size struct{ Width, Height uint16 }

// Pixels returns the area.
func (s Size) Pixels() int { return int(s.Width) * int(s.Height) }

// Limits of what is taken of a Dependency Descriptor (RTP Payload Format For
// AV1, appendix A.8.3): 32 decode targets is the format's own limit; of chains
// there may be as many, but one a spatial layer is what encoders make.
const (
	MaxDecodeTargets = 32
	MaxChains        = 8
)

// Indication is what one decode target can do with a frame (ibid., A.8.4).
type Indication uint8

// The decode target indications, as they are coded.
const (
	NotPresent  Indication = iota // the frame does not belong to the target
	Discardable                   // no later frame of the target needs it
	Switch                        // whoever has it can decode all that follows of the target
	Required                      // needed, and no place to begin
)

// Structure is a template dependency structure as far as forwarding needs it:
// what the decode targets of an encoding are. It is never changed once made.
type Structure struct {
	Targets   uint8                   // how many decode targets
	Chains    uint8                   // how many chains, 0 when there are none
	Layers    [MaxDecodeTargets]Layer // the highest layer of each decode target
	Protected [MaxDecodeTargets]uint8 // which chain protects each decode target
	Sizes     [MaxSpatial]Size        // of each spatial layer; zero where not told
}

// Dependency is what a Dependency Descriptor says of the frame that its packet
// belongs to. Raw is nil where the packet has none.
type Dependency struct {
	Raw         []byte     // as received; in the packet's own buffer
	Structure   *Structure // what it refers to
	Fresh       bool       // it brings the structure along
	Frame       uint16     // frame_number
	Active      uint32     // bit i: the publisher sends decode target i now
	Indications uint64     // two bits for each decode target, the first lowest
	ChainDiffs  [MaxChains]uint8
}

// Indication returns what decode target i can do with the frame.
func (d *Dependency) Indication(i int) Indication { return Indication(d.Indications >> (2 * i) & 3) }
