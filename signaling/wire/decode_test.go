package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	mid, index := "0", uint16(0)
	for _, tc := range []struct {
		name, in string
		want     Client
	}{
		{"trims what people typed", `{"type":"join_room","room":" red room\t","name":"\u2003Ada\n"}`,
			&JoinRoom{Room: "red room", Name: "Ada"}},
		{"counts runes, not bytes", `{"type":"join_room","room":"` + strings.Repeat("룸", MaxRoom) + `","name":"` + strings.Repeat("é", MaxName) + `"}`,
			&JoinRoom{Room: strings.Repeat("룸", MaxRoom), Name: strings.Repeat("é", MaxName)}},
		{"keeps metadata without its space", `{"type":"join_room","room":"r","name":"n","metadata": { "a" : [1, "<"] } }`,
			&JoinRoom{Room: "r", Name: "n", Metadata: []byte(`{"a":[1,"<"]}`)}},
		{"null metadata is none", `{"type":"join_room","room":"r","name":"n","metadata":null}`,
			&JoinRoom{Room: "r", Name: "n"}},
		{"type may come last, unknown fields are ignored", `{"mid":"3","x":[{}],"muted":true,"type":"update_track"}`,
			&UpdateTrack{MID: "3", Muted: true}},
		{"null is the end of candidates", `{"type":"ice","candidate":null}`, &ICE{}},
		{"a candidate may be empty", `{"type":"ice","candidate":{"candidate":"","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}}`,
			&ICE{Candidate: &Candidate{SDPMid: &mid, SDPMLineIndex: &index}}},
		{"an offer without tracks", `{"type":"offer","id":7,"sdp":"v=0"}`, &Offer{ID: 7, SDP: "v=0"}},
		{"an offer that publishes nothing", `{"type":"offer","id":7,"sdp":"v=0","tracks":[]}`,
			&Offer{ID: 7, SDP: "v=0", Tracks: []SendTrack{}}},
		{"a wish of every kind", `{"type":"subscribe","tracks":[{"track":"p.1","width":65535,"height":1,"fps":255,"priority":255,"pinned":true,"paused":true},{"track":"p.2"}]}`,
			&Subscribe{Tracks: []TrackWish{
				{Track: "p.1", Width: 65535, Height: 1, FPS: 255, Priority: 255, Pinned: true, Paused: true},
				{Track: "p.2"},
			}}},
		{"no wish", `{"type":"subscribe","tracks":[]}`, &Subscribe{Tracks: []TrackWish{}}},
		{"a message without fields", `{"type":"leave"}`, &Leave{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(tc.in))
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}

// An SDP of n sections that is as short as it can be.
func sections(n int, eol string) string { return strings.Repeat("m="+eol, n) }

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	join := func(fields string) string { return `{"type":"join_room",` + fields + `}` }
	offer := func(tracks string) string { return `{"type":"offer","id":1,"sdp":"v=0","tracks":[` + tracks + `]}` }
	track := func(mid string) string { return `{"mid":"` + mid + `","source":"camera","muted":false}` }
	subscribe := func(wishes string) string { return `{"type":"subscribe","tracks":[` + wishes + `]}` }
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tc := range []struct {
		name, in string
		code     Code
		request  string
	}{
		{"nothing", "", CodeBadMessage, ""},
		{"not JSON", "hello", CodeBadMessage, ""},
		{"half of it", `{"type":"leave"`, CodeBadMessage, ""},
		{"two objects", `{"type":"leave"}{"type":"leave"}`, CodeBadMessage, ""},
		{"an array", `[{"type":"leave"}]`, CodeBadMessage, ""},
		{"null", `null`, CodeBadMessage, ""},
		{"deeper than any parser goes", strings.Repeat("[", 100_000), CodeBadMessage, ""},
		{"not UTF-8", "{\"type\":\"leave\",\"x\":\"\xff\"}", CodeBadMessage, ""},
		{"a message above its limit", `{"type":"leave","x":"` + long(MaxMessage) + `"}`, CodeTooLarge, ""},

		{"no type", `{"room":"r"}`, CodeBadMessage, ""},
		{"type is a number", `{"type":5}`, CodeBadMessage, ""},
		{"type is null", `{"type":null}`, CodeBadMessage, ""},
		{"a type of another time", `{"type":"moderate"}`, CodeUnsupported, "moderate"},
		{"a type of the server's", `{"type":"welcome"}`, CodeUnsupported, "welcome"},
		{"a type that is no word", `{"type":"<script>alert(1)</script>"}`, CodeUnsupported, ""},
		{"a type that is too long a word", `{"type":"` + long(33) + `"}`, CodeUnsupported, ""},

		{"no room", join(`"name":"n"`), CodeBadMessage, "join_room"},
		{"a blank room", join(`"room":" \t ","name":"n"`), CodeBadMessage, "join_room"},
		{"a long room", join(`"room":"` + long(MaxRoom+1) + `","name":"n"`), CodeTooLarge, "join_room"},
		{"a room that is a list", join(`"room":["r"],"name":"n"`), CodeBadMessage, "join_room"},
		{"no name", join(`"room":"r"`), CodeBadMessage, "join_room"},
		{"a long name", join(`"room":"r","name":"` + long(MaxName+1) + `"`), CodeTooLarge, "join_room"},
		{"a name that breaks lines", join(`"room":"r","name":"a\nb"`), CodeBadMessage, "join_room"},
		{"a name that ends strings", join(`"room":"r","name":"a\u0000b"`), CodeBadMessage, "join_room"},
		{"a long token", join(`"room":"r","name":"n","token":"` + long(MaxToken+1) + `"`), CodeTooLarge, "join_room"},
		{"a long resume", join(`"room":"r","name":"n","resume":"` + long(MaxResume+1) + `"`), CodeTooLarge, "join_room"},
		{"metadata that is a list", join(`"room":"r","name":"n","metadata":[]`), CodeBadMessage, "join_room"},
		{"metadata that is text", join(`"room":"r","name":"n","metadata":"{}"`), CodeBadMessage, "join_room"},
		{"long metadata", join(`"room":"r","name":"n","metadata":{"x":"` + long(MaxMetadata) + `"}`), CodeTooLarge, "join_room"},

		{"an offer without id", `{"type":"offer","sdp":"v=0"}`, CodeBadMessage, "offer"},
		{"an offer with id 0", `{"type":"offer","id":0,"sdp":"v=0"}`, CodeBadMessage, "offer"},
		{"an offer with a negative id", `{"type":"offer","id":-1,"sdp":"v=0"}`, CodeBadMessage, "offer"},
		{"an offer with half an id", `{"type":"offer","id":1.5,"sdp":"v=0"}`, CodeBadMessage, "offer"},
		{"an offer without SDP", `{"type":"offer","id":1}`, CodeBadMessage, "offer"},
		{"an offer with a session description object", `{"type":"offer","id":1,"sdp":{"type":"offer"}}`, CodeBadMessage, "offer"},
		{"a long SDP", `{"type":"offer","id":1,"sdp":"` + long(MaxSDP+1) + `"}`, CodeTooLarge, "offer"},
		{"too many sections", `{"type":"offer","id":1,"sdp":"` + sections(MaxSections+1, `\r\n`) + `"}`, CodeTooLarge, "offer"},
		{"too many sections by lone CRs", `{"type":"answer","id":1,"sdp":"` + sections(MaxSections+1, `\r`) + `"}`, CodeTooLarge, "answer"},
		{"an answer without SDP", `{"type":"answer","id":1,"sdp":""}`, CodeBadMessage, "answer"},

		{"a track without mid", offer(`{"source":"camera","muted":false}`), CodeBadMessage, "offer"},
		{"a track of an unknown source", offer(`{"mid":"1","source":"webcam","muted":false}`), CodeBadMessage, "offer"},
		{"a track that forgot muted", offer(`{"mid":"1","source":"camera"}`), CodeBadMessage, "offer"},
		{"a track that is a string", offer(`"camera"`), CodeBadMessage, "offer"},
		{"a long mid", offer(track(long(MaxMID + 1))), CodeTooLarge, "offer"},
		{"a mid that is no token", offer(track("a b")), CodeBadMessage, "offer"},
		{"a mid with a line end", offer(track(`a\r\nb`)), CodeBadMessage, "offer"},
		{"a mid beyond ASCII", offer(track("é")), CodeBadMessage, "offer"},
		{"two tracks on one mid", offer(track("1") + "," + track("1")), CodeBadMessage, "offer"},
		{"too many tracks", offer(manyTracks(MaxTracks + 1)), CodeTooLarge, "offer"},

		{"an ice without candidate", `{"type":"ice"}`, CodeBadMessage, "ice"},
		{"a candidate that is text", `{"type":"ice","candidate":"candidate:1"}`, CodeBadMessage, "ice"},
		{"a long candidate", `{"type":"ice","candidate":{"candidate":"` + long(MaxCandidate+1) + `"}}`, CodeTooLarge, "ice"},
		{"a candidate of a long mid", `{"type":"ice","candidate":{"candidate":"c","sdpMid":"` + long(MaxMID+1) + `"}}`, CodeTooLarge, "ice"},
		{"a candidate of a long ufrag", `{"type":"ice","candidate":{"candidate":"c","usernameFragment":"` + long(MaxUfrag+1) + `"}}`, CodeTooLarge, "ice"},
		{"a candidate of line -1", `{"type":"ice","candidate":{"candidate":"c","sdpMLineIndex":-1}}`, CodeBadMessage, "ice"},

		{"an update that forgot muted", `{"type":"update_track","mid":"1"}`, CodeBadMessage, "update_track"},
		{"an update that is neither", `{"type":"update_track","mid":"1","muted":null}`, CodeBadMessage, "update_track"},
		{"an update of nothing", `{"type":"update_track","muted":true}`, CodeBadMessage, "update_track"},
		{"an update to an unknown source", `{"type":"update_track","mid":"1","muted":true,"source":"x"}`, CodeBadMessage, "update_track"},

		{"a subscribe without tracks", `{"type":"subscribe"}`, CodeBadMessage, "subscribe"},
		{"a subscribe to null", `{"type":"subscribe","tracks":null}`, CodeBadMessage, "subscribe"},
		{"a subscribe to one track", `{"type":"subscribe","tracks":{"track":"t"}}`, CodeBadMessage, "subscribe"},
		{"a wish without a track", subscribe(`{"width":1}`), CodeBadMessage, "subscribe"},
		{"a wish for a long track", subscribe(`{"track":"` + long(MaxTrackID+1) + `"}`), CodeTooLarge, "subscribe"},
		{"a negative width", subscribe(`{"track":"t","width":-1}`), CodeBadMessage, "subscribe"},
		{"a width beyond all screens", subscribe(`{"track":"t","width":65536}`), CodeBadMessage, "subscribe"},
		{"a height beyond all screens", subscribe(`{"track":"t","height":65536}`), CodeBadMessage, "subscribe"},
		{"half a pixel", subscribe(`{"track":"t","height":0.5}`), CodeBadMessage, "subscribe"},
		{"a width beyond all numbers", subscribe(`{"track":"t","width":1e99}`), CodeBadMessage, "subscribe"},
		{"too many frames", subscribe(`{"track":"t","fps":256}`), CodeBadMessage, "subscribe"},
		{"too high a priority", subscribe(`{"track":"t","priority":256}`), CodeBadMessage, "subscribe"},
		{"pinned to a number", subscribe(`{"track":"t","pinned":1}`), CodeBadMessage, "subscribe"},
		{"two wishes for one track", subscribe(`{"track":"t"},{"track":"u"},{"track":"t","paused":true}`), CodeBadMessage, "subscribe"},
		{"too many wishes", subscribe(manyWishes(MaxWishes + 1)), CodeTooLarge, "subscribe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			msg, err := Decode([]byte(tc.in))
			var refusal *Error
			if msg != nil || !errors.As(err, &refusal) {
				t.Fatalf("%+v, %v", msg, err)
			}
			if refusal.Code != tc.code || refusal.Request != tc.request || refusal.Fatal {
				t.Errorf("%+v; want %s about %q", refusal, tc.code, tc.request)
			}
			if len(refusal.Message) > 80 || strings.Contains(refusal.Message, "xxx") {
				t.Errorf("the message repeats the client: %.200q", refusal.Message)
			}
		})
	}
}

