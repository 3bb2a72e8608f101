package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheOperatorSeesRooms(t *testing.T) {
	t.Parallel()
	in := launch(t)
	if _, body := get(t, in.ops+"/api/v1/rooms"); body != "{\"rooms\":[]}\n" {
		t.Errorf("without a room: %s", body)
	}
	member := dial(t, in)
	if err := member.WriteJSON(map[string]string{"type": "join_room", "room": "our kitchen", "name": "Ana"}); err != nil {
		t.Fatal(err)
	}
	if msg := hear(t, member); msg.Type != "welcome" {
		t.Fatalf("join_room was answered by %+v", msg)
	}
	for _, tc := range []struct {
		path   string
		status int
		want   []string
	}{
		{"/api/v1/rooms", http.StatusOK, []string{`{"room":"our kitchen","participants":1}`}},
		{"/api/v1/rooms/our%20kitchen", http.StatusOK, []string{`"name":"Ana"`, `"estimate_bps":0`, `"pictures":[]`}},
		{"/api/v1/rooms/attic", http.StatusNotFound, []string{`"detail":"There is no room of this name now: /api/v1/rooms`, `"status":404`}},
	} {
		status, body := get(t, in.ops+tc.path)
		for _, want := range tc.want {
			if status != tc.status || !strings.Contains(body, want) {
				t.Errorf("%s: %d %s", tc.path, status, body)
			}
		}
	}
	if _, body := get(t, in.url+"/api/v1/rooms"); strings.Contains(body, "kitchen") {
		t.Error("the public listener tells who meets where")
	}
}
