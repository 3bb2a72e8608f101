package wire

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// example is one JSON block of docs/signaling.md.
type example struct {
	toServer bool
	json     string
}

func readDocument(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/signaling.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// examples returns the JSON blocks of the two sections that list messages.
func examples(t testing.TB) []example {
	t.Helper()
	var found []example
	fence := regexp.MustCompile("(?s)```json\n(.*?)```")
	for section := range strings.SplitSeq(readDocument(t), "\n## ") {
		title, body, _ := strings.Cut(section, "\n")
		blocks := fence.FindAllStringSubmatch(body, -1)
		if len(blocks) > 0 && title != "Client to server" && title != "Server to client" {
			t.Errorf("JSON in the section %q, where no test reads it", title)
		}
		for _, block := range blocks {
			found = append(found, example{title == "Client to server", block[1]})
		}
	}
	return found
}

// recode decodes an example as its direction's message and encodes it again.
func (e example) recode() (typ string, out []byte, err error) {
	if e.toServer {
		msg, err := Decode([]byte(e.json))
		if err != nil {
			return "", nil, err
		}
		out, err = EncodeClient(msg)
		return Type(msg), out, err
	}
	msg, err := DecodeServer([]byte(e.json))
	if err != nil {
		return "", nil, err
	}
	out, err = Encode(msg)
	return Type(msg), out, err
}

func TestDocumentIsTheProtocol(t *testing.T) {
	t.Parallel()
	fromClient, fromServer := map[string]bool{}, map[string]bool{}
	for _, e := range examples(t) {
		typ, out, err := e.recode()
		if err != nil {
			t.Errorf("%v\n%s", err, e.json)
			continue
		}
		if canonical(t, out) != canonical(t, []byte(e.json)) {
			t.Errorf("document %s\nencoded  %s", e.json, out)
		}
		if !strings.HasPrefix(string(out), `{"type":"`+typ+`"`) {
			t.Errorf("type is not first: %s", out)
		}
		if e.toServer {
			fromClient[typ] = true
		} else {
			fromServer[typ] = true
		}
	}
	for typ := range newClient {
		if !fromClient[typ] {
			t.Errorf("no example of %s from a client", typ)
		}
	}
	for typ := range newServer {
		if !fromServer[typ] {
			t.Errorf("no example of %s from the server", typ)
		}
	}
}

// canonical makes two JSON texts comparable.
func canonical(t *testing.T, data []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestDocumentNamesEveryCode(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	inCode := words(string(source), `Code = "([a-z_]+)"`)
	inTable := words(readDocument(t), "(?m)^\\| `([a-z_]+)` \\|.*\\| [0-9]{4}( if fatal)? \\|$")
	if len(inCode) == 0 || !reflect.DeepEqual(inCode, inTable) {
		t.Errorf("codes %q\ntable %q", inCode, inTable)
	}
}

func words(text, pattern string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestTypeNamesEveryMessage(t *testing.T) {
	t.Parallel()
	for typ, create := range newClient {
		if got := Type(create()); got != typ {
			t.Errorf("%T is a %s, want %s", create(), got, typ)
		}
	}
	for typ, create := range newServer {
		if got := Type(create()); got != typ {
			t.Errorf("%T is a %s, want %s", create(), got, typ)
		}
	}
	if got := Type(nil); got != Unknown {
		t.Errorf("nil is a %s", got)
	}
}

func TestListsAreNeverNull(t *testing.T) {
	t.Parallel()
	for want, msg := range map[string]Server{
		`{"type":"slots","version":0,"slots":[]}`:                                               &Slots{},
		`{"type":"speakers","speakers":[]}`:                                                     &Speakers{},
		`{"type":"layers","mid":"","active":{}}`:                                                &Layers{},
		`{"type":"participant_joined","participant":{"id":"","name":"","role":"","tracks":[]}}`: &ParticipantJoined{},
		`{"type":"track_published","participant":"","track":{"id":"","mid":"","kind":"","source":"","muted":false,"encodings":[]}}`: &TrackPublished{},
	} {
		got, err := Encode(msg)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	subscribe, err := EncodeClient(&Subscribe{})
	if err != nil || string(subscribe) != `{"type":"subscribe","tracks":[]}` {
		t.Errorf("%s, %v", subscribe, err)
	}
	welcome, err := Encode(&Welcome{ICEServers: []ICEServer{{}}, Participants: []Participant{{Tracks: []Track{{}}}}})
	if err != nil || strings.Contains(string(welcome), "null") {
		t.Errorf("%s, %v", welcome, err)
	}
}

func TestEncodingLeavesTextAlone(t *testing.T) {
	t.Parallel()
	metadata := `{"html":"<b>&</b>"}`
	got, err := Encode(&ParticipantUpdated{Participant{Metadata: json.RawMessage(metadata)}})
	if err != nil || !strings.Contains(string(got), metadata) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := Encode(&ParticipantUpdated{Participant{Metadata: json.RawMessage(`{`)}}); err == nil {
		t.Error("broken metadata was encoded")
	}
}

// A figure may be 0, and then it is told; of another's connection none is.
func TestFiguresAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	for want, msg := range map[string]*Quality{
		`{"type":"quality","participant":"p1","score":5}`:                                  {Participant: "p1", Score: 5},
		`{"type":"quality","participant":"p1","score":5,"bitrate":0,"loss":0.25,"rtt":48}`: {Participant: "p1", Score: 5, Figures: &Figures{Loss: 0.25, RTT: 48}},
	} {
		got, err := Encode(msg)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		back, err := DecodeServer(got)
		if err != nil || !reflect.DeepEqual(back, Server(msg)) {
			t.Errorf("%s is read as %+v, %v", got, back, err)
		}
	}
}
