package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
)

// pulseEvery is the length of one Opus packet, and the heartbeat of everything
// that an endpoint does by itself.
const pulseEvery = 20 * time.Millisecond

// endpoint is the media half of a browser: a PeerConnection, what it sends and
// what it makes of what arrives. Its loop owns everything in it; a test reads
// and writes through do.
type endpoint struct {
	t       testing.TB
	name    string
	ordinal uint16
	brand   brand
	link    *link
	pc      *webrtc.PeerConnection

	ups       []*uplink
	down      *downlink
	feedback  feedback
	hears     congestion
	connected bool
	transport uint16 // the last transport-wide sequence number
	pulses    int
	shuffle   shuffle
	kept      map[packetName][]byte // what was received, unless nil

	jobs    chan func()
	packets chan arrival
	closing chan struct{}
	closed  chan struct{}
}

// packetName tells packets of a short call apart.
type packetName struct {
	ssrc uint32
	seq  uint16
}

// arrival is one decrypted packet.
type arrival struct {
	at   time.Time
	kind packetio.BufferPacketType
	raw  []byte
}

// shuffle is a last hop that lets some packets overtake others.
type shuffle struct {
	share  float64
	rng    *rand.Rand
	held   []arrival
	behind int // packets that are yet to overtake it
}

// feedback is what the server said about what this endpoint sends, besides
// what each uplink keeps.
type feedback struct {
	transport map[uint16]bool // transport-wide numbers reported, and whether they arrived
}

func newEndpoint(t testing.TB, name string, ordinal uint16, b brand, l *link) *endpoint {
	t.Helper()
	e := &endpoint{
		t: t, name: name, ordinal: ordinal, brand: b, link: l,
		feedback: feedback{transport: make(map[uint16]bool)},
		hears:    newCongestion(),
		shuffle:  shuffle{rng: rand.New(rand.NewPCG(uint64(ordinal), 3))},
		jobs:     make(chan func(), 4096),
		packets:  make(chan arrival, 8192),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	e.down = newDownlink(e)
	e.pc = b.connection(t, l.net, e.tap)
	e.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		e.post(func() { e.connected = s == webrtc.PeerConnectionStateConnected })
	})
	go e.run()
	return e
}

// tap takes a packet from pion's read loop. It never blocks.
func (e *endpoint) tap(kind packetio.BufferPacketType, raw []byte) {
	select {
	case e.packets <- arrival{time.Now(), kind, append([]byte(nil), raw...)}:
	default:
		e.post(func() { e.down.fault("the endpoint itself is overloaded") })
	}
}

// post hands f to the loop and does not wait. Callbacks of pion use it.
func (e *endpoint) post(f func()) {
	select {
	case e.jobs <- f:
	case <-e.closing:
	}
}

// do runs f on the loop, after everything that has arrived so far, and waits.
func (e *endpoint) do(f func()) {
	done := make(chan struct{})
	e.post(func() {
		defer close(done)
		e.drain()
		f()
	})
	select {
	case <-done:
	case <-e.closed: // nobody else is left
		f()
	}
}

// ask is do for a value.
func ask[T any](e *endpoint, f func() T) (v T) {
	e.do(func() { v = f() })
	return v
}

func (e *endpoint) run() {
	defer close(e.closed)
	pulse := time.NewTicker(pulseEvery)
	defer pulse.Stop()
	for {
		select {
		case f := <-e.jobs:
			f()
		case p := <-e.packets:
			e.receive(p)
		case <-pulse.C:
			e.pulse()
		case <-e.closing:
			return
		}
	}
}

func (e *endpoint) drain() {
	for {
		select {
		case p := <-e.packets:
			e.receive(p)
		default:
			return
		}
	}
}

// close ends the endpoint. What was received stays readable.
func (e *endpoint) close() {
	select {
	case <-e.closing:
		return
	default:
	}
	close(e.closing)
	<-e.closed
	e.drain()
	// Unheard by the other end, as Chromium does it. pion would answer a
	// goodbye by closing its own side while SCTP ends there: one of the two
	// waits for a timer with a mutex in its hand that the other one waits for,
	// and a bubble's clock stands still as long as anyone waits for a mutex.
	e.link.cut()
	if err := e.pc.Close(); err != nil {
		e.t.Error(err)
	}
}

