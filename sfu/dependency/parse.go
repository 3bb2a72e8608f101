package dependency

import "sfu/sfu/media"

// Parser reads the descriptors of one encoding. The zero Parser is ready to
// use. It remembers the newest template dependency structure and the active
// decode targets.
type Parser struct{}

// Parse reads raw into h: h.Dependency, whose Raw aliases raw, h.FrameStart,
// h.FrameEnd, h.Layer, and h.Sizes when it brings a structure with resolutions.
// It returns media.Kept, DropMalformed, or DropStructure when the structure
// that it refers to has not come. A refused descriptor changes neither h nor
// the parser.
func (p *Parser) Parse(raw []byte, h *media.Header) media.Drop { return media.DropStructure }

// Reset forgets the structure: the stream restarted.
func (p *Parser) Reset() { *p = Parser{} }
