package sfu

import (
	"log/slog"
	"maps"
	"testing"
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// client is one end of a server's signalling.
type client struct {
	t       *testing.T
	server  *Server
	session *Session
	in      chan wire.Server
}

func (c *client) join(req *wire.JoinRoom) {
	c.t.Helper()
	c.in = make(chan wire.Server, 100)
	in := c.in
	session, err := c.server.Join(req, func(m wire.Server) { in <- m })
	if err != nil {
		c.t.Fatal(err)
	}
	c.session = session
}

// await returns the next message of type M.
func await[M wire.Server](c *client) (m M) {
	c.t.Helper()
	for timeout := time.After(10 * time.Second); ; {
		select {
		case msg := <-c.in:
			if m, ok := msg.(M); ok {
				return m
			}
		case <-timeout:
			c.t.Fatalf("no %T within 10 s", m)
		}
	}
}

func TestWhoResumesIsToldAgainWhatThereIsToSee(t *testing.T) {
	t.Parallel()
	server, err := New(Config{}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ana, bob := &client{t: t, server: server}, &client{t: t, server: server}
	ana.join(&wire.JoinRoom{Room: "r", Name: "ana"})
	bob.join(&wire.JoinRoom{Room: "r", Name: "bob"})
	resume := await[*wire.Welcome](bob).Resume

	from, to := ana.session.participant, bob.session.participant
	to.put(func() { to.presence.connected, to.presence.ever = true, true }) // or it is given up with its socket
	from.room.setTrack(from, wire.Track{ID: "cam", MID: "1", Kind: "video", Source: "camera", Muted: true})
	from.room.loop.do(func() { // the data plane without connections
		camera := &upTrack{id: "cam", link: from.link, mid: "1", source: media.Camera, kind: media.Video, muted: true}
		from.room.loop.publish(camera)
		slot := newDownTrack(to.link, media.Video, 0)
		to.link.down.tracks = append(to.link.down.tracks, slot)
		slot.carry(camera, time.Now())
	})
	want := wire.TrackState{Track: "cam", State: "paused", Reason: "muted"}
	if got := await[*wire.TrackState](bob); *got != want {
		t.Errorf("told %+v, want %+v", *got, want)
	}
	bob.session.Lost()
	bob.join(&wire.JoinRoom{Room: "r", Resume: resume})
	if got := await[*wire.TrackState](bob); *got != want {
		t.Errorf("after the resume told %+v, want %+v", *got, want)
	}
}

func TestLayersOfATrackThatIsGoneAreNotTheNextOnes(t *testing.T) {
	t.Parallel()
	var told []wire.Server
	p := &participant{session: &Session{send: func(m wire.Server) { told = append(told, m) }}}
	p.talks.tracks = []publication{{id: "new", mid: "1"}}
	p.applyLayers("old", map[string]bool{"f": false}) // both were published on section 1
	if len(told) != 0 || p.talks.tracks[0].active != nil {
		t.Errorf("told %v of a track that is gone", told)
	}
	active := map[string]bool{"f": true}
	p.applyLayers("new", active)
	if m, ok := told[len(told)-1].(*wire.Layers); !ok || m.MID != "1" || !maps.Equal(m.Active, active) {
		t.Errorf("told %v", told)
	}
}

func TestPinsBeyondTheBoundAreNone(t *testing.T) {
	t.Parallel()
	p := &participant{pinned: make(map[media.TrackID]bool), link: newLink("bob", newMediaLoop(metrics.New(), 0, nil, nil), quiet)}
	p.view.reset([]wire.Participant{{ID: "ana"}})
	m := &wire.Subscribe{}
	for i := range maxPinned + 4 {
		id := string(rune('a' + i))
		p.view.rows[0].Tracks = append(p.view.rows[0].Tracks, wire.Track{ID: id, Source: "camera"})
		p.link.loop.tracks[media.TrackID(id)] = &upTrack{id: media.TrackID(id), link: p.link, index: i}
		m.Tracks = append(m.Tracks, wire.TrackWish{Track: id, Pinned: true})
	}
	p.applySubscribe(m)
	for _, task := range p.link.loop.tasks.Take(nil) {
		task()
	}
	n := 0
	for _, w := range p.link.down.wishes {
		if w.Pinned {
			n++
		}
	}
	if n != maxPinned {
		t.Errorf("%d tracks are pinned, want %d", n, maxPinned)
	}
}
