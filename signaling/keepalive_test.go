package signaling

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sfu/signaling/wire"
)

func TestPongsKeepAQuietClientAlive(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		time.Sleep(time.Hour)
		c.say(updateTrack)
		c.expect()
		if s := e.sessions[0]; len(s.handled) != 1 || s.lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAKilledClientIsLostAtOnce(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		c.UnderlyingConn().Close()
		synctest.Wait()
		if e.sessions[0].lost != 1 {
			t.Error("the engine does not know")
		}
	})
}

func TestASilentClientIsLostWithinTenSeconds(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.enterSilent()
		c.say(joinRoom)
		c.expect("welcome")
		joined := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := e.sessions[0].lostAt.Sub(joined); after != deadAfter {
			t.Errorf("lost after %v, want %v", after, deadAfter)
		}
	})
}

func TestASlowUplinkIsNotDeath(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.enterSilent() // pongs wait behind the message
		c.say(joinRoom)
		w, err := c.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range []string{`{"type":"answer","id":1,"sdp":"`, strings.Repeat("x", 40<<10), `"}`} {
			for len(piece) > 0 {
				n := min(len(piece), 5<<10)
				if _, err := io.WriteString(w, piece[:n]); err != nil {
					t.Fatal(err)
				}
				piece = piece[n:]
				time.Sleep(4 * time.Second)
			}
		}
		w.Close()
		c.expect("welcome")
		if s := e.sessions[0]; len(s.handled) != 1 || s.lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// hearLate reads what was left for a client that has not read until now.
func hearLate(ws *websocket.Conn) (heard []string, end error) {
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return heard, err
		}
		heard = append(heard, summary(data))
	}
}

func TestAClientThatDoesNotReadIsToldWhy(t *testing.T) {
	t.Parallel()
	big := &wire.Offer{SDP: strings.Repeat("x", 200<<10)}
	for _, tc := range []struct {
		name string
		msg  wire.Server
		fits int
	}{
		{"too many messages", &wire.Speakers{}, maxQueued},
		{"too many bytes", big, maxQueuedBytes / (200 << 10)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			inBubble(t, e, func(t *testing.T, d *door) {
				bystander := d.member()
				ws := d.mustDial()
				if err := ws.WriteMessage(websocket.TextMessage, []byte(joinRoom)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the welcome is being written
				slow := e.sessions[1]
				for range tc.fits {
					slow.send(tc.msg)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if slow.lost != 0 {
					t.Fatal("closed too early")
				}
				started := time.Now()
				slow.send(tc.msg)
				slow.send(tc.msg)
				if time.Since(started) != 0 {
					t.Error("send blocked")
				}
				heard, end := hearLate(ws)
				if len(heard) != 2 || heard[0] != "welcome" || heard[1] != "fatal slow_consumer " {
					t.Errorf("heard %q", heard)
				}
				var closed *websocket.CloseError
				if !errors.As(end, &closed) || closed.Code != websocket.ClosePolicyViolation || closed.Text != "slow_consumer" {
					t.Errorf("closed with %v", end)
				}
				synctest.Wait()
				if slow.lost != 1 {
					t.Error("the engine does not know")
				}
				d.limited("unread", 1)
				bystander.say(updateTrack)
				bystander.expect()
			})
		})
	}
}

func TestAClientThatNeverReadsIsGoneSoon(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		ws := d.mustDial()
		if err := ws.WriteMessage(websocket.TextMessage, []byte(joinRoom)); err != nil {
			t.Fatal(err)
		}
		joined := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := e.sessions[0].lostAt.Sub(joined); after != writeTimeout {
			t.Errorf("lost after %v, want %v", after, writeTimeout)
		}
		if !strings.Contains(d.scrape(), `code="slow_consumer"} 1`) {
			t.Error("nobody counted it")
		}
		d.limited("unread", 1)
	})
}

// The reader's end is the writer's, even if that one waits for the client.
func TestABrokenClientIsLostWhileItDoesNotRead(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		ws := d.mustDial()
		if err := ws.WriteMessage(websocket.TextMessage, []byte(joinRoom)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ws.UnderlyingConn().Write([]byte("\xff\xff\xff\xff no frame at all"))
		broken := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := e.sessions[0].lostAt.Sub(broken); after > time.Second {
			t.Errorf("lost after %v", after)
		}
	})
}

// A client that takes every message just before its deadline could hold up the
// end for as long as there are messages.
func TestTheEndIsNotDrawnOut(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		ws := d.mustDial()
		if err := ws.WriteMessage(websocket.TextMessage, []byte(joinRoom)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s := e.sessions[0]
		for range 100 {
			s.send(&wire.Speakers{})
		}
		s.send(&wire.Error{Code: wire.CodeRemoved, Fatal: true})
		ended := time.Now()
		go func() {
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
				time.Sleep(writeTimeout - time.Second)
			}
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := s.lostAt.Sub(ended); s.lost != 1 || after > writeTimeout+closeGrace {
			t.Errorf("lost %d times, after %v", s.lost, after)
		}
		ws.Close()
	})
}

// A client that has gone on talking must still find out why it was closed.
func TestTheEndIsReadWhileTheClientTalks(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		ws := d.mustDial()
		ws.SetCloseHandler(func(int, string) error { return nil }) // it does not answer
		if err := ws.WriteMessage(websocket.TextMessage, []byte(joinRoom)); err != nil {
			t.Fatal(err)
		}
		if heard, _, err := ws.ReadMessage(); err != nil || heard != websocket.TextMessage {
			t.Fatal(err)
		}
		e.sessions[0].send(&wire.Error{Code: wire.CodeRemoved, Fatal: true})
		for range 3 {
			if err := ws.WriteMessage(websocket.TextMessage, []byte(updateTrack)); err != nil {
				t.Fatal(err)
			}
		}
		started := time.Now()
		heard, end := hearLate(ws)
		if len(heard) != 1 || heard[0] != "fatal removed " {
			t.Errorf("heard %q and %v", heard, end)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		s := e.sessions[0]
		if after := s.lostAt.Sub(started); after != closeGrace || len(s.handled) != 0 {
			t.Errorf("closed after %v; the session saw %v", after, s.handled)
		}
	})
}
