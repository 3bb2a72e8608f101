//go:build netlab

package netlab

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// meetingRoom is where the bots of sfuload meet.
const meetingRoom = "load-0"

// meeting is a call of three bots, which goes on while something happens to the server.
type meeting struct {
	*daemon
	report string
}

// beginMeeting lets bots meet who trust the certificates in a file, and returns when their
// packets are counted. They are, for so long.
func beginMeeting(t *testing.T, from *host, url, trust string, lasts time.Duration) *meeting {
	t.Helper()
	m := &meeting{report: filepath.Join(t.TempDir(), "report.json")}
	m.daemon = from.start("env", "SSL_CERT_FILE="+trust, program(t, "sfuload"), "run", "--url", url, "--publishers=3", "--subscribers=0",
		"--bitrate=300000", "--warmup=500ms", "--verify-every=1", "--json", m.report, "--duration", lasts.String())
	counts := regexp.MustCompile(`(?m)^ *\d+ s +3 bots`)
	eventually(t, "the bots meet", func() error {
		if m.hasEnded() {
			t.Fatalf("the meeting: %v\n%s", m.err, m.output.String())
		}
		if !counts.MatchString(m.output.String()) {
			return errors.New("they do not yet")
		}
		return nil
	})
	return m
}

// goesOn fails the test if the bots have gone already.
func (m *meeting) goesOn() {
	m.t.Helper()
	if m.hasEnded() {
		m.t.Errorf("the meeting has ended: %v", m.err)
	}
}

// lostNothing waits for the end, and wants every packet to have arrived, right and once.
func (m *meeting) lostNothing() {
	m.t.Helper()
	if err := m.end(); err != nil {
		m.t.Errorf("the meeting: %v\n%s", err, m.output.String())
	}
	raw, err := os.ReadFile(m.report)
	if err != nil {
		m.t.Fatal(err)
	}
	var report struct {
		Traffic struct{ Delivered, Expected uint64 }
		Checked struct{ Packets, Wrong uint64 }
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		m.t.Fatal(err)
	}
	got, checked := report.Traffic, report.Checked
	m.t.Logf("%d of %d packets arrived, %d wrong", got.Delivered, got.Expected, checked.Wrong)
	if got.Delivered != got.Expected || got.Expected == 0 || checked.Packets == 0 || checked.Wrong > 0 {
		m.t.Errorf("want all of them:\n%s", raw)
	}
}
