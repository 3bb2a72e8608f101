package media

// Kind is what a track carries.
type Kind uint8

// The two kinds of an RTP media section.
const (
	Audio Kind = iota
	Video

	NumKinds = 2
)

// String returns the SDP media name, "audio" or "video".
func (k Kind) String() string {
	if k == Video {
		return "video"
	}
	return "audio"
}

// ParticipantID names one participant of one room; it never changes while the
// participant lives and is never used again.
type ParticipantID string

// TrackID names one published track, unique in its room.
type TrackID string

// Feed names one RTP stream inside a room: one encoding of one track between
// two restarts of its sequence numbers. A forwarder that sees another feed
// must switch. Zero is no feed.
type Feed uint32

// Bitrate is in bits per second.
type Bitrate uint64

// Source says what a track shows; the wire protocol uses its String.
type Source uint8

// The sources a participant can publish, at most one track each.
const (
	Microphone Source = iota
	Camera
	Screen
	ScreenAudio

	NumSources = 4
)

var sourceNames = [NumSources]string{"microphone", "camera", "screen", "screen_audio"}

// String returns the source's name in the protocol.
func (s Source) String() string {
	if int(s) < len(sourceNames) {
		return sourceNames[s]
	}
	return "unknown"
}

// Kind returns the kind of media that the source produces.
func (s Source) Kind() Kind {
	if s == Camera || s == Screen {
		return Video
	}
	return Audio
}

// ParseSource is the inverse of String.
func ParseSource(name string) (Source, bool) {
	for i, n := range sourceNames {
		if n == name {
			return Source(i), true
		}
	}
	return 0, false
}

// Codec is a payload format that the relay forwards.
type Codec uint8

// The codecs that are negotiated, and no others.
const (
	NoCodec Codec = iota
	Opus
	RED
	VP8
	VP9
	H264
	AV1
)

var codecs = [...]struct {
	mime  string
	clock uint32
}{
	NoCodec: {"", 0},
	Opus:    {"audio/opus", 48000},
	RED:     {"audio/red", 48000},
	VP8:     {"video/VP8", 90000},
	VP9:     {"video/VP9", 90000},
	H264:    {"video/H264", 90000},
	AV1:     {"video/AV1", 90000},
}

// MimeType returns the codec's media type as it stands in SDP.
func (c Codec) MimeType() string { return codecs[c].mime }

// ClockRate returns the RTP clock in Hz.
func (c Codec) ClockRate() uint32 { return codecs[c].clock }

// Kind returns what the codec encodes.
func (c Codec) Kind() Kind {
	if c >= VP8 {
		return Video
	}
	return Audio
}
