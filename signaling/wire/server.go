package wire

import "encoding/json"

// Server is a message from the server to a client.
type Server interface{ server() }

// Welcome answers JoinRoom; the browser now makes its first offer.
// Participants are the others, in the order in which they joined.
type Welcome struct {
	Version      int           `json:"version"`
	Participant  Participant   `json:"participant"`
	Room         string        `json:"room"`
	Participants []Participant `json:"participants"`
	ICEServers   []ICEServer   `json:"ice_servers"`
	Resume       string        `json:"resume"`
	Resumed      bool          `json:"resumed,omitempty"`
	Limits       Limits        `json:"limits"`
	Role         string        `json:"role"`
}

// ICEServer is a browser's RTCIceServer.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Limits are what the server will refuse to exceed.
type Limits struct {
	MessageBytes     int `json:"message_bytes"`      // one signalling message
	DataMessageBytes int `json:"data_message_bytes"` // one data channel message
	Participants     int `json:"participants"`       // in a room
	Tracks           int `json:"tracks"`             // published by one participant
	DataChannels     int `json:"data_channels"`      // opened by one participant
	ResumeSeconds    int `json:"resume_seconds"`     // how long a lost socket is waited for
}

// Participant is one row of the roster.
type Participant struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Role     string          `json:"role"`
	Tracks   []Track         `json:"tracks"`
}

// Track is one published track as others see it.
type Track struct {
	ID        string   `json:"id"`
	MID       string   `json:"mid"` // at its publisher
	Kind      string   `json:"kind"`
	Source    string   `json:"source"`
	Muted     bool     `json:"muted"`
	Encodings []string `json:"encodings"` // rids, low to high; empty without simulcast
}

// ParticipantJoined adds a row to the roster.
type ParticipantJoined struct {
	Participant Participant `json:"participant"`
}

// ParticipantUpdated replaces a row of the roster.
type ParticipantUpdated struct {
	Participant Participant `json:"participant"`
}

// ParticipantLeft removes a row of the roster. Reason is one of "left",
// "lost" (the connection died), "removed" and "drained".
type ParticipantLeft struct {
	Participant string `json:"participant"`
	Reason      string `json:"reason"`
}

// TrackPublished adds a track to a participant.
type TrackPublished struct {
	Participant string `json:"participant"`
	Track       Track  `json:"track"`
}

// TrackUpdated replaces a track of a participant.
type TrackUpdated struct {
	Participant string `json:"participant"`
	Track       Track  `json:"track"`
}

// TrackUnpublished removes a track from a participant.
type TrackUnpublished struct {
	Participant string `json:"participant"`
	Track       string `json:"track"`
}

// Slots says what every negotiated down section carries now. Version grows
// with every change.
type Slots struct {
	Version uint64 `json:"version"`
	Slots   []Slot `json:"slots"`
}

// Slot is one down section; Track and Participant are null while it is empty.
type Slot struct {
	MID         string  `json:"mid"`
	Track       *string `json:"track"`
	Participant *string `json:"participant"`
}

// TrackState says whether a track that is in one of the client's slots moves,
// how large it is, and why it does not; sent when it changes.
type TrackState struct {
	Track  string `json:"track"`
	State  string `json:"state"`            // StateActive or StatePaused
	Reason string `json:"reason,omitempty"` // of a pause, one of the Paused… words
	Width  int    `json:"width"`            // of the picture that flows now; 0 if none does
	Height int    `json:"height"`
}

// The states of a track.
const (
	StateActive = "active"
	StatePaused = "paused"
)

// Why a track is paused.
const (
	PausedByWish      = "wish"      // the client asked for it
	PausedMuted       = "muted"     // its publisher sends nothing
	PausedByBandwidth = "bandwidth" // the client's downlink has no room for it
	PausedCodec       = "codec"     // the client negotiated no codec that it is sent in
	PausedWaiting     = "waiting"   // nothing to begin with has come: a keyframe is on its way
)

// Layers tells a publisher which encodings of its section MID somebody wants,
// by rid; the rid of a section without simulcast is "". Each is complete and
// replaces the one before.
type Layers struct {
	MID    string          `json:"mid"`
	Active map[string]bool `json:"active"`
}

// Moved says that the server is about to stop, and where the room goes on: URL is the
// address of another server's page, and AfterMS how long this one still waits.
type Moved struct {
	URL     string `json:"url"`
	AfterMS int64  `json:"after_ms"`
}

// Speakers are those who speak now: first who dominates the conversation, then
// loudest first; sent when it changes.
type Speakers struct {
	Speakers []Speaker `json:"speakers"`
}

// Speaker is one who speaks; Level runs from 0 (silent) to 1 (loudest).
type Speaker struct {
	Participant string  `json:"participant"`
	Level       float64 `json:"level"`
}

// Quality says how good a participant's connection is; sent when it changes.
type Quality struct {
	Participant string `json:"participant"`
	Score       int    `json:"score"` // from 1 (bad) to 5
	*Figures           // of the client's own connection: they are nobody else's business
}

// Figures are what a score was made of.
type Figures struct {
	Bitrate uint64  `json:"bitrate"` // that the downlink carries, in bits a second; 0 while unknown
	Loss    float64 `json:"loss"`    // of the worse direction, 0 to 1
	RTT     int     `json:"rtt"`     // in milliseconds; 0 while unknown
}

// Error is a refused message or a broken session. Fatal errors close the
// socket. Request is the type of the message that caused it, and MID the
// section that it is about, where there is one.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Fatal   bool   `json:"fatal"`
	Request string `json:"request,omitempty"`
	MID     string `json:"mid,omitempty"`
}

// Error makes a refusal usable as a Go error inside the server.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

func (*Welcome) server()            {}
func (*Offer) server()              {}
func (*Answer) server()             {}
func (*ICE) server()                {}
func (*ParticipantJoined) server()  {}
func (*ParticipantUpdated) server() {}
func (*ParticipantLeft) server()    {}
func (*TrackPublished) server()     {}
func (*TrackUpdated) server()       {}
func (*TrackUnpublished) server()   {}
func (*Slots) server()              {}
func (*TrackState) server()         {}
func (*Layers) server()             {}
func (*Speakers) server()           {}
func (*Quality) server()            {}
func (*Moved) server()              {}
func (*Error) server()              {}
