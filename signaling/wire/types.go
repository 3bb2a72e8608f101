package wire

// Unknown stands in for the type of a message that has none, so that no string
// of a client's becomes a metric label.
const Unknown = "unknown"

// newClient makes an empty message of every type that a client sends.
var newClient = map[string]func() Client{
	"join_room":    func() Client { return new(JoinRoom) },
	"offer":        func() Client { return new(Offer) },
	"answer":       func() Client { return new(Answer) },
	"ice":          func() Client { return new(ICE) },
	"update_track": func() Client { return new(UpdateTrack) },
	"subscribe":    func() Client { return new(Subscribe) },
	"restart":      func() Client { return new(Restart) },
	"report":       func() Client { return new(Report) },
	"leave":        func() Client { return new(Leave) },
}

// newServer makes an empty message of every type that the server sends.
var newServer = map[string]func() Server{
	"welcome":             func() Server { return new(Welcome) },
	"offer":               func() Server { return new(Offer) },
	"answer":              func() Server { return new(Answer) },
	"ice":                 func() Server { return new(ICE) },
	"participant_joined":  func() Server { return new(ParticipantJoined) },
	"participant_updated": func() Server { return new(ParticipantUpdated) },
	"participant_left":    func() Server { return new(ParticipantLeft) },
	"track_published":     func() Server { return new(TrackPublished) },
	"track_updated":       func() Server { return new(TrackUpdated) },
	"track_unpublished":   func() Server { return new(TrackUnpublished) },
	"slots":               func() Server { return new(Slots) },
	"track_state":         func() Server { return new(TrackState) },
	"layers":              func() Server { return new(Layers) },
	"speakers":            func() Server { return new(Speakers) },
	"quality":             func() Server { return new(Quality) },
	"moved":               func() Server { return new(Moved) },
	"error":               func() Server { return new(Error) },
}

// Type returns the type of a message of either side as it stands in JSON, and
// Unknown for anything else.
func Type(msg any) string {
	switch msg.(type) {
	case *JoinRoom:
		return "join_room"
	case *Offer:
		return "offer"
	case *Answer:
		return "answer"
	case *ICE:
		return "ice"
	case *UpdateTrack:
		return "update_track"
	case *Subscribe:
		return "subscribe"
	case *Restart:
		return "restart"
	case *Report:
		return "report"
	case *Leave:
		return "leave"
	case *Welcome:
		return "welcome"
	case *ParticipantJoined:
		return "participant_joined"
	case *ParticipantUpdated:
		return "participant_updated"
	case *ParticipantLeft:
		return "participant_left"
	case *TrackPublished:
		return "track_published"
	case *TrackUpdated:
		return "track_updated"
	case *TrackUnpublished:
		return "track_unpublished"
	case *Slots:
		return "slots"
	case *TrackState:
		return "track_state"
	case *Layers:
		return "layers"
	case *Speakers:
		return "speakers"
	case *Quality:
		return "quality"
	case *Moved:
		return "moved"
	case *Error:
		return "error"
	}
	return Unknown
}
