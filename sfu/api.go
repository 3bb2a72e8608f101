package sfu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"sfu/sfu/media"
)

// MaxDataMessage is the longest data channel message in bytes. Larger ones
// would hold up everything else of their sender: browsers and pion negotiate
// no interleaving (RFC 8260).
const MaxDataMessage = 64 << 10

const (
	// ICE calls a connection disconnected after this long without a packet.
	// The others are to hear of a killed participant within 10 s.
	iceDisconnected = 4 * time.Second
	// After this much more the ICE agent gives up for good; the participant's
	// own deadline (mediaGrace) comes first.
	iceFailed    = 30 * time.Second
	iceKeepalive = time.Second

	// srtpReplayWindow is how many packets back one is still accepted. pion's
	// default of 64 is less than the reordering on a fast uplink; browsers
	// probe with packets that old.
	srtpReplayWindow = 1024
	// srtcpReplayWindow is the same for reports; pion's default.
	srtcpReplayWindow = 64

	// sctpRTOMax bounds SCTP's retransmission timer, which RFC 9260 lets grow
	// to 60 s: chat should be back soon after the network is.
	sctpRTOMax = 2 * time.Second
)

// Header extensions that are negotiated. Every one that Chromium offers and
// that does no harm is accepted, because it refuses to reuse the id of one
// that an answer dropped (media.md, 1.2).
const (
	uriMID         = sdp.SDESMidURI
	uriRID         = sdp.SDESRTPStreamIDURI
	uriRepairedRID = sdp.SDESRepairRTPStreamIDURI
	uriTransportCC = sdp.TransportCCURI
	uriSendTime    = sdp.ABSSendTimeURI
	uriAudioLevel  = sdp.AudioLevelURI
	uriRotation    = "urn:3gpp:video-orientation"
	uriPlayout     = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
	uriDependency  = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
	uriAllocation  = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
	uriCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
)

// peerFactory makes PeerConnections: one API each, because a BufferFactory
// belongs to one connection (it is keyed by SSRC alone).
type peerFactory struct {
	mux         ice.UDPMux
	net         Config
	certificate webrtc.Certificate
	logs        pionLogs
}

func newPeerFactory(cfg Config, mux ice.UDPMux, log *slog.Logger) (*peerFactory, error) {
	// One key for all: making one costs more than the rest of a join.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("DTLS key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("DTLS certificate: %w", err)
	}
	return &peerFactory{mux: mux, net: cfg, certificate: *cert, logs: pionLogs{log}}, nil
}

// buffers is pion's BufferFactory: it makes the sink for the decrypted packets
// of one SSRC.
type buffers func(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser

// newPeer makes a PeerConnection whose received packets go to sinks, and whose keys
// become known.
func (f *peerFactory) newPeer(sinks buffers, k *keys) (*webrtc.PeerConnection, error) {
	m, err := newMediaEngine()
	if err != nil {
		return nil, err
	}
	s, err := f.settings(sinks)
	if err != nil {
		return nil, err
	}
	k.overhear(&s)
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(m),
		webrtc.WithSettingEngine(s),
		// Empty: what pion's default interceptors do for each subscriber is
		// done here once for each publisher.
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	)
	return api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{f.certificate},
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
		// RFC 9335 is for all of a connection or nothing, and what leaves is not
		// pion's (ADR 10). No browser asks for it by itself.
		RTPHeaderEncryptionPolicy: webrtc.RTPHeaderEncryptionPolicyDisable,
	})
}

func (f *peerFactory) settings(sinks buffers) (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{LoggerFactory: f.logs}
	s.BufferFactory = sinks
	s.SetICEUDPMux(f.mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICETimeouts(iceDisconnected, iceFailed, iceKeepalive)
	s.DisableActiveTCP(true)
	s.SetSRTPReplayProtectionWindow(srtpReplayWindow)
	s.DetachDataChannels()
	s.SetSCTPMaxMessageSize(MaxDataMessage)
	s.SetSCTPRTOMax(sctpRTOMax)
	// Streams are told apart by our own table (uplink.go), so nothing is to
	// wait for pion's: OnTrack is not used.
	s.SetFireOnTrackBeforeFirstRTP(true)
	// An encoding that nobody wants is off at its publisher for now; a new offer
	// must not make that final (media.md, C10).
	s.SetIgnoreRidPauseForRecv(true)
	// AES-128-GCM costs a sixth of the AES-CM-SHA1 that is next in line
	// (limit.md, 1); the DTLS server is who chooses.
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, err
	}
	if f.net.Net != nil {
		s.SetNet(f.net.Net)
	}
	return s, nil
}

// codecTable is every codec that is negotiated; payload types are only
// suggestions, because the browser's numbers win.
var codecTable = []struct {
	codec media.Codec
	pt    webrtc.PayloadType
	rtx   webrtc.PayloadType
	fmtp  string
}{
	{media.Opus, 111, 0, "minptime=10;useinbandfec=1"},
	{media.RED, 63, 0, "111/111"},
	{media.VP8, 96, 97, ""},
	{media.VP9, 98, 99, "profile-id=0"},
	{media.H264, 102, 103, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
	{media.AV1, 45, 46, "level-idx=5;profile=0;tier=0"},
}

func newMediaEngine() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	for _, c := range codecTable {
		if err := registerCodec(m, c.codec, c.pt, c.rtx, c.fmtp); err != nil {
			return nil, fmt.Errorf("codec %s: %w", c.codec.MimeType(), err)
		}
	}
	audio := []string{uriMID, uriTransportCC, uriSendTime, uriAudioLevel, uriCaptureTime}
	video := []string{uriMID, uriTransportCC, uriSendTime, uriRotation, uriPlayout, uriDependency, uriAllocation, uriCaptureTime}
	for _, uri := range audio {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("extension %s: %w", uri, err)
		}
	}
	for _, uri := range video {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, fmt.Errorf("extension %s: %w", uri, err)
		}
	}
	for _, uri := range []string{uriRID, uriRepairedRID} { // only a publisher says which encoding
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri},
			webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverDirectionRecvonly); err != nil {
			return nil, fmt.Errorf("extension %s: %w", uri, err)
		}
	}
	return m, nil
}

func registerCodec(m *webrtc.MediaEngine, c media.Codec, pt, rtx webrtc.PayloadType, fmtp string) error {
	kind, channels := webrtc.RTPCodecTypeVideo, uint16(0)
	feedback := []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"},
		{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	if c.Kind() == media.Audio {
		kind, channels = webrtc.RTPCodecTypeAudio, 2
		feedback = []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "nack"}}
	}
	err := m.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: c.MimeType(), ClockRate: c.ClockRate(), Channels: channels,
			SDPFmtpLine: fmtp, RTCPFeedback: feedback,
		},
		PayloadType: pt,
	}, kind)
	if err != nil || rtx == 0 {
		return err
	}
	return m.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: c.ClockRate(), SDPFmtpLine: fmt.Sprintf("apt=%d", pt),
		},
		PayloadType: rtx,
	}, kind)
}
