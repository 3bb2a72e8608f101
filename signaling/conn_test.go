package signaling

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sfu/signaling/wire"
)

// inBubble runs a story in virtual time against a door to e.
func inBubble(t *testing.T, e *engine, story func(t *testing.T, d *door)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { story(t, openDoor(t, Config{}, e.join)) })
}

func TestACallFromJoinToLeave(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		c.say(updateTrack)
		c.say(`{"type":"ice","candidate":null}`)
		e.sessions[0].send(&wire.Speakers{})
		c.expect("speakers")
		c.say(leave)
		synctest.Wait()
		var closed *websocket.CloseError
		if !errors.As(c.end, &closed) || closed.Code != websocket.CloseNormalClosure {
			t.Errorf("closed with %v", c.end)
		}
		if got := fmt.Sprint(e.sessions[0].handled); got != "[update_track ice leave]" || e.sessions[0].lost != 1 {
			t.Errorf("the session saw %s and was lost %d times", got, e.sessions[0].lost)
		}
		e.sessions[0].send(&wire.Speakers{}) // late, and nobody's harm
	})
}

func TestNothingComesBeforeJoin(t *testing.T) {
	inBubble(t, &engine{}, func(t *testing.T, d *door) {
		c := d.enter()
		c.say(updateTrack)
		c.expect("unexpected update_track")
		c.say(joinRoom)
		c.expect("welcome")
	})
}

func TestASecondJoinChangesNothing(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		c.say(joinRoom)
		c.say(`{"type":"join_room"}`)
		c.say(updateTrack)
		c.expect("unexpected join_room", "bad_message join_room")
		if s := e.sessions[0]; len(e.sessions) != 1 || len(s.handled) != 1 || s.lost != 0 {
			t.Errorf("%d sessions, the first saw %v", len(e.sessions), s.handled)
		}
	})
}

func TestJoinHasTenSeconds(t *testing.T) {
	inBubble(t, &engine{}, func(t *testing.T, d *door) {
		c := d.enter()
		time.Sleep(joinTimeout - time.Millisecond)
		c.expect()
		time.Sleep(time.Millisecond)
		c.expectEnd("fatal unexpected ", websocket.ClosePolicyViolation, "unexpected")
	})
}

func TestARefusedJoinIsTheEnd(t *testing.T) {
	t.Parallel()
	full := &wire.Error{Code: wire.CodeRoomFull}
	for _, tc := range []struct {
		name    string
		refusal error
		say     string
		heard   string
		code    int
		reason  string
	}{
		{"by the engine", full, joinRoom, "fatal room_full join_room", websocket.CloseTryAgainLater, "room_full"},
		{"by an error of ours", errors.New("secret"), joinRoom, "fatal internal join_room", websocket.CloseInternalServerErr, "internal"},
		{"by its form", nil, `{"type":"join_room"}`, "fatal bad_message join_room", websocket.ClosePolicyViolation, "bad_message"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, &engine{refusal: tc.refusal}, func(t *testing.T, d *door) {
				c := d.enter()
				c.say(tc.say)
				c.expectEnd(tc.heard, tc.code, tc.reason)
			})
		})
	}
	if full.Fatal || full.Request != "" {
		t.Errorf("the engine's own error was changed: %+v", full)
	}
}

func TestAFatalErrorIsTheLastMessage(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		e.sessions[0].send(&wire.Slots{})
		e.sessions[0].send(&wire.Error{Code: wire.CodeNotFound})
		e.sessions[0].send(&wire.Error{Code: wire.CodeReplaced, Fatal: true})
		e.sessions[0].send(&wire.Speakers{})
		synctest.Wait()
		if got := []string{<-c.heard, <-c.heard}; got[0] != "slots" || got[1] != "not_found " {
			t.Errorf("heard %q first", got)
		}
		c.expectEnd("fatal replaced ", websocket.ClosePolicyViolation, "replaced")
		if e.sessions[0].lost != 1 {
			t.Errorf("lost %d times", e.sessions[0].lost)
		}
	})
}

func TestAMessageThatCannotBeWrittenIsOurFault(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		e.sessions[0].send(&wire.ParticipantJoined{Participant: wire.Participant{Metadata: []byte("{")}})
		c.expectEnd("fatal internal ", websocket.CloseInternalServerErr, "internal")
	})
}