func manyTracks(n int) string {
	var tracks []string
	for i := range n {
		tracks = append(tracks, fmt.Sprintf(`{"mid":"%d","source":"camera","muted":false}`, i))
	}
	return strings.Join(tracks, ",")
}

func manyWishes(n int) string {
	var wishes []string
	for i := range n {
		wishes = append(wishes, fmt.Sprintf(`{"track":"%0*d","width":%d}`, MaxTrackID, i, i))
	}
	return strings.Join(wishes, ",")
}

func TestDecodeTakesWhatIsAtItsLimit(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, in := range []string{
		`{"type":"join_room","room":"r","name":"n","metadata":{"x":"` + long(MaxMetadata-8) + `"}}`,
		`{"type":"join_room","room":"r","name":"n","token":"` + long(MaxToken) + `","resume":"` + long(MaxResume) + `"}`,
		`{"type":"offer","id":1,"sdp":"` + long(MaxSDP) + `"}`,
		`{"type":"offer","id":18446744073709551615,"sdp":"` + sections(MaxSections, `\r\n`) + `"}`,
		`{"type":"offer","id":1,"sdp":"v=0","tracks":[` + manyTracks(MaxTracks) + `]}`,
		`{"type":"update_track","mid":"` + "!#$%&'*+-.^_`{|}"[:MaxMID] + `","muted":true}`,
		`{"type":"subscribe","tracks":[` + manyWishes(MaxWishes) + `]}`,
	} {
		if _, err := Decode([]byte(in)); err != nil {
			t.Errorf("%v: %.100s", err, in)
		}
	}
}

func TestDecodeServerRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "{}", `{"type":"join_room"}`, `{"type":"slots","slots":5}`} {
		msg, err := DecodeServer([]byte(in))
		var refusal *Error
		if msg != nil || !errors.As(err, &refusal) {
			t.Errorf("%q: %+v, %v", in, msg, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range examples(f) {
		f.Add([]byte(e.json))
	}
	f.Add([]byte(`{"type":"join_room","room":"\ud800","name":"\u2028","metadata":{"":"\u2028"}}`))
	f.Add([]byte(`{"type":"ice","candidate":{"candidate":"","sdpMid":""}}`))
	f.Add([]byte(`{"type":"subscribe","tracks":[{"track":"t","width":-1},{"track":"t","fps":1e2,"paused":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := Decode(data)
		if err != nil {
			refusal, ok := err.(*Error)
			if !ok || refusal.Fatal {
				t.Fatalf("%T %v", err, err)
			}
			if _, err := Encode(refusal); err != nil {
				t.Fatal(err)
			}
			return
		}
		once, err := EncodeClient(msg)
		if err != nil {
			t.Fatal(err)
		}
		if len(once) > MaxMessage {
			t.Skip("only escapes of U+2028 can do that")
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%v: %s", err, once)
		}
		if !reflect.DeepEqual(msg, again) {
			t.Fatalf("%+v\n%+v\n%s", msg, again, once)
		}
	})
}

func FuzzDecodeServer(f *testing.F) {
	for _, e := range examples(f) {
		f.Add([]byte(e.json))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := DecodeServer(data)
		if err != nil {
			return
		}
		if _, err := Encode(msg); err != nil {
			t.Fatal(err)
		}
	})
}
