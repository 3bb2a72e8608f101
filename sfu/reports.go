package sfu

import (
	"math"
	"time"

	"sfu/sfu/media"
)

// RoomSummary is one line of the list of rooms. Bitrates here and below are what was on
// the wire in the last second or so: RTP with what encryption, UDP and IPv4 add.
type RoomSummary struct {
	Room         string        `json:"room"`
	Participants int           `json:"participants"`
	Tracks       int           `json:"tracks"` // published
	Age          float64       `json:"age_seconds"`
	Received     media.Bitrate `json:"received_bps"` // from participants
	Sent         media.Bitrate `json:"sent_bps"`     // to them
	Loss         float64       `json:"worst_loss"`   // of any participant, either way, 0 to 1
}

// RoomReport is what an operator sees of one room.
type RoomReport struct {
	RoomSummary
	Members []ParticipantReport `json:"participants"` // in the order in which they joined
}

// ParticipantReport is how one participant's connection does.
type ParticipantReport struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Joined     time.Time `json:"joined"`
	Signalling bool      `json:"signalling"` // its WebSocket is there
	Media      bool      `json:"media"`      // so is its media connection
	Path       string    `json:"path"`       // that its media takes, as in sfu_media_paths_total; "" before it connected
	Remote     string    `json:"remote"`     // where it comes from
	Score      int       `json:"score"`      // of its connection, 1 to 5
	RTT        float64   `json:"rtt_ms"`     // 0 while unknown

	Up         UpReport          `json:"up"`
	Down       DownReport        `json:"down"`
	Tracks     []TrackReport     `json:"tracks"`      // that it publishes
	DownTracks []DownTrackReport `json:"down_tracks"` // that it is sent, or could be
}

// UpReport is of what a participant sends.
type UpReport struct {
	Bitrate media.Bitrate `json:"bitrate_bps"`
	Loss    float64       `json:"loss"`      // 0 to 1
	Jitter  float64       `json:"jitter_ms"` // of its worst stream
}

// DownReport is of what a participant is sent.
type DownReport struct {
	Bitrate   media.Bitrate `json:"bitrate_bps"`
	Loss      float64       `json:"loss"`
	Jitter    float64       `json:"jitter_ms"`
	Estimate  media.Bitrate `json:"estimate_bps"` // of what the path carries; 0 while unknown
	Granted   media.Bitrate `json:"granted_bps"`  // of that, to pictures
	Sound     media.Bitrate `json:"sound_bps"`
	Held      int           `json:"held_packets"` // that wait in the pacer
	HeldFor   float64       `json:"held_ms"`      // the oldest of them
	DataQueue int           `json:"data_queue_bytes"`
}

// TrackReport is one published track.
type TrackReport struct {
	Track     string           `json:"track"`
	Source    string           `json:"source"`
	Codec     string           `json:"codec"` // "" before its first packet
	Muted     bool             `json:"muted"`
	Encodings []EncodingReport `json:"encodings"`
}

// EncodingReport is one RTP stream of a published track.
type EncodingReport struct {
	RID         string        `json:"rid"` // "" without simulcast
	SSRC        uint32        `json:"ssrc"`
	Wanted      bool          `json:"wanted"` // else its publisher was told to stop (dynacast)
	Width       int           `json:"width"`
	Height      int           `json:"height"`
	FPS         float64       `json:"fps"` // 0 while unknown, as width and height
	Bitrate     media.Bitrate `json:"bitrate_bps"`
	Loss        float64       `json:"loss"`
	Jitter      float64       `json:"jitter_ms"`
	KeyframeAge float64       `json:"keyframe_age_seconds"` // -1 before the first
}

// DownTrackReport is what a subscriber gets of one track.
type DownTrackReport struct {
	Track   string        `json:"track"`
	Of      string        `json:"of"` // who publishes it
	Slot    string        `json:"slot"`
	Kind    string        `json:"kind"`
	Bitrate media.Bitrate `json:"bitrate_bps"`
	Loss    float64       `json:"loss"`
	State   string        `json:"state"`
	Reason  string        `json:"reason,omitempty"` // of a pause

	// Of a picture, nil for none.
	Wished  *LayerReport `json:"wished,omitempty"`
	Granted *LayerReport `json:"granted,omitempty"`
	Flowing *LayerReport `json:"flowing,omitempty"`
}

// LayerReport names a layer of a track.
type LayerReport struct {
	RID      string `json:"rid"`
	Spatial  uint8  `json:"spatial"`
	Temporal uint8  `json:"temporal"` // the highest
	Width    int    `json:"width"`    // 0 while unknown
	Height   int    `json:"height"`
}

// seconds and the like are rounded, for people to read.
func seconds(d time.Duration) float64      { return d.Round(time.Millisecond).Seconds() }
func milliseconds(d time.Duration) float64 { return float64(d.Round(10*time.Microsecond)) / 1e6 }
func ratio(x float64) float64              { return math.Round(max(x, 0)*1e4) / 1e4 }
