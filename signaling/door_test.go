package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// door is a Handler behind a real http.Server on a network of pipes, so that
// all of it lives in the virtual time of a synctest bubble.
type door struct {
	t       *testing.T
	handler *Handler
	metrics *metrics.Set
	pipes   chan net.Conn
}

func openDoor(t *testing.T, cfg Config, join join) *door {
	d := &door{t: t, metrics: metrics.New(), pipes: make(chan net.Conn)}
	d.handler = newHandler(join, cfg, d.metrics, slog.New(slog.DiscardHandler))
	server := &http.Server{Handler: d.handler, ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(d)
	t.Cleanup(func() {
		d.handler.Close()
		server.Close()
	})
	return d
}

// door is also the listener of its server.

func (d *door) Accept() (net.Conn, error) {
	c, ok := <-d.pipes
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (d *door) Close() error {
	close(d.pipes)
	return nil
}

func (d *door) Addr() net.Addr { return &net.TCPAddr{} }

// dial opens a socket that nobody reads yet.
func (d *door) dial(header http.Header) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{
		Subprotocols: []string{wire.Subprotocol},
		NetDialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			d.pipes <- far
			return near, nil
		},
	}
	return dialer.Dial("ws://sfu.example/ws", header)
}

func (d *door) mustDial() *websocket.Conn {
	d.t.Helper()
	ws, _, err := d.dial(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return ws
}

// client is a socket that is read all the time, as a browser's is.
type client struct {
	*websocket.Conn
	t     *testing.T
	heard chan string
	end   error // once heard is closed
}

func (d *door) enter() *client { return d.attend(d.mustDial()) }

func (d *door) attend(ws *websocket.Conn) *client {
	c := &client{Conn: ws, t: d.t, heard: make(chan string, 1000)}
	go c.listen()
	return c
}

// enterSilent is enter for a client that answers no ping.
func (d *door) enterSilent() *client {
	ws := d.mustDial()
	ws.SetPingHandler(func(string) error { return nil })
	return d.attend(ws)
}

// member is a client that has joined.
func (d *door) member() *client {
	c := d.enter()
	c.say(joinRoom)
	c.expect("welcome")
	return c
}

func (c *client) listen() {
	defer close(c.heard)
	defer c.Conn.Close()
	for {
		_, data, err := c.ReadMessage()
		if err != nil {
			c.end = err
			return
		}
		c.heard <- summary(data)
	}
}

// summary is a message's type, and of an error also all that matters of it.
func summary(data []byte) string {
	var m struct {
		Type, Code, Request string
		Fatal               bool
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return err.Error()
	}
	if m.Type != "error" {
		return m.Type
	}
	fatal := ""
	if m.Fatal {
		fatal = "fatal "
	}
	return fatal + m.Code + " " + m.Request
}

func (c *client) say(text string) { c.sayFrame(websocket.TextMessage, []byte(text)) }

func (c *client) sayFrame(kind int, data []byte) {
	c.t.Helper()
	if err := c.WriteMessage(kind, data); err != nil {
		c.t.Fatal(err)
	}
}

// expect checks everything that was heard since the last expect.
func (c *client) expect(want ...string) {
	c.t.Helper()
	synctest.Wait()
	var got []string
	for len(c.heard) > 0 {
		got = append(got, <-c.heard)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		c.t.Errorf("heard %q, want %q", got, want)
	}
}

// expectEnd checks the last message and the close frame.
func (c *client) expectEnd(last string, code int, reason string) {
	c.t.Helper()
	c.expect(last)
	var closed *websocket.CloseError
	if !errors.As(c.end, &closed) || closed.Code != code || closed.Text != reason {
		c.t.Errorf("closed with %v, want %d %s", c.end, code, reason)
	}
}

const (
	joinRoom    = `{"type":"join_room","room":"r","name":"n"}`
	leave       = `{"type":"leave"}`
	updateTrack = `{"type":"update_track","mid":"1","muted":true}`
)

// engine is what the door joins: it welcomes everyone, unless it was told not
// to, and remembers what it was told.
type engine struct {
	refusal error

	mu       sync.Mutex // guards the field below
	sessions []*hold
}

func (e *engine) join(_ *wire.JoinRoom, send func(wire.Server)) (session, error) {
	if e.refusal != nil {
		return nil, e.refusal
	}
	s := &hold{send: send}
	e.mu.Lock()
	e.sessions = append(e.sessions, s)
	e.mu.Unlock()
	send(&wire.Welcome{})
	return s, nil
}

// hold is one session. Look at it after synctest.Wait.
type hold struct {
	send    func(wire.Server)
	handled []string
	lost    int
	lostAt  time.Time
}

func (h *hold) Handle(msg wire.Client) { h.handled = append(h.handled, wire.Type(msg)) }

func (h *hold) Lost() {
	h.lost++
	h.lostAt = time.Now()
}
