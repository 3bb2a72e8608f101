package e2e

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// peer is a browser with our client in it: an endpoint, and the signalling that
// makes a participant of it. Its endpoint's loop owns it.
type peer struct {
	*endpoint
	w        *world
	room     string
	browser  brand
	sources  []string
	reels    []*reel // of a layered camera
	sock     *socket
	talks    talks
	data     channels
	gone     bool
	rejoined bool
	hostile  bool

	me     wire.Participant
	resume string
	limits wire.Limits
	roster roster
	slots  wire.Slots
	levels []wire.Speaker
	states map[string]wire.TrackState // the newest of each track
	events []event
}

// event is one message of the server's.
type event struct {
	at  time.Time
	msg wire.Server
}

// option makes a peer special.
type option func(*peer)

// in puts the peer into another room.
func in(room string) option { return func(p *peer) { p.room = room } }

// as gives the peer another browser.
func as(b brand) option { return func(p *peer) { p.browser = b } }

// sending replaces microphone and camera; without arguments the peer watches.
func sending(sources ...string) option { return func(p *peer) { p.sources = sources } }

// muted makes the peer join with these sources muted.
func muted(sources ...string) option { return func(p *peer) { p.talks.muted = sources } }

// rude makes the peer send data messages above the server's limit.
func rude(p *peer) { p.talks.rude = true }

// places is how many down sections of each kind the peer first offers.
func places(n int) option { return func(p *peer) { p.talks.places = n } }

// socket is one WebSocket.
type socket struct {
	conn *websocket.Conn
	line *wireline
	out  chan []byte
	done chan struct{} // closed when the server's end is
	err  error         // why; set before done is closed
}

func newPeer(w *world, name string, options ...option) *peer {
	w.t.Helper()
	ordinal := uint16(len(w.peers) + 1)
	p := &peer{
		w: w, room: "room", browser: chromium, sources: []string{"microphone", "camera"},
		talks:  talks{places: 3},
		data:   channels{gate: make(chan struct{})},
		roster: newRoster(),
		states: make(map[string]wire.TrackState),
	}
	close(p.data.gate)
	for _, o := range options {
		o(p)
	}
	p.endpoint = newEndpoint(w.t, name, ordinal, p.browser, w.net.attach(address(ordinal).IP.String()))
	p.pc.OnICECandidate(func(c *webrtc.ICECandidate) { p.post(func() { p.trickle(c) }) })
	p.pc.OnDataChannel(func(dc *webrtc.DataChannel) { p.data.accept(p, dc) })
	return p
}

// dial opens a WebSocket and joins, or resumes the session that token names.
func (p *peer) dial(token string) {
	p.w.t.Helper()
	s := p.open()
	p.do(func() {
		p.sock = s
		p.send(&wire.JoinRoom{Room: p.room, Name: p.name, Resume: token})
	})
}

// open opens a WebSocket, and says nothing on it.
func (p *peer) open() *socket {
	p.w.t.Helper()
	var line *wireline
	dialer := websocket.Dialer{
		Subprotocols:     []string{wire.Subprotocol},
		HandshakeTimeout: 5 * time.Second,
		NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var err error
			line, err = p.w.step.dial(ctx, address(p.ordinal))
			return line, err
		},
	}
	conn, _, err := dialer.Dial("ws://sfu.test/ws", map[string][]string{"Origin": {"http://sfu.test"}})
	check(p.w.t, err)
	s := &socket{conn: conn, line: line, out: make(chan []byte, 1024), done: make(chan struct{})}
	go s.write()
	go p.read(s)
	return s
}

func (s *socket) write() {
	for {
		select {
		case b := <-s.out:
			if s.conn.WriteMessage(websocket.TextMessage, b) != nil {
				s.conn.Close()
			}
		case <-s.done:
			return
		}
	}
}

// close closes the TCP connection.
func (s *socket) close() {
	s.conn.Close()
	<-s.done
}

// dead reports whether the connection is closed.
func (s *socket) dead() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (p *peer) read(s *socket) {
	defer close(s.done)
	defer s.conn.Close()
	for {
		_, b, err := s.conn.ReadMessage()
		if err != nil {
			s.err = err
			return
		}
		p.post(func() {
			if p.sock == s {
				p.receive(b)
			}
		})
	}
}