func TestGarbageHarmsNobody(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		bystander, c := d.member(), d.member()
		for _, garbage := range []string{"", "x", "[]", "{}", `{"type":7}`, "\xff\xfe", strings.Repeat("{", 10_000)} {
			c.say(garbage)
			c.expect("bad_message ")
		}
		c.sayFrame(websocket.BinaryMessage, []byte(updateTrack))
		c.expect("bad_message ")
		c.say(`{"type":"moderate"}`)
		c.expect("unsupported moderate")

		c.UnderlyingConn().Write([]byte("\xff\xff\xff\xff no frame at all"))
		synctest.Wait()
		var closed *websocket.CloseError
		if !errors.As(c.end, &closed) || closed.Code != websocket.CloseProtocolError {
			t.Errorf("closed with %v", c.end)
		}

		bystander.say(updateTrack)
		bystander.expect()
		if s := e.sessions; len(s[0].handled) != 1 || s[0].lost != 0 || len(s[1].handled) != 0 || s[1].lost != 1 {
			t.Errorf("%+v, %+v", s[0], s[1])
		}
	})
}

func TestAPanicEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	e := &engine{}
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, Config{}, func(req *wire.JoinRoom, send func(wire.Server)) (session, error) {
			if req.Name == "bug" {
				panic("ours")
			}
			return e.join(req, send)
		})
		bystander, c := d.member(), d.enter()
		c.say(`{"type":"join_room","room":"r","name":"bug"}`)
		synctest.Wait()
		if c.end == nil {
			t.Error("the socket is open")
		}
		bystander.say(updateTrack)
		bystander.expect()
	})
}

func TestAMessageAboveTheLimitIsTheEnd(t *testing.T) {
	inBubble(t, &engine{}, func(t *testing.T, d *door) {
		c := d.member()
		c.say(`{"type":"leaves","x":"` + strings.Repeat("x", wire.MaxMessage-24) + `"}`)
		c.expect("unsupported leaves")
		// The answer does not wait for the message's end, which never comes.
		w, err := c.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, wire.MaxMessage+10_000))
		c.expectEnd("fatal too_large ", websocket.CloseMessageTooBig, "too_large")
		d.limited("message_size", 1)
	})
}

func TestTwentyMistakesAreEnough(t *testing.T) {
	inBubble(t, &engine{}, func(t *testing.T, d *door) {
		c := d.member()
		for range maxMistakes {
			c.say("x")
			c.expect("bad_message ")
		}
		time.Sleep(mistakeForgiven)
		c.say("x")
		c.expect("bad_message ")
		c.say("x")
		c.expectEnd("fatal rate_limited ", websocket.ClosePolicyViolation, "rate_limited")
		d.limited("mistakes", 1)
	})
}

func TestTooManyMessagesAreDropped(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member() // that was one
		for range messageBurst + 50 {
			c.say(updateTrack)
		}
		c.expect("rate_limited ") // once, not 51 times
		d.limited("messages", 51)
		if n := len(e.sessions[0].handled); n != messageBurst-1 {
			t.Errorf("%d messages came through", n)
		}
		time.Sleep(time.Second)
		for range messagesPerSecond {
			c.say(updateTrack)
		}
		c.expect()
		if n := len(e.sessions[0].handled); n != messageBurst-1+messagesPerSecond {
			t.Errorf("%d messages came through", n)
		}
	})
}

func TestLongMessagesCountForMore(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		long := `{"type":"answer","id":1,"sdp":"` + strings.Repeat("x", 12*bytesPerToken) + `"}`
		for range messageBurst/13 + 1 {
			c.say(long)
		}
		c.expect("rate_limited ")
		if n := len(e.sessions[0].handled); n != messageBurst/13 {
			t.Errorf("%d messages came through", n)
		}
	})
}

func TestAClientThatNeverSlowsDownIsClosed(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		started := time.Now()
		for c.WriteMessage(websocket.TextMessage, []byte(updateTrack)) == nil {
			time.Sleep(time.Second / (2 * messagesPerSecond))
		}
		synctest.Wait()
		if took := time.Since(started); took > 2*maxMistakes*time.Second {
			t.Errorf("it took %v", took)
		}
		var last string
		for heard := range c.heard {
			last = heard
		}
		if last != "fatal rate_limited " || e.sessions[0].lost != 1 {
			t.Errorf("the last word was %q", last)
		}
	})
}

func TestAReportThatCannotBeIsCountedAndHarmsNobody(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		c.say(`{"type":"report","interval":1000,"pictures":[{"watched":2000,"frames":1}]}`)
		c.expect("bad_message report")
		c.say(`{"type":"report","interval":1000}`)
		c.expect()
		if s := e.sessions[0]; len(s.handled) != 1 || s.lost != 0 {
			t.Errorf("%+v", s)
		}
		if want := `sfu_client_reports_total{outcome="malformed"} 1`; !strings.Contains(d.scrape(), want) {
			t.Errorf("no %s", want)
		}
	})
}
