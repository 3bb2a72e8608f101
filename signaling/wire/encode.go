package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode returns the server's message as one JSON object, "type" first.
func Encode(msg Server) ([]byte, error) { return encode(msg) }

// EncodeClient returns a client's message as one JSON object, "type" first.
func EncodeClient(msg Client) ([]byte, error) { return encode(msg) }

func encode(msg any) ([]byte, error) {
	typ := Type(msg)
	body, err := marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", typ, err)
	}
	out := make([]byte, 0, len(body)+len(`{"type":"",`)+len(typ))
	out = append(out, `{"type":"`...)
	out = append(out, typ...)
	out = append(out, '"')
	if string(body) != "{}" {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}

// marshal is json.Marshal without the escapes that only HTML needs: they make
// of one byte six, so that metadata at its limit would leave above it.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// The methods below see to it that what is empty goes out as [] or {} and never
// as null, over which a browser's `for … of` would throw.

// list returns s, or the empty list for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// MarshalJSON implements json.Marshaler.
func (w Welcome) MarshalJSON() ([]byte, error) {
	type plain Welcome
	w.Participants = list(w.Participants)
	w.ICEServers = list(w.ICEServers)
	return marshal(plain(w))
}

// MarshalJSON implements json.Marshaler.
func (s ICEServer) MarshalJSON() ([]byte, error) {
	type plain ICEServer
	s.URLs = list(s.URLs)
	return marshal(plain(s))
}

// MarshalJSON implements json.Marshaler.
func (p Participant) MarshalJSON() ([]byte, error) {
	type plain Participant
	p.Tracks = list(p.Tracks)
	return marshal(plain(p))
}

// MarshalJSON implements json.Marshaler.
func (t Track) MarshalJSON() ([]byte, error) {
	type plain Track
	t.Encodings = list(t.Encodings)
	return marshal(plain(t))
}

// MarshalJSON implements json.Marshaler.
func (s Slots) MarshalJSON() ([]byte, error) {
	type plain Slots
	s.Slots = list(s.Slots)
	return marshal(plain(s))
}

// MarshalJSON implements json.Marshaler.
func (s Subscribe) MarshalJSON() ([]byte, error) {
	type plain Subscribe
	s.Tracks = list(s.Tracks)
	return marshal(plain(s))
}

// MarshalJSON implements json.Marshaler.
func (l Layers) MarshalJSON() ([]byte, error) {
	type plain Layers
	if l.Active == nil {
		l.Active = map[string]bool{}
	}
	return marshal(plain(l))
}

// MarshalJSON implements json.Marshaler.
func (s Speakers) MarshalJSON() ([]byte, error) {
	type plain Speakers
	s.Speakers = list(s.Speakers)
	return marshal(plain(s))
}
