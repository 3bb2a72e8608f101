package metrics

// Direction is seen from the server.
type Direction uint8

// The directions.
const (
	In Direction = iota
	Out

	NumDirections = 2
)

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
