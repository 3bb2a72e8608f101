package wire

// Version is the protocol version that welcome announces.
const Version = 1

// Subprotocol is the WebSocket sub-protocol of this version.
const Subprotocol = "sfu.v1"

// What a client may send. Text is counted in runes where people read it and
// in bytes where only machines do. Anything above its limit is refused with
// CodeTooLarge.
const (
	MaxMessage   = 256 << 10 // bytes of one message
	MaxRoom      = 128       // runes
	MaxName      = 64        // runes
	MaxMetadata  = 4 << 10   // bytes, without insignificant space
	MaxToken     = 8 << 10   // bytes
	MaxResume    = 128       // bytes
	MaxSDP       = 200 << 10 // bytes
	MaxSections  = 256       // m= lines of one SDP
	MaxTracks    = 16        // declared by one offer
	MaxMID       = 16        // bytes
	MaxWishes    = 256       // tracks of one subscribe
	MaxTrackID   = 64        // bytes
	MaxCandidate = 1 << 10   // bytes
	MaxUfrag     = 256       // bytes, RFC 8839 section 5.4
	MaxReported  = 64        // pictures of one report, and sounds
	MaxInterval  = 60_000    // milliseconds that one report is of
	MaxStep      = 600_000   // milliseconds that a step of a join takes
)
