package metrics

import "sfu/sfu/media"

// Direction is seen from the server.
type Direction uint8

// The directions.
const (
	In Direction = iota
	Out

	NumDirections = 2
)

var directions = [NumDirections]string{"in", "out"}

// JoinOutcome is what became of a join_room.
type JoinOutcome uint8

// The outcomes of a join.
const (
	JoinAccepted  JoinOutcome = iota
	JoinRejected              // refused with an error
	JoinConnected             // media connected
	JoinFailed                // never connected

	NumJoinOutcomes = 4
)

// LeaveReason is why a participant is gone.
type LeaveReason uint8

// The reasons, also the protocol's words in participant_left.
const (
	LeaveLeft LeaveReason = iota
	LeaveLost
	LeaveRemoved
	LeaveDrained

	NumLeaveReasons = 4
)

var leaveReasons = [NumLeaveReasons]string{"left", "lost", "removed", "drained"}

// String returns the reason's word in the protocol.
func (r LeaveReason) String() string { return leaveReasons[r] }

// Outcome is how a handshake ended.
type Outcome uint8

// The outcomes.
const (
	Connected Outcome = iota
	Failed

	NumOutcomes = 2
)

var outcomes = [NumOutcomes]string{"connected", "failed"}

// Attempt is how ended what the server tries by itself: to load its settings again, to
// renew a certificate.
type Attempt uint8

// The outcomes.
const (
	AttemptOK Attempt = iota
	AttemptFailed

	NumAttempts = 2
)

var attempts = [NumAttempts]string{"ok", "failed"}

func attemptOf(ok bool) Attempt {
	if ok {
		return AttemptOK
	}
	return AttemptFailed
}

// PictureState is which of the pictures of a video down track is meant.
type PictureState uint8

// The states.
const (
	Wanted  PictureState = iota // by the subscriber
	Granted                     // there is room for it on its path
	Flowing

	NumPictureStates = 3
)

var pictureStates = [NumPictureStates]string{"wanted", "granted", "flowing"}

// ReportRefusal is why RTCP was not looked at.
type ReportRefusal uint8

// The reasons.
const (
	ReportMalformed ReportRefusal = iota // not RTCP
	ReportOverload                       // its sender has too much waiting already

	NumReportRefusals = 2
)

var reportRefusals = [NumReportRefusals]string{"malformed", "overload"}

// TURNOutcome is what became of a request for a relay.
type TURNOutcome uint8

// The outcomes.
const (
	TURNGranted TURNOutcome = iota
	TURNDenied

	NumTURNOutcomes = 2
)

var turnOutcomes = [NumTURNOutcomes]string{"granted", "denied"}

// TURNRefusal is what TURN refused, or did not pass on.
type TURNRefusal uint8

// The reasons.
const (
	TURNCredentials TURNRefusal = iota // not made with a secret of ours
	TURNExpired                        // once good credentials
	TURNQuota                          // one user has enough relays
	TURNFull                           // the server has
	TURNUnsupported                    // a relay that is none for UDP, or on a port of the client's choice
	TURNFamily                         // no media socket of that address family
	TURNPeer                           // a permission for an address that is no media socket's
	TURNPort                           // a packet to what is no media socket
	TURNStranger                       // a packet from what is no media socket
	TURNChannels                       // a relay with too many channels was ended
	TURNConnections                    // a TCP connection too many
	TURNOverload                       // a message on the media port, and too many wait already

	NumTURNRefusals = 12
)

var turnRefusals = [NumTURNRefusals]string{
	"credentials", "expired", "quota", "full", "unsupported", "family",
	"peer", "port", "stranger", "channels", "connections", "overload",
}

// DataDrop is why a data channel message was not relayed.
type DataDrop uint8

// The reasons.
const (
	DataStale    DataDrop = iota // a lossy channel's queue was full: the oldest went
	DataCut                      // the receiver stayed full and was cut off
	DataReply                    // written on a channel that only the server writes
	DataTooLarge                 // above the advertised maximum
	DataRefused                  // too many channels, or nobody to relay to

	NumDataDrops = 5
)

var dataDrops = [NumDataDrops]string{"stale", "cut", "reply", "too_large", "refused"}

// refusals and drops are the reasons that can happen at the door and at a down
// track. A reason in the wrong place is a bug of ours, counted as "other".
var (
	refusals = []media.Drop{
		media.DropMalformed, media.DropOversize, media.DropUnknown, media.DropDuplicate,
		media.DropJump, media.DropOverload, media.DropStructure, media.DropLate,
	}
	drops = []media.Drop{
		media.DropPadding, media.DropMuted, media.DropKeyframe, media.DropLayer,
		media.DropLate, media.DropCodec, media.DropUnbound, media.DropPaused, media.DropQuiet,
		media.DropCongested,
	}
)

// The words of signaling/wire, which this package cannot import: words do not
// know each other. A word that is missing here is counted as unknown.
const (
	unknown = "unknown"
	other   = "other"
)

var (
	messageTypes = [NumDirections][]string{
		In: {"join_room", "offer", "answer", "ice", "update_track", "subscribe", "restart", "report", "leave", unknown},
		Out: {
			"welcome", "offer", "answer", "ice",
			"participant_joined", "participant_updated", "participant_left",
			"track_published", "track_updated", "track_unpublished",
			"slots", "track_state", "layers", "speakers", "quality", "error", unknown,
		},
	}
	errorCodes = []string{
		"bad_message", "unexpected", "too_large", "rate_limited", "unauthorized", "forbidden",
		"room_full", "room_locked", "not_found", "unsupported", "negotiation_failed",
		"no_media", "slow_consumer", "removed", "replaced", "draining", "internal", unknown,
	}
)
