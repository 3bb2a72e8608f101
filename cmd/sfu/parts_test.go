package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	bots "sfu/internal/load"
)

// Every goroutine of the server belongs to a part. What plays the clients is in this
// program too, and belongs to none.
func TestEveryGoroutineOfTheServerBelongsToAPart(t *testing.T) {
	in := secure(t)
	everyWay(t, in)
	_, text := get(t, in.ops+"/debug/pprof/goroutine?debug=1")
	parts := map[string]map[string]int{} // by function, how many of each part
	for _, g := range strings.Split(text, "\n\n") {
		_, label, _ := strings.Cut(g, `# labels: {"part":"`)
		label, _, _ = strings.Cut(label, `"`)
		for _, m := range regexp.MustCompile(`(?m)^#\t0x[0-9a-f]+\t(\S+)\+0x`).FindAllStringSubmatch(g, -1) {
			if parts[m[1]] == nil {
				parts[m[1]] = map[string]int{}
			}
			parts[m[1]][label]++
		}
	}
	for function, want := range map[string]string{
		"sfu/sfu.(*mediaLoop).run":                       "media",
		"sfu/sfu.(*participant).run":                     "signalling",
		"sfu/sfu.(*dataWriter).run":                      "data",
		"sfu/sfu.(*participant).readData":                "data",
		"sfu/signaling.(*conn).serve":                    "signalling",
		"sfu/signaling.(*conn).write":                    "signalling",
		"sfu/front.(*Front).Serve":                       "http",
		"sfu/icetcp.(*Server).Serve":                     "media",
		"sfu/icetcp.(*conn).up":                          "media",
		"sfu/icetcp.(*conn).down":                        "media",
		"sfu/sfu/udp.(*Conn).ReadFromAddrPort":           "media",
		"github.com/pion/turn/v5.(*Server).readListener": "turn",
		"net/http.(*Server).Serve":                       "http",
	} {
		if len(parts[function]) != 1 || parts[function][want] == 0 {
			t.Errorf("%s is of %v, want %s", function, parts[function], want)
		}
	}
	// The clients have these too, and no label.
	for function, want := range map[string]string{
		"github.com/pion/sctp.(*Association).readLoop":           "data",
		"github.com/pion/sctp.(*Association).writeLoop":          "data",
		"github.com/pion/dtls/v3.(*Conn).readAndBuffer":          "transport",
		"github.com/pion/webrtc/v4/internal/mux.(*Mux).readLoop": "transport",
		"github.com/pion/ice/v4.(*candidateBase).recvLoop":       "transport",
		"github.com/pion/ice/v4.(*Agent).connectivityChecks":     "transport",
	} {
		got := parts[function]
		if len(got) != 2 || got[want] == 0 || got[""] == 0 {
			t.Errorf("%s is of %v, want %s", function, got, want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// A profile of the processor has the labels of what it caught.
func TestAProfileTellsThePartsApart(t *testing.T) {
	in := launch(t)
	ctx, cancel := context.WithCancel(t.Context())
	seconds := make(signals, 100)
	ended := make(chan error, 1)
	go func() {
		_, err := bots.Run(ctx, bots.Config{
			URL: "ws" + strings.TrimPrefix(in.url, "http") + "/ws", Rooms: 1, Publishers: 5, JoinRate: 100,
			Media: bots.Media{Audio: true, Video: true, Bitrate: 2_000_000, FPS: 30}, Duration: time.Minute, Warmup: time.Second, VerifyEvery: 1,
		}, seconds)
		ended <- err
	}()
	select {
	case <-seconds:
	case err := <-ended:
		t.Fatal(err)
	}
	var found bool
	for range 10 { // what is caught is up to chance
		_, body := get(t, in.ops+"/debug/pprof/profile?seconds=1")
		if found = hasLabel(t, body, "part", "media"); found {
			break
		}
	}
	if !found {
		t.Error("no sample has the label of media")
	}
	cancel()
	<-ended
}

// hasLabel reports whether the strings of a profile have these two: labels are all that
// brings them there. A string is field 6 of the message Profile (profile.proto).
func hasLabel(t *testing.T, profile, key, value string) bool {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(profile))
	if err != nil {
		t.Fatalf("%v: %.100q", err, profile)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{key, value} {
		if !bytes.Contains(text, append([]byte{6<<3 | 2, byte(len(s))}, s...)) {
			return false
		}
	}
	return true
}
