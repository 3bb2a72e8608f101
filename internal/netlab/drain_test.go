//go:build netlab

package netlab

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"sfu/signaling/wire"
)

const (
	operations = "http://127.0.0.1:9464" // as seen from the server's machine
	elsewhere  = "https://other.example.org"
)

// isDraining waits until the server says so to whoever supervises it.
func (p *place) isDraining() {
	p.server.t.Helper()
	eventually(p.server.t, "the server is not ready", func() error {
		if status, text, err := p.server.get(operations+"/readyz", nil); err != nil || status != 503 {
			return fmt.Errorf("/readyz: %d %s: %w", status, text, err)
		}
		return nil
	})
	if status, text, err := p.server.get(operations+"/livez", nil); err != nil || status != 200 {
		p.server.t.Errorf("/livez: %d %s: %v", status, text, err)
	}
}

func TestACallEndsBeforeTheServer(t *testing.T) {
	t.Parallel()
	const left = time.Hour // nobody waits for it: the server ends with the last room
	p := newPlace(t, "--drain-timeout", left.String(), "--moved-to", elsewhere)
	guest := p.client.join(socket, "another", p.trust)
	hears[*wire.Welcome](guest)
	call := beginMeeting(t, p.client, socket, p.roots, 4*time.Second)

	p.program.signal(syscall.SIGTERM)
	if moved := hears[*wire.Moved](guest); moved.URL != elsewhere || moved.AfterMS != left.Milliseconds() {
		t.Errorf("those inside hear %+v", moved)
	}
	p.isDraining()
	for _, room := range []string{meetingRoom, "another", "a new one"} {
		p.client.isTurnedAway(socket, room, p.trust, wire.CodeDraining)
	}
	guest.say(&wire.Leave{})
	call.goesOn()
	call.lostNothing()
	if err := p.program.end(); err != nil {
		t.Errorf("the server: %v", err)
	}
}

func TestTheServerWaitsNoLongerThanItIsTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "--drain-timeout=1s")
	guest := p.client.join(socket, "room", p.trust)
	hears[*wire.Welcome](guest)
	p.program.signal(syscall.SIGTERM)
	if last := hears[*wire.Error](guest); last.Code != wire.CodeDraining || !last.Fatal {
		t.Errorf("at the end it hears %+v", last)
	}
	if err := p.program.end(); err != nil {
		t.Errorf("the server: %v", err)
	}
}

func TestASecondSignalEndsTheServerAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "--drain-timeout=1h")
	hears[*wire.Welcome](p.client.join(socket, "room", p.trust))
	p.program.signal(syscall.SIGTERM)
	p.isDraining()
	p.program.signal(syscall.SIGTERM)
	var ended *exec.ExitError
	if err := p.program.end(); !errors.As(err, &ended) || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("the server: %v, want its end by the signal", err)
	}
}
