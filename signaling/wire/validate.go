package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The sources of a track, as media.Source spells them: this package stands
// beside media, not above it.
var sources = []string{"microphone", "camera", "screen", "screen_audio"}

func invalid(message string) *Error { return &Error{Code: CodeBadMessage, Message: message} }

func missing(field string) *Error { return invalid(field + " is missing") }

func tooLarge(field string, limit int) *Error {
	return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("%s above its limit of %d", field, limit)}
}

// first returns the first refusal of several checks.
func first(refusals ...*Error) *Error {
	for _, refusal := range refusals {
		if refusal != nil {
			return refusal
		}
	}
	return nil
}

// UnmarshalJSON also brings a request into one form: no blanks around the
// names, so that "red " and "red" are one room, and no space in the metadata,
// which the room's members keep.
func (m *JoinRoom) UnmarshalJSON(data []byte) error {
	type plain JoinRoom
	if err := json.Unmarshal(data, (*plain)(m)); err != nil {
		return err
	}
	m.Room = strings.TrimSpace(m.Room)
	m.Name = strings.TrimSpace(m.Name)
	if string(m.Metadata) == "null" {
		m.Metadata = nil
	}
	if m.Metadata == nil {
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, m.Metadata); err != nil {
		return err
	}
	m.Metadata = compact.Bytes()
	return nil
}

func (m *JoinRoom) validate() *Error {
	return first(
		checkLabel("room", m.Room, MaxRoom),
		checkLabel("name", m.Name, MaxName),
		checkLength("token", m.Token, MaxToken),
		checkLength("resume", m.Resume, MaxResume),
		checkMetadata(m.Metadata),
	)
}

func (m *Offer) validate() *Error {
	return first(checkID(m.ID), checkSDP(m.SDP), checkTracks(m.Tracks))
}

func (m *Answer) validate() *Error {
	return first(checkID(m.ID), checkSDP(m.SDP))
}

func (m *ICE) validate() *Error {
	c := m.Candidate
	if c == nil {
		return nil
	}
	refusal := checkLength("candidate", c.Candidate, MaxCandidate)
	if c.SDPMid != nil && *c.SDPMid != "" {
		refusal = first(refusal, checkMID(*c.SDPMid))
	}
	if c.UsernameFragment != nil {
		refusal = first(refusal, checkLength("usernameFragment", *c.UsernameFragment, MaxUfrag))
	}
	return refusal
}

func (m *UpdateTrack) validate() *Error {
	if m.Source == "" {
		return checkMID(m.MID)
	}
	return first(checkMID(m.MID), checkSource(m.Source))
}

func (m *Subscribe) validate() *Error {
	switch {
	case m.Tracks == nil:
		return missing("tracks")
	case len(m.Tracks) > MaxWishes:
		return tooLarge("number of tracks", MaxWishes)
	}
	for i, w := range m.Tracks {
		if refusal := w.check(); refusal != nil {
			return refusal
		}
		if slices.ContainsFunc(m.Tracks[:i], func(o TrackWish) bool { return o.Track == w.Track }) {
			return invalid("two wishes for one track")
		}
	}
	return nil
}

func (w *TrackWish) check() *Error {
	if w.Track == "" {
		return missing("track")
	}
	return first(
		checkLength("track", w.Track, MaxTrackID),
		checkRange("width", w.Width, math.MaxUint16),
		checkRange("height", w.Height, math.MaxUint16),
		checkRange("fps", w.FPS, math.MaxUint8),
		checkRange("priority", w.Priority, math.MaxUint8),
	)
}

func checkRange(field string, n, highest int) *Error {
	if n < 0 || n > highest {
		return invalid(fmt.Sprintf("%s is not between 0 and %d", field, highest))
	}
	return nil
}

func (*Restart) validate() *Error { return nil }

func (*Leave) validate() *Error { return nil }

// checkLabel is for what people read: it counts runes, and refuses the control
// characters with which a name could break the line it is shown in.
func checkLabel(field, s string, limit int) *Error {
	switch {
	case s == "":
		return missing(field)
	case utf8.RuneCountInString(s) > limit:
		return tooLarge(field, limit)
	case strings.ContainsFunc(s, unicode.IsControl):
		return invalid("control character in " + field)
	}
	return nil
}

func checkLength(field, s string, limit int) *Error {
	if len(s) > limit {
		return tooLarge(field, limit)
	}
	return nil
}

func checkMetadata(metadata json.RawMessage) *Error {
	switch {
	case len(metadata) > MaxMetadata:
		return tooLarge("metadata", MaxMetadata)
	case metadata != nil && metadata[0] != '{':
		return invalid("metadata is not an object")
	}
	return nil
}

func checkID(id uint64) *Error {
	if id == 0 {
		return invalid("id is missing or 0")
	}
	return nil
}

func checkSDP(sdp string) *Error {
	if sdp == "" {
		return missing("sdp")
	}
	if len(sdp) > MaxSDP {
		return tooLarge("sdp", MaxSDP)
	}
	if countSections(sdp) > MaxSections {
		return tooLarge("number of m= lines", MaxSections)
	}
	return nil
}

// countSections counts m= lines without parsing. RFC 8866 section 5 ends a line
// with CRLF or LF; a lone CR counts too, because pion takes it for an end.
func countSections(sdp string) int {
	n := strings.Count(sdp, "\nm=") + strings.Count(sdp, "\rm=")
	if strings.HasPrefix(sdp, "m=") {
		n++
	}
	return n
}

func checkTracks(tracks []SendTrack) *Error {
	if len(tracks) > MaxTracks {
		return tooLarge("number of tracks", MaxTracks)
	}
	for i, t := range tracks {
		if refusal := first(checkMID(t.MID), checkSource(t.Source)); refusal != nil {
			return refusal
		}
		if slices.ContainsFunc(tracks[:i], func(o SendTrack) bool { return o.MID == t.MID }) {
			return invalid("two tracks with one mid")
		}
	}
	return nil
}

func checkMID(mid string) *Error {
	switch {
	case mid == "":
		return missing("mid")
	case len(mid) > MaxMID:
		return tooLarge("mid", MaxMID)
	}
	for _, c := range []byte(mid) {
		if !isTokenChar(c) {
			return invalid("mid is not a token")
		}
	}
	return nil
}

// isTokenChar is token-char of RFC 8866 section 9, of which RFC 5888 section 4
// makes a mid.
func isTokenChar(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]`, rune(c))
}

func checkSource(source string) *Error {
	if !slices.Contains(sources, source) {
		return invalid("unknown source")
	}
	return nil
}
