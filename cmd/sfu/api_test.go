package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"sfu/sfu"
)

// post sends a JSON body, or none.
func post(t *testing.T, url, body string) (status int, text string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

func TestTheOperatorSeesRooms(t *testing.T) {
	t.Parallel()
	in := launch(t)
	if _, body := get(t, in.ops+"/api/v1/rooms"); body != "{\"rooms\":[]}\n" {
		t.Errorf("without a room: %s", body)
	}
	enter(t, in, "our kitchen", "Ana")
	for _, tc := range []struct {
		path   string
		status int
		want   []string
	}{
		{"/api/v1/rooms", http.StatusOK, []string{`{"room":"our kitchen","participants":1,"tracks":0,`}},
		{"/api/v1/rooms/our%20kitchen", http.StatusOK, []string{`"name":"Ana"`, `"signalling":true,"media":false`, `"estimate_bps":0`, `"down_tracks":[]`}},
		{"/api/v1/rooms/attic", http.StatusNotFound, []string{"there is no room of this name now"}},
		{"/api/v1/rooms/our%20kitchen/participants/x/capture", http.StatusMethodNotAllowed, nil},
		{"/api/v1/rooms/our%20kitchen/cellar", http.StatusNotFound, nil},
	} {
		status, body := get(t, in.ops+tc.path)
		if status != tc.status {
			t.Errorf("%s: %d %s", tc.path, status, body)
		}
		for _, want := range tc.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %s lacks %s", tc.path, body, want)
			}
		}
	}
	if status, _ := post(t, in.ops+"/api/v1/rooms", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("POST to the list: %d", status)
	}
	if _, body := get(t, in.url+"/api/v1/rooms"); strings.Contains(body, "kitchen") {
		t.Error("the public listener tells who meets where")
	}
}

func TestWhatACaptureMayBe(t *testing.T) {
	t.Parallel()
	in := launch(t, "--capture")
	_, welcome := enter(t, in, "kitchen", "Ana")
	ana := in.ops + "/api/v1/rooms/kitchen/participants/" + welcome.Participant.ID + "/capture"
	for _, tc := range []struct {
		name, url, body string
		status          int
		want            string
	}{
		{"too long", ana + "?seconds=301", "", http.StatusBadRequest, "seconds is 1 to 300, not 301"},
		{"no time", ana, `{"seconds":0}`, http.StatusBadRequest, "seconds is 1 to 300, not 0"},
		{"more than a number holds", ana + "?seconds=99999999999999999999", "", http.StatusBadRequest, "out of range"},
		{"too large", ana, `{"megabytes":257}`, http.StatusBadRequest, "megabytes is 1 to 256, not 257"},
		{"less than nothing", ana + "?megabytes=-1", "", http.StatusBadRequest, "megabytes is 1 to 256, not -1"},
		{"another way", ana, `{"direction":"sideways"}`, http.StatusBadRequest, "direction is up"},
		{"not a truth", ana + "?payload=maybe", "", http.StatusBadRequest, "payload"},
		{"a word that there is not", ana + "?minutes=1", "", http.StatusBadRequest, "minutes"},
		{"a field that there is not", ana, `{"minutes":1}`, http.StatusBadRequest, "minutes"},
		{"not JSON", ana, `seconds=1`, http.StatusBadRequest, `the body is JSON as {`},
		{"a book", ana, strings.Repeat(" ", maxCaptureBody+1), http.StatusBadRequest, "4096 bytes"},
		{"nobody", in.ops + "/api/v1/rooms/kitchen/participants/x/capture", "", http.StatusNotFound, "no participant"},
		{"nowhere", in.ops + "/api/v1/rooms/attic/participants/x/capture", "", http.StatusNotFound, "no room"},
		{"all is well", ana + "?seconds=1", "", http.StatusOK, "\x4d\x3c\xb2\xa1\x02\x00\x04\x00"},
	} {
		status, body := post(t, tc.url, tc.body)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s", tc.name, status, body)
		}
	}
}

func TestCapturesAreOff(t *testing.T) {
	t.Parallel()
	in := launch(t)
	_, welcome := enter(t, in, "kitchen", "Ana")
	status, body := post(t, in.ops+"/api/v1/rooms/kitchen/participants/"+welcome.Participant.ID+"/capture", "")
	if status != http.StatusForbidden || !strings.Contains(body, "the setting capture") {
		t.Errorf("%d %s", status, body)
	}
}

// The example in the manual has every field of a report, and no other.
func TestTheManualShowsARoom(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile("(?s)## One room.*?```json\n(.*?)```").FindSubmatch(manual)
	if text == nil {
		t.Fatal("docs/operations.md has no example of a room")
	}
	var report sfu.RoomReport
	strict := json.NewDecoder(bytes.NewReader(text[1]))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&report); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var shown, told any
	if err := json.Unmarshal(text[1], &shown); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &told); err != nil {
		t.Fatal(err)
	}
	for path := range fields("", told) {
		if !fields("", shown)[path] {
			t.Errorf("the example lacks %s", path)
		}
	}
}

// fields returns every path in v.
func fields(at string, v any) map[string]bool {
	all := map[string]bool{at: true}
	add := func(at string, v any) {
		for path := range fields(at, v) {
			all[path] = true
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			add(at+"."+name, value)
		}
	case []any:
		for _, value := range v {
			add(at, value)
		}
	}
	return all
}
