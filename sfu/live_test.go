package sfu

import (
	"errors"
	"log/slog"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// What is lowered holds for who comes next; who is inside stays.
func TestLimitsChangeWhilePeopleAreInside(t *testing.T) {
	t.Parallel()
	set := metrics.New()
	server, err := New(Config{}, set, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ana, bob := &client{t: t, server: server}, &client{t: t, server: server}
	ana.join(&wire.JoinRoom{Room: "r", Name: "ana"})
	bob.join(&wire.JoinRoom{Room: "r", Name: "bob"})
	if w := await[*wire.Welcome](bob); w.Limits.Participants != defaultMaxParticipants || len(w.ICEServers) != 0 {
		t.Errorf("before: %+v", w)
	}
	refused := func(room string) {
		t.Helper()
		var refusal *wire.Error
		if _, err := server.Join(&wire.JoinRoom{Room: room, Name: "eve"}, func(wire.Server) {}); !errors.As(err, &refusal) || refusal.Code != wire.CodeRoomFull {
			t.Errorf("joining %s: %v", room, err)
		}
	}
	server.Reconfigure(Config{MaxRooms: 1, MaxParticipants: 1, ICEServers: []wire.ICEServer{{URLs: []string{"stun:a.example"}}}})
	refused("r")
	refused("another")
	if n := server.rooms["r"].size(); n != 2 {
		t.Errorf("%d people are left of 2", n)
	}

	server.Reconfigure(Config{MaxRooms: 2, MaxParticipants: 3, ICEServers: []wire.ICEServer{{URLs: []string{"stun:b.example"}}}})
	eve := &client{t: t, server: server}
	eve.join(&wire.JoinRoom{Room: "r", Name: "eve"})
	if w := await[*wire.Welcome](eve); w.Limits.Participants != 3 || w.ICEServers[0].URLs[0] != "stun:b.example" {
		t.Errorf("after: %+v", w)
	}
	refused("r")
	eve.join(&wire.JoinRoom{Room: "another", Name: "eve"})
	for limit, want := range map[metrics.Limit]float64{metrics.LimitRooms: 1, metrics.LimitRoomSize: 2} {
		if got := limitedBy(t, set, limit); got != want {
			t.Errorf("limit %d is counted %v times, want %v", limit, got, want)
		}
	}
}

func limitedBy(t *testing.T, set *metrics.Set, limit metrics.Limit) float64 {
	t.Helper()
	var m dto.Metric
	if err := set.Door.Limited[limit].Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func TestHowManyAreHeardChangesInRoomsThatAreThere(t *testing.T) {
	t.Parallel()
	server, err := New(Config{}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	loudest := func(room string) (n int) {
		c := &client{t: t, server: server}
		c.join(&wire.JoinRoom{Room: room, Name: "ana"})
		told := make(chan int)
		loop := c.session.participant.room.loop
		loop.do(func() { told <- loop.voices.loudest })
		return <-told
	}
	for _, tc := range []struct{ set, want int }{{0, defaultLoudest}, {7, 7}, {-1, 0}, {1, 1}} {
		server.Reconfigure(Config{Loudest: tc.set})
		if old, fresh := loudest("old"), loudest(string(rune('z'+tc.want))); old != tc.want || fresh != tc.want {
			t.Errorf("%d: %d are heard in a room that was there, %d in a new one", tc.set, old, fresh)
		}
	}
}

// One who was talked out of the only place is heard as soon as there are two.
func TestMoreAreHeardAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.crowd()
	s.watch()
	both := func() int {
		before := len(s.out.headers)
		for range 50 {
			s.sayFrom("eve", 10, 111, []byte{1})
			s.now = s.now.Add(-frame)
			s.say(30, 111, []byte{2})
		}
		return len(s.out.headers) - before
	}
	s.loop.hear(1)
	if n := both(); n != 0 {
		t.Errorf("ana is heard %d times beside one who is louder", n)
	}
	s.loop.hear(2)
	if n := both(); n < 50 {
		t.Errorf("with two places ana is heard %d times of 50", n)
	}
	s.loop.hear(1)
	if n := both(); n > 20 {
		t.Errorf("with one place again ana is heard %d times", n)
	}
}
