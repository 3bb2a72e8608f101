package part

import (
	"context"
	"runtime/pprof"
)

// Key is the label's key in profiles.
const Key = "part"

// Part is what a goroutine works for.
type Part uint8

// The parts.
const (
	None       Part = iota // no label
	Media                  // loops of rooms, the media sockets, ICE over TCP
	Signalling             // WebSockets and the participants' loops
	Data                   // data channels and SCTP
	Transport              // ICE and DTLS, which is also what carries SCTP
	TURN
	HTTP // requests, and TLS of the port that all protocols share

	numParts = 7
)

var parts = [numParts]string{"", "media", "signalling", "data", "transport", "turn", "http"}

// String returns the label's value.
func (p Part) String() string { return parts[p] }

// Enter makes the goroutine that calls it a part of p, with all that it starts from
// then on. It is for the start of a goroutine: what it costs is a little garbage.
func (p Part) Enter() {
	ctx := context.Background()
	if p != None {
		ctx = pprof.WithLabels(ctx, pprof.Labels(Key, p.String()))
	}
	pprof.SetGoroutineLabels(ctx)
}

// Within has fn run as a part of p, by a goroutine that is a part of outer: for what fn
// starts and does not tell apart by itself.
func (p Part) Within(outer Part, fn func()) {
	p.Enter()
	defer outer.Enter()
	fn()
}