// pulse is one heartbeat.
func (e *endpoint) pulse() {
	now := time.Now()
	e.pulses++
	e.release(now)
	if !e.connected {
		return
	}
	for _, u := range e.ups {
		u.pulse(now)
	}
	e.down.repair(now)
	e.hears.pulse(e)
	if e.pulses%50 == 0 {
		e.report(now)
	}
}

// report sends what a browser reports once a second.
func (e *endpoint) report(now time.Time) {
	var packets []rtcp.Packet
	for _, u := range e.ups {
		packets = append(packets, u.report(now)...)
	}
	packets = append(packets, e.down.report(now)...)
	e.sendRTCP(packets...)
}

func (e *endpoint) sendRTCP(packets ...rtcp.Packet) {
	if len(packets) == 0 {
		return
	}
	if err := e.pc.WriteRTCP(packets); err != nil {
		e.t.Errorf("%s: send RTCP: %v", e.name, err)
	}
}

// receive handles a packet, or holds it until others have overtaken it.
func (e *endpoint) receive(p arrival) {
	s := &e.shuffle
	if len(s.held) == 0 && s.share > 0 && s.rng.Float64() < s.share {
		s.held, s.behind = append(s.held, p), 1+s.rng.IntN(3)
		return
	}
	e.handle(p)
	if s.behind--; s.behind == 0 {
		e.release(p.at)
	}
}

// release handles what was held back.
func (e *endpoint) release(now time.Time) {
	for _, p := range e.shuffle.held {
		p.at = now
		e.handle(p)
	}
	e.shuffle.held = e.shuffle.held[:0]
}

func (e *endpoint) handle(p arrival) {
	if p.kind == packetio.RTPBufferPacket {
		var pkt rtp.Packet
		if err := pkt.Unmarshal(p.raw); err != nil {
			e.down.fault("received a packet that is not RTP: %v", err)
			return
		}
		if e.kept != nil {
			e.kept[packetName{pkt.SSRC, pkt.SequenceNumber}] = p.raw
		}
		e.hears.note(e.down, p.at, &pkt)
		e.down.handle(p.at, &pkt)
		return
	}
	packets, err := rtcp.Unmarshal(p.raw)
	if err != nil {
		e.down.fault("received a packet that is not RTCP: %v", err)
		return
	}
	for _, pkt := range packets {
		e.handleRTCP(p.at, pkt)
	}
}

func (e *endpoint) handleRTCP(at time.Time, pkt rtcp.Packet) {
	switch pkt := pkt.(type) {
	case *rtcp.SenderReport:
		e.down.handleReport(at, pkt)
	case *rtcp.SourceDescription:
		e.down.handleDescription(pkt)
	case *rtcp.ReceiverReport:
		for _, r := range pkt.Reports {
			if u := e.uplinkOf(r.SSRC); u != nil {
				u.feedback.reports = append(u.feedback.reports, r)
			}
		}
	case *rtcp.PictureLossIndication:
		if u := e.uplinkOf(pkt.MediaSSRC); u != nil {
			u.handleKeyframeRequest(at)
		}
	case *rtcp.FullIntraRequest:
		e.down.fault("the server sent a FIR")
	case *rtcp.TransportLayerNack:
		if u := e.uplinkOf(pkt.MediaSSRC); u != nil {
			u.handleNack(pkt)
		}
	case *rtcp.TransportLayerCC:
		e.feedback.note(pkt)
	case *rtcp.Goodbye:
	default:
		e.down.fault("the server sent RTCP %T", pkt)
	}
}

func (e *endpoint) uplinkOf(ssrc uint32) *uplink {
	for _, u := range e.ups {
		if b := u.bound.Load(); b != nil && b.ssrc == ssrc {
			return u
		}
	}
	return nil
}

// note reads which transport-wide numbers pkt reports.
func (f *feedback) note(pkt *rtcp.TransportLayerCC) {
	seq, left := pkt.BaseSequenceNumber, int(pkt.PacketStatusCount)
	one := func(symbol uint16) {
		if left > 0 {
			f.transport[seq] = f.transport[seq] || symbol != rtcp.TypeTCCPacketNotReceived
			seq++
			left--
		}
	}
	for _, chunk := range pkt.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				one(c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for _, s := range c.SymbolList {
				one(s)
			}
		}
	}
}
