package e2e

import (
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
)

// Header extensions that the tests read or write.
const (
	extLevel = sdp.AudioLevelURI
	extMid   = sdp.SDESMidURI
	extTWCC  = sdp.TransportCCURI
	extAbs   = sdp.ABSSendTimeURI
	extRid   = sdp.SDESRTPStreamIDURI
	extRrid  = sdp.SDESRepairRTPStreamIDURI

	extDependency = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)

// brand is how one make of browser numbers what it offers. The two below share
// no payload type and few extension ids, so a server that forwards a number
// from one to the other is found out.
type brand struct {
	opus, red  uint8
	vp8, rtx   uint8
	more       []webrtc.RTPCodecParameters // offered, never sent
	extensions []extension                 // ids count from 1
}

type extension struct {
	uri   string
	kinds []webrtc.RTPCodecType
}

var (
	onlyAudio = []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio}
	onlyVideo = []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}
	both      = []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}
)

// chromium numbers as Chromium 156 does.
var chromium = brand{
	opus: 111, red: 63, vp8: 96, rtx: 97,
	more: []webrtc.RTPCodecParameters{
		videoCodec(webrtc.MimeTypeVP9, 98, "profile-id=0"), retransmission(99, 98),
		videoCodec(webrtc.MimeTypeH264, 103, h264), retransmission(104, 103),
		videoCodec(webrtc.MimeTypeAV1, 45, "level-idx=5;profile=0;tier=0"), retransmission(46, 45),
	},
	extensions: []extension{
		{extLevel, onlyAudio},
		{extAbs, both},
		{extTWCC, both},
		{extMid, both},
		{"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", onlyVideo},
		{"http://www.webrtc.org/experiments/rtp-hdrext/video-content-type", onlyVideo},
		{"http://www.webrtc.org/experiments/rtp-hdrext/video-timing", onlyVideo},
		{"http://www.webrtc.org/experiments/rtp-hdrext/color-space", onlyVideo},
		{extDependency, onlyVideo},
		{extRid, onlyVideo},
		{extRrid, onlyVideo},
		{"urn:3gpp:video-orientation", onlyVideo},
		{"urn:ietf:params:rtp-hdrext:toffset", onlyVideo},
	},
}

// firefox numbers as Firefox 153 does.
var firefox = brand{
	opus: 109, vp8: 120, rtx: 124,
	more: []webrtc.RTPCodecParameters{
		videoCodec(webrtc.MimeTypeVP9, 121, "profile-id=0"), retransmission(125, 121),
		videoCodec(webrtc.MimeTypeH264, 126, h264), retransmission(127, 126),
	},
	extensions: []extension{
		{extLevel, onlyAudio},
		{"urn:ietf:params:rtp-hdrext:csrc-audio-level", onlyAudio},
		{extMid, both},
		{extAbs, onlyVideo},
		{"urn:ietf:params:rtp-hdrext:toffset", onlyVideo},
		{"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", onlyVideo},
		{extTWCC, both},
		{extDependency, onlyVideo},
		{extRid, onlyVideo},
		{extRrid, onlyVideo},
	},
}

const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"

func videoCodec(mime string, pt uint8, fmtp string) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp,
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: "goog-remb"}, {Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"},
				{Type: "nack"}, {Type: "nack", Parameter: "pli"},
			},
		},
		PayloadType: webrtc.PayloadType(pt),
	}
}

func retransmission(pt, of uint8) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", of),
		},
		PayloadType: webrtc.PayloadType(pt),
	}
}

func opusCodec(pt uint8) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine:  "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "transport-cc"}},
		},
		PayloadType: webrtc.PayloadType(pt),
	}
}

func redCodec(pt, of uint8) webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: formatRED.mime(), ClockRate: 48000, Channels: 2, SDPFmtpLine: fmt.Sprintf("%d/%d", of, of),
		},
		PayloadType: webrtc.PayloadType(pt),
	}
}

// connection opens a PeerConnection of this brand on a virtual network card.
// Every decrypted packet goes to tap, on pion's goroutine, and to nobody else.
func (b brand) connection(
	t testing.TB, nic transport.Net, tap func(kind packetio.BufferPacketType, raw []byte),
) *webrtc.PeerConnection {
	t.Helper()
	var media webrtc.MediaEngine
	check(t, media.RegisterCodec(opusCodec(b.opus), webrtc.RTPCodecTypeAudio))
	if b.red != 0 {
		check(t, media.RegisterCodec(redCodec(b.red, b.opus), webrtc.RTPCodecTypeAudio))
	}
	videos := append([]webrtc.RTPCodecParameters{
		videoCodec(webrtc.MimeTypeVP8, b.vp8, ""), retransmission(b.rtx, b.vp8),
	}, b.more...)
	for _, c := range videos {
		check(t, media.RegisterCodec(c, webrtc.RTPCodecTypeVideo))
	}
	for _, e := range b.extensions {
		for _, kind := range e.kinds {
			check(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, kind))
		}
	}
	var settings webrtc.SettingEngine
	settings.SetNet(nic)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.LoggerFactory = quiet(t)
	settings.DisableCloseByDTLS(true) // see endpoint.close
	settings.BufferFactory = func(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
		return &tapped{kind: kind, tap: tap, closed: make(chan struct{})}
	}
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(&media),
		webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	)
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	check(t, err)
	return pc
}

// tapped stands where pion would queue one stream's packets for its reader.
// The reader gets nothing: the tap has it all.
type tapped struct {
	kind   packetio.BufferPacketType
	tap    func(packetio.BufferPacketType, []byte)
	closed chan struct{}
	once   sync.Once
}

func (p *tapped) Write(b []byte) (int, error) {
	p.tap(p.kind, b)
	return len(b), nil
}

func (p *tapped) Read([]byte) (int, error) {
	<-p.closed
	return 0, io.EOF
}

func (p *tapped) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
