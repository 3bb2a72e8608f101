package udp

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"
)

// exporter is how the session keys of a connection are known to who encrypts
// for it: the server's hello says the server's random, the key log the client's
// and the secret of both (ADR 10).
type exporter struct {
	mu             sync.Mutex
	client, server []byte
	secret         []byte
	hash           func() hash.Hash
}

func (e *exporter) hello(m handshake.MessageServerHello) handshake.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	random := m.Random.MarshalFixed()
	e.server, e.hash = random[:], sha256.New
	switch dtls.CipherSuiteID(*m.CipherSuiteID) {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		e.hash = sha512.New384
	}
	return &m
}

// Write takes the line of the key log.
func (e *exporter) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fields := bytes.Fields(b)
	e.client, _ = hex.DecodeString(string(fields[1]))
	e.secret, _ = hex.DecodeString(string(fields[2]))
	return len(b), nil
}

// ExportKeyingMaterial is that of RFC 5705, 4.
func (e *exporter) ExportKeyingMaterial(label string, _ []byte, length int) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	seed := append(append([]byte(label), e.client...), e.server...)
	return prf.PHash(e.secret, seed, length, e.hash)
}

// TestABatchIsReadByPion shows the seam where encryption meets the batch: pion
// does ICE and DTLS over a Conn, what a loop encrypts itself goes out by a Batch
// to the address that ICE selected, and pion at the other end decrypts all of it.
func TestABatchIsReadByPion(t *testing.T) {
	conn := open(t, "127.0.0.1", Config{})
	var keys exporter
	sender, server := newPeer(t, func(s *webrtc.SettingEngine) {
		mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn})
		t.Cleanup(func() { _ = mux.Close() })
		s.SetICEUDPMux(mux)
		s.SetDTLSServerHelloMessageHook(keys.hello)
		s.SetDTLSKeyLogWriter(&keys)
		s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
		_ = s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer)
	}, true)
	_, client := newPeer(t, func(*webrtc.SettingEngine) {}, false)
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
	to := netip.MustParseAddrPort(fmt.Sprintf("%s:%d", pair.Remote.Address, pair.Remote.Port))
	config := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := config.ExtractSessionKeysFromDTLS(&keys, false); err != nil {
		t.Fatal(err)
	}
	session, err := srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile)
	if err != nil {
		t.Fatal(err)
	}
	header := rtp.Header{Version: 2, PayloadType: 96, SSRC: uint32(sender.GetParameters().Encodings[0].SSRC)}
	payload, batch := make([]byte, 1000), conn.NewBatch()
	const overhead = 16
	for i := range 30 {
		header.SequenceNumber = uint16(i)
		room := batch.Room(header.MarshalSize() + len(payload) + overhead)
		n, _ := header.MarshalTo(room[:cap(room)])
		n += copy(room[n:cap(room)], fill(payload, i))
		packet, err := session.EncryptRTP(room, room[:n], nil) // in place
		if err != nil {
			t.Fatal(err)
		}
		batch.Append(to, packet)
	}
	if r := batch.Flush(); r.Packets != 30 || r.Buffers != 1 {
		t.Errorf("%+v, want one train", r)
	}
	for i := range 30 {
		select {
		case p := <-got:
			if p.SequenceNumber != uint16(i) || !bytes.Equal(p.Payload, fill(payload, i)) {
				t.Fatalf("packet %d is not what was sent", p.SequenceNumber)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("packet %d does not arrive", i)
		}
	}
}

// newPeer makes one end of a call; the one that sends has a track.
func newPeer(t *testing.T, set func(*webrtc.SettingEngine), sends bool) (*webrtc.RTPSender, *webrtc.PeerConnection) {
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
