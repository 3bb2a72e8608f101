package icetcp_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/icetcp"
	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling/wire"
)

// serve runs an engine with the door before it, on loopback. It returns them once
// clients may join.
func serve(t *testing.T, loopback string) (*sfu.Server, *metrics.Set) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	listens := l.Addr().(*net.TCPAddr).AddrPort()
	count := metrics.New()
	engine, err := sfu.New(sfu.Config{TCPAddrs: []netip.AddrPort{listens}}, count, log)
	if err != nil {
		t.Fatal(err)
	}
	var media netip.AddrPort
	for _, a := range engine.MediaAddrs() {
		if a.Addr() == listens.Addr() {
			media = a
		}
	}
	door, err := icetcp.New(icetcp.Config{Media: media, Metrics: count, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = door.Serve(l) }()
	t.Cleanup(func() {
		door.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine, count
}

func value(m prometheus.Metric) float64 {
	var out dto.Metric
	_ = m.Write(&out)
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

// client is a participant that has nothing but TCP.
type client struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	session *sfu.Session
	track   *webrtc.TrackLocalStaticRTP // of its microphone; nil if it only listens
	rtp     chan *rtp.Packet
	texts   chan string
	said    chan wire.Server
}

func newClient(t *testing.T, network webrtc.NetworkType, talks bool) *client {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetNetworkTypes([]webrtc.NetworkType{network})
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.DisableActiveTCP(false)
	var m webrtc.MediaEngine
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, pc: pc, rtp: make(chan *rtp.Packet, 1000), texts: make(chan string, 10), said: make(chan wire.Server, 1000)}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for p, _, err := track.ReadRTP(); err == nil; p, _, err = track.ReadRTP() {
			c.rtp <- p
		}
	})
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		dc.OnMessage(func(m webrtc.DataChannelMessage) { c.texts <- string(m.Data) })
	})
	if !talks {
		return c
	}
	if c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "s"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// join connects, and returns the channel that its texts leave by.
func (c *client) join(engine *sfu.Server, name string) *webrtc.DataChannel {
	c.t.Helper()
	var err error
	c.session, err = engine.Join(&wire.JoinRoom{Room: "r", Name: name}, func(m wire.Server) { c.said <- m })
	c.check(err)
	dc, err := c.pc.CreateDataChannel("chat", nil)
	c.check(err)
	open := make(chan struct{})
	dc.OnOpen(func() { close(open) })
	for range 2 {
		_, err = c.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		c.check(err)
		_, err = c.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		c.check(err)
	}
	tracks := []wire.SendTrack{}
	var line *webrtc.RTPTransceiver
	if c.track != nil {
		line, err = c.pc.AddTransceiverFromTrack(c.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		c.check(err)
	}
	offer, err := c.pc.CreateOffer(nil)
	c.check(err)
	c.check(c.pc.SetLocalDescription(offer))
	if line != nil {
		tracks = append(tracks, wire.SendTrack{MID: line.Mid(), Source: "microphone"})
	}
	c.session.Handle(&wire.Offer{ID: 1, SDP: offer.SDP, Tracks: tracks})
	answer := await[*wire.Answer](c)
	c.check(c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}))
	select {
	case <-open:
	case <-time.After(10 * time.Second):
		c.t.Fatal("no connection")
	}
	return dc
}

// await returns the next message of a kind that the engine sends.
func await[M wire.Server](c *client) M {
	c.t.Helper()
	for {
		select {
		case msg := <-c.said:
			if m, ok := msg.(M); ok {
				return m
			}
			if err, ok := msg.(*wire.Error); ok {
				c.t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			c.t.Fatal("the engine does not answer")
		}
	}
}

// Who has nothing but TCP hears, is heard and writes to others who have no more.
func TestTheEngineOverTCP(t *testing.T) {
	t.Parallel()
	for address, network := range map[string]webrtc.NetworkType{"127.0.0.1": webrtc.NetworkTypeTCP4, "::1": webrtc.NetworkTypeTCP6} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			engine, count := serve(t, address)
			ana, ben := newClient(t, network, true), newClient(t, network, true)
			chat := ana.join(engine, "ana")
			answer := ben.join(engine, "ben")
			for _, c := range []*client{ana, ben} {
				pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
				if err != nil || pair.Remote.Protocol != webrtc.ICEProtocolTCP || !strings.EqualFold(pair.Remote.TCPType, "passive") {
					t.Fatalf("%v, %v", pair, err)
				}
			}
			hear(t, ana, ben)
			hear(t, ben, ana)
			for i := range 3 {
				text := fmt.Sprint("hello ", i, strings.Repeat(".", 20_000*i)) // more than a frame
				ana.check(chat.SendText(text))
				ben.check(answer.SendText(text))
				for _, c := range []*client{ana, ben} {
					select {
					case got := <-c.texts:
						if got != text {
							t.Fatalf("%d bytes of %d", len(got), len(text))
						}
					case <-time.After(10 * time.Second):
						t.Fatal("the text does not arrive")
					}
				}
			}
			open, in, out, strange := value(count.ICETCPConnections), value(count.ICETCPFrames[metrics.In]), value(count.ICETCPFrames[metrics.Out]),
				value(count.ICETCPDropped[metrics.FrameStrange])
			if open < 2 || in < 40 || out < 40 || strange != 0 {
				t.Errorf("%v open, %v frames in, %v out, %v strange", open, in, out, strange)
			}
		})
	}
}

// hear lets one client talk until the other has heard twenty packets of it in order.
func hear(t *testing.T, from, to *client) {
	t.Helper()
	var last, heard uint64
	timeout := time.After(10 * time.Second)
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for n := uint64(1); heard < 20; {
		select {
		case <-pace.C:
			h := rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(960 * n)}
			from.check(from.track.WriteRTP(&rtp.Packet{Header: h, Payload: binary.BigEndian.AppendUint64(make([]byte, 40), n)}))
			n++
		case p := <-to.rtp:
			if len(p.Payload) != 48 {
				t.Fatalf("%d bytes", len(p.Payload))
			}
			if got := binary.BigEndian.Uint64(p.Payload[40:]); got <= last {
				t.Fatalf("packet %d after %d", got, last)
			} else {
				last = got
			}
			heard++
		case <-timeout:
			t.Fatalf("%d packets heard", heard)
		}
	}
}
