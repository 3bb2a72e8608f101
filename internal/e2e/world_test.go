package e2e

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sfu/internal/journal"
	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling"
)

const serverIP = "10.0.0.1"

// world is the server with its doors, the network, and everyone who was ever
// on it. When a test ends, the world lets what is under way arrive, sees
// everyone out, and checks that the laws held (laws_test.go).
type world struct {
	t       *testing.T
	net     *network
	count   *metrics.Set
	server  *sfu.Server
	step    *doorstep
	http    *http.Server
	door    *signaling.Handler
	peers   []*peer
	log     journal.Journal // what the server logged, a line of JSON each
	hostile sync.Map        // ids of participants whose media makes no sense
	allowed allowance
}

// allowance is what a test did to its world, so that less can be promised.
type allowance struct {
	loss    bool // datagrams were lost: media may be missing
	hostile bool // somebody sent garbage: refusals are right
	quiet   bool // the room is big: of sound only the loudest is sent
	leaves  int  // so many left: what was on its way to or from them is lost
}

// play runs a story in a world of its own, in virtual time, beside the others.
func play(t *testing.T, story func(*world)) {
	t.Helper()
	playWith(t, sfu.Config{}, story)
}

// playWith is play with a server that is configured otherwise.
func playWith(t *testing.T, cfg sfu.Config, story func(*world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, cfg)
		defer w.close()
		story(w)
		if !t.Failed() {
			w.end()
		}
	})
}

func newWorld(t *testing.T, cfg sfu.Config) *world {
	w := &world{t: t, net: newNetwork(t), count: metrics.New(), step: newDoorstep()}
	log := slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}),
		slog.NewJSONHandler(&w.log, nil),
	))
	cfg.Net = w.net.attach(serverIP).net
	cfg.UDPPort = 7882
	server, err := sfu.New(cfg, w.count, log)
	check(t, err)
	w.server = server
	w.door = signaling.New(server, signaling.Config{}, w.count, log)
	w.http = &http.Server{
		Handler:  w.door,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
	}
	go w.http.Serve(w.step)
	return w
}

// close stops everything. What still runs afterwards fails the test: a bubble
// does not end before its goroutines.
func (w *world) close() {
	for _, p := range w.peers {
		p.vanish()
	}
	if err := w.door.Close(); err != nil {
		w.t.Errorf("close the door: %v", err)
	}
	if err := w.server.Close(); err != nil {
		w.t.Errorf("close the server: %v", err)
	}
	w.http.Close()
	w.net.close()
}

// run lets time pass.
func (w *world) run(d time.Duration) { time.Sleep(d) }

// await waits until cond holds, or fails the test.
func (w *world) await(within time.Duration, what string, cond func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(within); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("within %v: %s did not happen", within, what)
		}
	}
}

// join lets somebody with this name into the room "room", with a microphone
// and a camera, and waits until the media connection is up.
func (w *world) join(name string, options ...option) *peer {
	w.t.Helper()
	p := w.enter(name, options...)
	w.await(5*time.Second, name+" connects", func() bool {
		return ask(p.endpoint, func() bool { return p.connected })
	})
	return p
}

// joinAll lets as many people as there are names in at once.
func (w *world) joinAll(names ...string) []*peer {
	w.t.Helper()
	var all []*peer
	for _, name := range names {
		all = append(all, w.enter(name))
	}
	for _, p := range all {
		w.await(5*time.Second, p.name+" connects", func() bool {
			return ask(p.endpoint, func() bool { return p.connected })
		})
	}
	return all
}

// crowd returns n names.
func crowd(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("p%d", i+1)
	}
	return names
}

// enter dials and joins, and does not wait for anything.
func (w *world) enter(name string, options ...option) *peer {
	w.t.Helper()
	p := w.stranger(name, options...)
	p.dial("")
	return p
}

// stranger is somebody who has not even dialled.
func (w *world) stranger(name string, options ...option) *peer {
	w.t.Helper()
	p := newPeer(w, name, options...)
	w.peers = append(w.peers, p)
	return p
}

// address returns where the peer with this ordinal is on the network.
func address(ordinal uint16) *net.TCPAddr {
	return &net.TCPAddr{IP: net.IPv4(10, 0, 1+byte(ordinal>>8), byte(ordinal)), Port: 40000 + int(ordinal)}
}