// send sends a message of the protocol.
func (p *peer) send(msg wire.Client) {
	b, err := wire.EncodeClient(msg)
	if err != nil {
		p.t.Errorf("%s: encode %T: %v", p.name, msg, err)
		return
	}
	p.sendRaw(b)
}

// sendRaw sends any text.
func (p *peer) sendRaw(b []byte) {
	select {
	case p.sock.out <- b:
	case <-p.sock.done:
	}
}

// receive takes one message of the server's.
func (p *peer) receive(b []byte) {
	msg, err := wire.DecodeServer(b)
	if err != nil {
		p.down.fault("the server sent %.100q: %v", b, err)
		return
	}
	p.events = append(p.events, event{time.Now(), msg})
	switch m := msg.(type) {
	case *wire.Welcome:
		p.welcomed(m)
	case *wire.Offer:
		p.handleOffer(m)
	case *wire.Answer:
		p.handleAnswer(m)
	case *wire.ICE:
		p.handleCandidate(m)
	case *wire.Slots:
		p.handleSlots(m)
	case *wire.Speakers:
		p.levels = m.Speakers
	case *wire.TrackState:
		p.states[m.Track] = *m
	case *wire.Layers:
		p.handleLayers(m)
	case *wire.Error:
		p.t.Logf("%s is told: %v", p.name, m)
	default:
		if fault := p.roster.apply(msg); fault != "" {
			p.down.fault("%s", fault)
		}
	}
}

func (p *peer) welcomed(m *wire.Welcome) {
	p.me, p.resume, p.limits = m.Participant, m.Resume, m.Limits
	p.roster.reset(m.Participants)
	if p.hostile {
		p.w.hostile.Store(p.me.ID, true)
	}
	if m.Resumed {
		p.rejoined = true
		return
	}
	p.firstOffer()
}

func (p *peer) handleSlots(m *wire.Slots) {
	if m.Version <= p.slots.Version && !p.rejoined {
		p.down.fault("slots of version %d came after %d", m.Version, p.slots.Version)
	}
	for _, s := range m.Slots {
		if p.down.byMid[s.MID] == nil {
			p.down.fault("slots name the section %q, which was not negotiated", s.MID)
		}
		if s.Participant == nil {
			continue
		}
		if _, hostile := p.w.hostile.Load(*s.Participant); hostile {
			p.down.nonsense[s.MID] = true
		}
	}
	p.slots = *m
}

// handleLayers encodes what is wanted and nothing else, as our client does.
func (p *peer) handleLayers(m *wire.Layers) {
	for _, u := range p.ups {
		if wanted, told := m.Active[u.rid]; told && u.tr.Mid() == m.MID {
			u.activate(wanted)
		}
	}
}

// eventsOf returns the messages of one type that the peer was sent.
func eventsOf[M wire.Server](p *peer) []M {
	return ask(p.endpoint, func() (out []M) {
		for _, e := range p.events {
			if m, ok := e.msg.(M); ok {
				out = append(out, m)
			}
		}
		return out
	})
}

// errors returns the codes of the errors that the peer was sent.
func (p *peer) errors() (codes []wire.Code) {
	for _, e := range eventsOf[*wire.Error](p) {
		codes = append(codes, e.Code)
	}
	return codes
}

// leave says goodbye as a page does that is closed by its button.
func (p *peer) leave() {
	p.w.allowed.leaves++
	p.do(func() { p.send(&wire.Leave{}) })
	p.w.run(time.Millisecond)
	p.vanish()
}

// die is what the others see when the cable is pulled: nothing at all.
func (p *peer) die() {
	p.w.allowed.loss = true
	p.w.allowed.leaves++
	p.link.cut()
	p.sock.line.dead.Store(true)
}

// crash is a killed browser: its TCP connection is closed, its media stops.
func (p *peer) crash() {
	p.w.allowed.loss = true
	p.w.allowed.leaves++
	p.link.cut()
	p.sock.close()
}

// vanish closes everything that the peer has.
func (p *peer) vanish() {
	if p.gone {
		return
	}
	p.gone = true
	p.data.release()
	p.close()
	if p.sock != nil {
		p.sock.close()
	}
}

// live returns who is still there.
func (w *world) live() []*peer {
	return slices.DeleteFunc(slices.Clone(w.peers), func(p *peer) bool { return p.gone })
}

// toJSON is for messages that no honest client sends.
func toJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
