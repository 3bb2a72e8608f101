package e2e

import (
	"math"
	"strings"
	"testing"
	"time"

	"sfu/sfu"
)

// near checks a rate within 5 %.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.05*want {
		t.Errorf("%s is %.0f, and should be %.0f", what, got, want)
	}
}

// look is what the lens shows of the room now.
func (w *world) look() (room sfu.RoomReport, people map[string]sfu.ParticipantReport) {
	w.t.Helper()
	room, err := w.server.Inspect("room")
	check(w.t, err)
	people = make(map[string]sfu.ParticipantReport)
	for _, p := range room.Members {
		people[p.Name] = p
	}
	return room, people
}

func TestTheLensShowsTheRatesOfTheWire(t *testing.T) {
	play(t, func(w *world) {
		ana := w.join("ana", filming(costly))
		bob := w.join("bob", sending("microphone"))
		w.run(8 * time.Second)
		const seconds = 5
		anaUp, _ := ana.link.media()
		_, bobDown := bob.link.media()
		var up, encodings, down, picture, in, out float64
		for range seconds {
			w.run(time.Second)
			room, people := w.look()
			in, out = in+float64(room.Received), out+float64(room.Sent)
			a, b := people["ana"], people["bob"]
			up += float64(a.Up.Bitrate)
			for _, track := range a.Tracks {
				for _, e := range track.Encodings {
					encodings += float64(e.Bitrate)
				}
			}
			down += float64(b.Down.Bitrate)
			for _, d := range b.DownTracks {
				if d.Kind == "video" {
					picture += float64(d.Bitrate)
				}
			}
		}
		anaUp2, _ := ana.link.media()
		_, bobDown2 := bob.link.media()
		sent, got := float64(8*(anaUp2-anaUp)), float64(8*(bobDown2-bobDown))
		near(t, "what ana sends", up, sent)
		near(t, "the sum of her encodings", encodings, sent)
		near(t, "what bob is sent", down, got)
		if sent < seconds*1.2e6 || picture < 0.8*got || picture > got || in < sent || out < got {
			t.Errorf("ana sends %.0f, bob is sent %.0f, %.0f of it pictures; the room takes %.0f and gives %.0f", sent, got, picture, in, out)
		}
	})
}

func TestTheLensShowsARoom(t *testing.T) {
	play(t, func(w *world) {
		began := time.Now()
		ana := w.join("ana", filming(costly))
		bob := w.join("bob", sending("microphone"), muted("microphone"))
		w.run(6 * time.Second)
		room, people := w.look()
		a, b := people["ana"], people["bob"]
		if room.Room != "room" || room.RoomSummary.Participants != 2 || room.Tracks != 3 || room.Loss != 0 || room.Age < 6 || room.Age > 7 {
			t.Errorf("the room: %+v", room.RoomSummary)
		}
		if a.ID != ana.me.ID || a.Joined.Before(began) || !a.Signalling || !a.Media || a.Path != "udp" ||
			!strings.HasPrefix(a.Remote, "10.0.1.1:") || a.Score != 5 || a.RTT < 20 || a.RTT > 25 {
			t.Errorf("ana: %+v", a)
		}
		if b.Down.Estimate == 0 || b.Down.Granted == 0 || b.Down.Granted > b.Down.Estimate || b.Down.Loss != 0 || b.Down.Jitter > 50 {
			t.Errorf("what bob is sent: %+v", b.Down)
		}
		w.seeTracks(a, b)

		bob.sock.close() // media goes on
		ana.link.lossy(0.2, 0)
		w.allowed.loss = true
		w.run(3 * time.Second)
		room, people = w.look()
		if people["bob"].Signalling || !people["bob"].Media {
			t.Errorf("bob's socket is gone, and his media is not: %+v", people["bob"])
		}
		if loss := people["ana"].Up.Loss; loss < 0.05 || loss > 0.4 || room.Loss < loss {
			t.Errorf("ana's uplink loses a fifth: %v, at worst %v in the room", loss, room.Loss)
		}
		ana.link.lossy(0, 0)
		bob.dial(bob.resume)
		w.run(time.Second)
		if _, people = w.look(); !people["bob"].Signalling {
			t.Errorf("bob is back: %+v", people["bob"])
		}
		if _, err := w.server.Inspect("attic"); err != sfu.ErrNoRoom {
			t.Errorf("a room that there is not: %v", err)
		}
	})
}

// seeTracks checks the tracks of ana, who sends a camera in three sizes, and bob, who
// is muted.
func (w *world) seeTracks(a, b sfu.ParticipantReport) {
	t := w.t
	t.Helper()
	tracks := make(map[string]sfu.TrackReport)
	for _, track := range append(a.Tracks, b.Tracks...) {
		tracks[track.Source+track.Codec] = track
	}
	camera := tracks["cameravideo/VP8"]
	if len(camera.Encodings) != 3 || len(b.Tracks) != 1 || !b.Tracks[0].Muted {
		t.Fatalf("published: %+v, %+v", a.Tracks, b.Tracks)
	}
	top := camera.Encodings[2]
	if top.RID != "f" || top.SSRC == 0 || !top.Wanted || top.Width != 1280 || top.Height != 720 || top.FPS != 25 ||
		top.Loss != 0 || top.KeyframeAge < 0 || top.KeyframeAge > 7 {
		t.Errorf("the largest picture: %+v", top)
	}
	for _, d := range b.DownTracks {
		if d.Of != a.ID || d.State != "active" || d.Slot == "" {
			t.Errorf("bob is sent %+v", d)
		}
		if full := (sfu.LayerReport{RID: "f", Temporal: 2, Width: 1280, Height: 720}); d.Kind == "video" &&
			(d.Track != camera.Track || *d.Wished != full || *d.Granted != full || *d.Flowing != full) {
			t.Errorf("bob's picture: %v %v %v", d.Wished, d.Granted, d.Flowing)
		}
	}
	if len(b.DownTracks) != 2 || len(a.DownTracks) != 1 || a.DownTracks[0].Reason != "muted" {
		t.Errorf("bob is sent %+v, ana %+v", b.DownTracks, a.DownTracks)
	}
}
