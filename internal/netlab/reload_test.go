//go:build netlab

package netlab

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sfu/signaling/wire"
)

// reload tells the server to read its settings again, and waits until it has so often.
func (p *place) reload(outcome string, times float64) {
	p.server.t.Helper()
	p.program.signal(syscall.SIGHUP)
	eventually(p.server.t, "the settings are read", func() error {
		if p.program.hasEnded() {
			p.server.t.Fatalf("SIGHUP has ended the server: %v", p.program.err)
		}
		if got := p.server.metric(`sfu_config_reloads_total{outcome="` + outcome + `"}`); got != times {
			return fmt.Errorf("%v times %s", got, outcome)
		}
		return nil
	})
}

func TestSettingsAreReadAgainDuringACall(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sfu.yaml")
	install(t, file, []byte("max-participants: 3\nlog-level: info\n"))
	p := newPlace(t, "--config", file)
	call := beginMeeting(t, p.client, socket, p.roots, 4*time.Second)
	p.client.isTurnedAway(socket, meetingRoom, p.trust, wire.CodeRoomFull)

	install(t, file, []byte("max-participants: 1\nlog-level: debug\n")) // fewer than there are
	p.reload("ok", 1)
	hears[*wire.Welcome](p.client.join(socket, "another", p.trust))
	p.client.isTurnedAway(socket, "another", p.trust, wire.CodeRoomFull)
	p.program.says("level=DEBUG")

	install(t, file, []byte("max-participants: many\n"))
	p.reload("failed", 1)
	p.program.says(file + ":1")
	p.client.isTurnedAway(socket, "another", p.trust, wire.CodeRoomFull)
	call.goesOn()
	call.lostNothing()
}
