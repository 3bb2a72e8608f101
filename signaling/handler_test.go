package signaling

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		origin  string
		allowed bool
	}{
		{"", true}, // not a browser
		{"http://sfu.example", true},
		{"https://SFU.example", true},
		{"https://meet.example.org", true}, // by configuration
		{"http://meet.example.org", false},
		{"https://sfu.example.evil.org", false},
		{"https://sfu.example:8443", false},
		{"https://evil.org", false},
		{"null", false},
		{"garbage", false},
	} {
		t.Run(tc.origin, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := openDoor(t, Config{AllowedOrigins: []string{"https://meet.example.org"}}, (&engine{}).join)
				header := http.Header{}
				if tc.origin != "" {
					header.Set("Origin", tc.origin)
				}
				ws, response, err := d.dial(header)
				switch {
				case tc.allowed && err != nil:
					t.Error(err)
				case !tc.allowed && (err == nil || response.StatusCode != http.StatusForbidden):
					t.Errorf("%v, %v", response, err)
				}
				if ws != nil {
					ws.Close()
				}
			})
		})
	}
}

func TestSubprotocol(t *testing.T) {
	inBubble(t, &engine{}, func(t *testing.T, d *door) {
		ws := d.mustDial()
		defer ws.Close()
		if got := ws.Subprotocol(); got != "sfu.v1" {
			t.Errorf("sub-protocol %q", got)
		}
	})
}

func TestTheDoorIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, Config{MaxConnections: 2}, (&engine{}).join)
		first := d.member()
		d.member()
		if _, response, err := d.dial(nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%v, %v", response, err)
		}
		d.limited("connections", 1)
		first.say(leave)
		synctest.Wait()
		d.member()
	})
}

func TestAPlainRequestTakesNoPlace(t *testing.T) {
	t.Parallel()
	e := &engine{}
	synctest.Test(t, func(t *testing.T) {
		d := openDoor(t, Config{MaxConnections: 1}, e.join)
		for range 3 {
			recorder := httptest.NewRecorder()
			d.handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/ws", nil))
			if recorder.Code != http.StatusBadRequest {
				t.Errorf("status %d", recorder.Code)
			}
		}
		d.member()
	})
}

func TestCloseEndsEveryConnection(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		member, visitor := d.member(), d.enter()
		deaf := d.mustDial()
		defer deaf.Close()
		started := time.Now()
		if err := d.handler.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took > writeTimeout+closeGrace {
			t.Errorf("Close took %v", took)
		}
		if e.sessions[0].lost != 1 {
			t.Error("Close did not wait")
		}
		member.expectEnd("fatal draining ", websocket.CloseGoingAway, "draining")
		visitor.expectEnd("fatal draining ", websocket.CloseGoingAway, "draining")
		if _, response, err := d.dial(nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%v, %v", response, err)
		}
	})
}

func TestMetrics(t *testing.T) {
	e := &engine{}
	inBubble(t, e, func(t *testing.T, d *door) {
		c := d.member()
		c.say("x")
		c.say(updateTrack)
		e.sessions[0].send(&wire.Slots{})
		c.expect("bad_message ", "slots")
		for _, want := range []string{
			`direction="in",type="join_room"} 1`,
			`direction="in",type="update_track"} 1`,
			`direction="in",type="unknown"} 1`,
			`direction="out",type="welcome"} 1`,
			`direction="out",type="error"} 1`,
			`direction="out",type="slots"} 1`,
			`code="bad_message"} 1`,
			`connections 1`,
		} {
			if !strings.Contains(d.scrape(), want) {
				t.Errorf("no %s", want)
			}
		}
		c.say(leave)
		synctest.Wait()
		if !strings.Contains(d.scrape(), `connections 0`) {
			t.Error("a closed connection is still counted")
		}
	})
}

// limited holds how often a limit was run into against what is counted.
func (d *door) limited(limit string, times int) {
	d.t.Helper()
	if want := fmt.Sprintf("sfu_limited_total{limit=%q} %d\n", limit, times); !strings.Contains(d.scrape(), want) {
		d.t.Errorf("not counted: %s", want)
	}
}

func (d *door) scrape() string {
	recorder := httptest.NewRecorder()
	d.metrics.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	return recorder.Body.String()
}

// The table of errors in docs/signaling.md says what each code closes with.
func TestDocumentedCloseCodes(t *testing.T) {
	t.Parallel()
	text := document(t)
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| ([0-9]{4})( if fatal)? \\|$").FindAllStringSubmatch(text, -1)
	if len(rows) == 0 {
		t.Fatal("no table of errors")
	}
	for _, row := range rows {
		if got := goodbyeFor(wire.Code(row[1])).code; strconv.Itoa(got) != row[2] {
			t.Errorf("%s closes with %d, documented %s", row[1], got, row[2])
		}
	}
}

func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	text := document(t)
	for _, want := range []string{
		fmt.Sprintf("a message | %d bytes", wire.MaxMessage),
		fmt.Sprintf("`room` | %d characters", wire.MaxRoom),
		fmt.Sprintf("`name` | %d characters", wire.MaxName),
		fmt.Sprintf("`metadata` | %d bytes", wire.MaxMetadata),
		fmt.Sprintf("`token` | %d bytes", wire.MaxToken),
		fmt.Sprintf("`resume` | %d bytes", wire.MaxResume),
		fmt.Sprintf("`sdp` | %d bytes and %d `m=` lines", wire.MaxSDP, wire.MaxSections),
		fmt.Sprintf("`tracks` of an offer | %d", wire.MaxTracks),
		fmt.Sprintf("`mid` | %d bytes", wire.MaxMID),
		fmt.Sprintf("`candidate` | %d bytes", wire.MaxCandidate),
		fmt.Sprintf("%d a second, %d at once; every %d KiB", messagesPerSecond, messageBurst, bytesPerToken>>10),
		fmt.Sprintf("`join_room` | %.0f s", joinTimeout.Seconds()),
		fmt.Sprintf("every %.0f s; without any sign of life for %.0f s", pingInterval.Seconds(), deadAfter.Seconds()),
		fmt.Sprintf("%d messages, %d MiB, %.0f s for one write", maxQueued, maxQueuedBytes>>20, writeTimeout.Seconds()),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/signaling.md does not say %q", want)
		}
	}
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/signaling.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The words of wire and of media stand side by side: neither imports the other.
func TestSourcesAreTheEngines(t *testing.T) {
	t.Parallel()
	for s := range media.Source(media.NumSources) {
		if _, err := wire.Decode([]byte(`{"type":"update_track","mid":"1","muted":true,"source":"` + s.String() + `"}`)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}
