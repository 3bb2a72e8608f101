package media

import (
	"sync"
	"time"
)

// MaxPacket is the longest RTP packet in bytes that the relay takes: an
// Ethernet frame less the IPv4 and UDP headers.
const MaxPacket = 1472

// Packet is one received RTP packet, parsed once and read by every subscriber.
//
// Ownership: who calls NewPacket owns it; the room's media loop gets it through
// its queue and keeps it in the publisher's ring; whoever takes it out of the
// ring calls Release. Payload aliases the packet's own buffer.
type Packet struct {
	Header
	Payload []byte

	buf  [MaxPacket]byte
	free bool // it lies in the pool
}

// Header is all that is known of a packet besides its payload.
type Header struct {
	Arrival time.Time // when the SRTP session delivered it

	// From the RTP header (RFC 3550, 5.1).
	SSRC        uint32
	Timestamp   uint32
	Seq         uint16
	PayloadType uint8
	Marker      bool
	Padding     bool // no media at all: an RTP probe

	// From the audio level extension (RFC 6464).
	HasLevel bool
	Voice    bool  // the V bit
	Level    uint8 // in -dBov: 0 is loudest, 127 silence

	// From the video orientation extension (3GPP TS 26.114, 7.4.5).
	HasRotation bool
	Rotation    uint8

	// Set by the media loop: ESN is Seq extended to 64 bits by the ring that
	// took the packet, Feed names the stream it belongs to. Capture is Timestamp
	// on the timeline that all encodings of one track share, by way of their
	// sender reports; it means something only where HasCapture.
	ESN        uint64
	Feed       Feed
	Capture    uint32
	HasCapture bool

	// From the payload, set by codec.Parse; Layer, FrameStart and FrameEnd from
	// the dependency descriptor where there is one.
	Codec      Codec
	Keyframe   bool  // first packet of a keyframe: decoding may start here
	FrameStart bool  // first packet of a frame (of one spatial layer)
	FrameEnd   bool  // last packet of a frame (of one spatial layer)
	Layer      Layer // of the encoding; zero where the payload tells of none
	VP8        VP8Descriptor
	VP9        VP9Descriptor

	// Sizes of the pictures of each spatial layer, as far as this packet tells
	// them; zero where it does not. Nobody vouches for them.
	Sizes [MaxSpatial]Size

	Dependency Dependency

	// Even is how many bytes of padding make it as long as the packets of its frame
	// that came with it.
	Even uint8
}

// VP8Descriptor is a VP8 payload descriptor (RFC 7741, 4.2).
type VP8Descriptor struct {
	PictureID     uint16 // PictureIDBits wide
	PictureIDBits uint8  // 0 (absent), 7 or 15
	TL0PICIDX     uint8
	TID           uint8
	KeyIdx        uint8
	HasTL0        bool
	HasTID        bool
	HasKeyIdx     bool
	Sync          bool  // the Y bit
	Size          uint8 // length of the descriptor in bytes
}

// VP9Descriptor is a VP9 payload descriptor (RFC 9628, 4.2) without the
// structure and the references.
type VP9Descriptor struct {
	PictureID     uint16 // PictureIDBits wide
	PictureIDBits uint8  // 0 (absent), 7 or 15
	TL0PICIDX     uint8
	HasTL0        bool
	HasLayers     bool // the L bit
	InterPicture  bool // P: predicted from pictures before
	InterLayer    bool // D: predicted from the spatial layer below
	SwitchUp      bool // U: later pictures need none of a higher temporal layer from before
	Disposable    bool // Z: no upper spatial layer is predicted from it
}

var packets = sync.Pool{New: func() any { return new(Packet) }}

// NewPacket returns an empty packet whose Payload is n bytes of its own
// buffer, with whatever they held before; nil when n is above MaxPacket.
func NewPacket(n int) *Packet {
	if n > MaxPacket {
		return nil
	}
	p := packets.Get().(*Packet)
	p.Payload, p.free = p.buf[:n], false
	return p
}

// Release gives the packet back. Nobody may touch it afterwards, and to give
// it back twice panics: it would show one room's media in another.
func (p *Packet) Release() {
	if p.free {
		panic("media: packet released twice")
	}
	p.Header, p.Payload, p.free = Header{}, nil, true
	packets.Put(p)
}
