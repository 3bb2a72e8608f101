package wire

// Code is why something was refused: a closed list that clients may switch on.
type Code string

// The codes of protocol version 1.
const (
	CodeBadMessage        Code = "bad_message"        // not JSON, a wrong type, a missing or invalid field
	CodeUnexpected        Code = "unexpected"         // a valid message at the wrong time
	CodeTooLarge          Code = "too_large"          // a message, a name or an SDP above its limit
	CodeRateLimited       Code = "rate_limited"       // too many messages
	CodeUnauthorized      Code = "unauthorized"       // no token, or one that does not hold
	CodeForbidden         Code = "forbidden"          // the role does not allow it
	CodeRoomFull          Code = "room_full"          // the room or the server has no place left
	CodeRoomLocked        Code = "room_locked"        // nobody may join now
	CodeNotFound          Code = "not_found"          // no such participant, track or session
	CodeUnsupported       Code = "unsupported"        // a message type or a codec that this server does not know
	CodeNegotiationFailed Code = "negotiation_failed" // offer and answer did not come together: join again
	CodeNoMedia           Code = "no_media"           // nothing arrives on a section that should send
	CodeSlowConsumer      Code = "slow_consumer"      // did not read what it was sent
	CodeRemoved           Code = "removed"            // a moderator did it
	CodeReplaced          Code = "replaced"           // the same participant connected elsewhere
	CodeDraining          Code = "draining"           // the server is about to stop
	CodeInternal          Code = "internal"           // our fault
)
