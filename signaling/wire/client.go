package wire

import "encoding/json"

// Client is a message from a client to the server.
type Client interface{ validate() *Error }

// JoinRoom is the first message of a connection. With Resume it takes up a
// participant whose socket was lost.
type JoinRoom struct {
	Room     string          `json:"room"`
	Name     string          `json:"name"`
	Token    string          `json:"token,omitempty"`
	Resume   string          `json:"resume,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// Offer is an SDP offer, from either side. ID counts the sender's own offers
// from 1. Tracks, from a client only, declares every section that it sends on;
// nil leaves what is published as it was.
type Offer struct {
	ID     uint64      `json:"id"`
	SDP    string      `json:"sdp"`
	Tracks []SendTrack `json:"tracks,omitzero"`
}

// SendTrack declares one section that a client sends on.
type SendTrack struct {
	MID    string `json:"mid"`
	Source string `json:"source"`
	Muted  bool   `json:"muted"`
}

// Answer is an SDP answer to the other side's offer ID.
type Answer struct {
	ID  uint64 `json:"id"`
	SDP string `json:"sdp"`
}

// ICE carries one candidate, or nil at the end of them.
type ICE struct {
	Candidate *Candidate `json:"candidate"`
}

// Candidate is a browser's RTCIceCandidateInit.
type Candidate struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid,omitempty"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex,omitempty"`
	UsernameFragment *string `json:"usernameFragment,omitempty"`
}

// UpdateTrack says that the track on MID was muted or unmuted, or shows
// another source now. The media itself changes by replaceTrack.
type UpdateTrack struct {
	MID    string `json:"mid"`
	Muted  bool   `json:"muted"`
	Source string `json:"source,omitempty"`
}

// Subscribe says how the client wants to receive tracks. A track that is not
// mentioned is wanted as before; one that never was, as large as there is.
type Subscribe struct {
	Tracks []TrackWish `json:"tracks"`
}

// TrackWish replaces all that its client wished of one track before. Size and
// rate are the most that the client can show: of more, nobody would see
// anything. Zero is no wish.
type TrackWish struct {
	Track    string `json:"track"`
	Width    int    `json:"width,omitempty"`    // device pixels of the tile
	Height   int    `json:"height,omitempty"`   // device pixels of the tile
	FPS      int    `json:"fps,omitempty"`      // frames a second
	Priority int    `json:"priority,omitempty"` // the higher, the earlier served
	Pinned   bool   `json:"pinned,omitempty"`   // before all priorities
	Paused   bool   `json:"paused,omitempty"`   // nothing of this track for now
}

// Restart tells the server that the client's next offer restarts ICE.
type Restart struct{}

// Leave is a clean goodbye.
type Leave struct{}

// Report is what a client saw and heard, which only it can know. It is sent
// with its user's consent alone. Times are in milliseconds; what a browser does
// not tell is left out.
type Report struct {
	Steps    *JoinSteps      `json:"steps,omitempty"`
	Interval int             `json:"interval,omitempty"` // that the pictures and sounds are of
	Pictures []PictureReport `json:"pictures,omitzero"`
	Sounds   []SoundReport   `json:"sounds,omitzero"`
}

// JoinSteps is when each step of a join was done, since the click that began it.
type JoinSteps struct {
	Devices   *int `json:"devices,omitempty"`   // open
	Socket    *int `json:"socket,omitempty"`    // open
	Welcome   *int `json:"welcome,omitempty"`   // here
	Connected *int `json:"connected,omitempty"` // media is
	Picture   *int `json:"picture,omitempty"`   // the first of somebody else
	Sound     *int `json:"sound,omitempty"`     // the first of somebody else
}

// PictureReport is how one picture was to look at. It names nobody.
type PictureReport struct {
	Watched   int  `json:"watched"`             // time in which it was to move
	Frames    int  `json:"frames"`              // decoded in it
	Undecoded *int `json:"undecoded,omitempty"` // frames that came whole and were not decoded
	Freezes   *int `json:"freezes,omitempty"`
	Frozen    *int `json:"frozen,omitempty"` // time of it in which it stood still
}

// SoundReport is how one voice was to listen to, in samples of what was played.
type SoundReport struct {
	Samples   int `json:"samples"`
	Concealed int `json:"concealed"` // of them made up, because what should have come did not
}
