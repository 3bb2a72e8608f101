package wire

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Decode reads and validates a client's message. It takes any bytes; its error
// is always a non-fatal *Error.
func Decode(data []byte) (Client, error) {
	if len(data) > MaxMessage {
		return nil, tooLarge("message", MaxMessage)
	}
	typ, refusal := typeOf(data)
	if refusal != nil {
		return nil, refusal
	}
	create, known := newClient[typ]
	if !known {
		return nil, &Error{Code: CodeUnsupported, Message: "unknown message type", Request: word(typ)}
	}
	msg := create()
	if err := json.Unmarshal(data, msg); err != nil {
		refusal = malformed(err)
	} else {
		refusal = msg.validate()
	}
	if refusal != nil {
		refusal.Request = typ
		return nil, refusal
	}
	return msg, nil
}

// DecodeServer reads a message of the server's, for clients written in Go. It
// believes the server and checks types only; its error is an *Error.
func DecodeServer(data []byte) (Server, error) {
	typ, refusal := typeOf(data)
	if refusal != nil {
		return nil, refusal
	}
	create, known := newServer[typ]
	if !known {
		return nil, &Error{Code: CodeUnsupported, Message: "unknown message type", Request: word(typ)}
	}
	msg := create()
	if err := json.Unmarshal(data, msg); err != nil {
		return nil, malformed(err)
	}
	return msg, nil
}

func typeOf(data []byte) (string, *Error) {
	// encoding/json would turn invalid UTF-8 into U+FFFD without a word.
	if !utf8.Valid(data) {
		return "", invalid("not UTF-8")
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", malformed(err)
	}
	if head.Type == "" {
		return "", missing("type")
	}
	return head.Type, nil
}

// malformed explains why json refused a message. It names our fields and
// repeats nothing of what the client wrote.
func malformed(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return invalid("not JSON")
	case wrong.Field == "":
		return invalid("not a JSON object")
	}
	return invalid("wrong type of " + wrong.Field)
}

// word returns s if it looks like a message type, so that a client's typing
// error can be told without telling its garbage.
func word(s string) string {
	const longest = 32
	if len(s) > longest {
		return ""
	}
	for _, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') {
			return ""
		}
	}
	return s
}

// UnmarshalJSON also refuses a declaration that does not say whether the track
// is muted: forgetting it must not unmute anybody.
func (t *SendTrack) UnmarshalJSON(data []byte) error {
	type plain SendTrack
	return unmarshalMuted(data, (*plain)(t))
}

// UnmarshalJSON also refuses an update that does not say whether the track is
// muted.
func (m *UpdateTrack) UnmarshalJSON(data []byte) error {
	type plain UpdateTrack
	return unmarshalMuted(data, (*plain)(m))
}

func unmarshalMuted(data []byte, into any) error {
	var required struct {
		Muted *bool `json:"muted"`
	}
	if err := json.Unmarshal(data, &required); err != nil {
		return err
	}
	if required.Muted == nil {
		return missing("muted")
	}
	return json.Unmarshal(data, into)
}

// UnmarshalJSON also tells a missing candidate from null, which is a message:
// there are no more.
func (m *ICE) UnmarshalJSON(data []byte) error {
	type plain ICE
	var required struct {
		Candidate json.RawMessage `json:"candidate"`
	}
	if err := json.Unmarshal(data, &required); err != nil {
		return err
	}
	if required.Candidate == nil {
		return missing("candidate")
	}
	return json.Unmarshal(data, (*plain)(m))
}
