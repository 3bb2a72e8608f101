package sfu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"

	"sfu/metrics"
	"sfu/sfu/header"
	"sfu/sfu/udp"
)

// What an outlet encrypts and a batch sends is read by pion at the other end, and an
// inlet reads what pion sends: in every profile that is negotiated, in trains and
// packet by packet.
func TestPionReadsWhatAnOutletSends(t *testing.T) {
	t.Parallel()
	for _, profile := range []dtls.SRTPProtectionProfile{
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	} {
		conn, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), udp.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var k keys
		sender, server := newEnd(t, func(s *webrtc.SettingEngine) {
			mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn})
			t.Cleanup(func() { _ = mux.Close() })
			s.SetICEUDPMux(mux)
			k.overhear(s)
			s.SetSRTPProtectionProfiles(profile)
			_ = s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer)
		}, true)
		_, client := newEnd(t, func(*webrtc.SettingEngine) {}, false)
		got := make(chan *rtp.Packet, 100)
		client.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			for p, _, err := track.ReadRTP(); err == nil; p, _, err = track.ReadRTP() {
				got <- p
			}
		})
		connect(t, client, server)

		pair, err := sender.Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			t.Fatal(pair, err)
		}
		c, err := k.ciphers()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.ciphers(); err == nil || k.secret != nil {
			t.Error("the secret is kept")
		}
		out := &outlet{egress: &egress{fan: &fan{out: batches{ports: &ports{conns: []*udp.Conn{conn}}}}}, sealer: c.sealer, cipher: c.out}
		out.to = netip.MustParseAddrPort(fmt.Sprintf("%s:%d", pair.Remote.Address, pair.Remote.Port))
		f := header.Fixed{PayloadType: 96, SSRC: uint32(sender.GetParameters().Encodings[0].SSRC)}
		for i := range 30 {
			f.Seq = uint16(i)
			w := header.Begin(out.room(), &f, false)
			if err := out.send(append(w.End(), content(i)...)); err != nil {
				t.Fatal(err)
			}
		}
		if r := out.batch().Flush(); r.Packets != 30 || r.Buffers != 1 {
			t.Errorf("%+v, want one train", r)
		}
		for i := range 30 {
			select {
			case p := <-got:
				if p.SequenceNumber != uint16(i) || !bytes.Equal(p.Payload, content(i)) {
					t.Fatalf("packet %d is not what was sent", p.SequenceNumber)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("packet %d does not arrive", i)
			}
		}
	}
}

// What a browser sends is read off the socket, header extensions and reports too: pion
// gets none of it.
func TestWhatABrowserSendsPassesPionBy(t *testing.T) {
	t.Parallel()
	ports, err := openPorts(Config{}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ports.mux.Close() })
	factory, err := newPeerFactory(Config{}, ports.mux, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p := &participant{server: &Server{ports: ports, count: metrics.New()}}
	p.link = newLink("ana", newMediaLoop(metrics.New(), 0, ports, nil), quiet)
	p.keys = &keys{}
	byPion := prometheus.NewCounter(prometheus.CounterOpts{})
	if p.pc, err = factory.newPeer(func(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
		return discard{byPion}
	}, p.keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.pc.Close() })
	sender, client := newEnd(t, func(*webrtc.SettingEngine) {}, true)
	connect(t, client, p.pc)
	for client.ConnectionState() != webrtc.PeerConnectionStateConnected {
		time.Sleep(time.Millisecond)
	}
	if err := p.open(); err != nil {
		t.Fatal(err)
	}
	ssrc := uint32(sender.GetParameters().Encodings[0].SSRC)
	track := sender.Track().(*webrtc.TrackLocalStaticRTP)
	for i := range 20 {
		h := rtp.Header{Version: 2, SequenceNumber: uint16(i), SSRC: ssrc}
		if err := h.SetExtension(1, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := track.WriteRTP(&rtp.Packet{Header: h, Payload: content(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.WriteRTCP([]rtcp.Packet{&rtcp.SenderReport{SSRC: ssrc}}); err != nil {
		t.Fatal(err)
	}
	packets, reports := 0, 0
	for deadline := time.Now().Add(5 * time.Second); (packets < 20 || reports < 1) && time.Now().Before(deadline); {
		select {
		case <-p.link.loop.packets.Wake():
		case <-p.link.loop.reports.Wake():
		case <-time.After(100 * time.Millisecond):
		}
		packets += len(p.link.loop.packets.Take(nil))
		reports += len(p.link.loop.reports.Take(nil))
	}
	if n := counted(byPion); packets != 20 || reports != 1 || n != 0 {
		t.Errorf("%d packets and %d reports came, and %v by way of pion", packets, reports, n)
	}
}

// content is what the i-th packet carries.
func content(i int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint16(nil, uint16(i)), 500)
}

// newEnd makes one end of a call; the one that sends has a track.
func newEnd(t *testing.T, set func(*webrtc.SettingEngine), sends bool) (*webrtc.RTPSender, *webrtc.PeerConnection) {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	set(&s)
	var m webrtc.MediaEngine
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	if !sends {
		_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			t.Fatal(err)
		}
		return nil, pc
	}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "s")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := pc.AddTrack(track)
	if err != nil {
		t.Fatal(err)
	}
	return sender, pc
}

// connect lets the client offer and waits until the server may send.
func connect(t *testing.T, client, server *webrtc.PeerConnection) {
	t.Helper()
	up := make(chan struct{})
	server.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(up)
		}
	})
	describe := func(from, to *webrtc.PeerConnection, make func() (webrtc.SessionDescription, error)) {
		gathered := webrtc.GatheringCompletePromise(from)
		desc, err := make()
		if err == nil {
			err = from.SetLocalDescription(desc)
		}
		if err == nil {
			<-gathered
			err = to.SetRemoteDescription(*from.LocalDescription())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	describe(client, server, func() (webrtc.SessionDescription, error) { return client.CreateOffer(nil) })
	describe(server, client, func() (webrtc.SessionDescription, error) { return server.CreateAnswer(nil) })
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		t.Fatal("no connection")
	}
}
