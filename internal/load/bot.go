package load

import (
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
)

// replayWindow is libwebrtc's: a repaired packet comes late.
const replayWindow = 1024

// bot is one participant: a PeerConnection on a socket of its own, what it
// sends, and the count of what arrives.
type bot struct {
	cfg     *Config
	index   uint16
	room    int
	name    string
	pc      *webrtc.PeerConnection
	socket  *socket
	talk    *talk
	sources []*source
	check   *verifier // nil if the bot only counts

	transport atomic.Uint32 // the last transport-wide number sent
	chatter   atomic.Pointer[webrtc.DataChannel]
	life      life

	mu  sync.Mutex // guards what is below: the poller, pion and the feedback use it
	in  inbox
	die error // why the session broke
}

// inbox is what a bot has been told to expect, and what came.
type inbox struct {
	streams  map[uint32]*stream
	repairs  map[uint32]bool // SSRCs of retransmissions and probes
	last     *stream
	ids      map[string]uint8
	recorder *twcc.Recorder
	missing  map[uint32][]uint16 // to be asked for, by SSRC
	asked    uint64
	repaired uint64 // packets on SSRCs of retransmissions
	strange  uint64 // packets of SSRCs that no description names
	joined   time.Time
	first    int64 // Unix time of the first packet
}

// ground is what all bots of a run stand on.
type ground struct {
	poller *poller
	local  netip.Addr
	cert   webrtc.Certificate
}

func newBot(cfg *Config, g *ground, index, room int, publishes, verifies bool) (*bot, error) {
	b := &bot{cfg: cfg, index: uint16(index), room: room, name: fmt.Sprintf("bot%d", index)}
	b.in = inbox{
		streams: make(map[uint32]*stream), repairs: make(map[uint32]bool), ids: make(map[string]uint8),
		missing: make(map[uint32][]uint16), recorder: twcc.NewRecorder(uint32(index) + 1),
	}
	if verifies {
		b.check = newVerifier(b)
	}
	var err error
	if b.socket, err = newSocket(g.local, cfg.Loss, b.handleMedia); err != nil {
		return nil, err
	}
	if b.pc, err = b.connection(g); err != nil {
		_ = b.socket.Close()
		return nil, err
	}
	if publishes {
		b.sources = newSources(b)
	}
	if err := g.poller.add(b.socket); err != nil {
		b.close(g)
		return nil, err
	}
	return b, nil
}

// newSources makes a microphone and a camera.
func newSources(b *bot) (list []*source) {
	if b.cfg.Media.Audio {
		list = append(list, &source{
			bot: b, word: "microphone", kind: webrtc.RTPCodecTypeAudio, plan: newOpus(),
		})
	}
	if !b.cfg.Media.Video {
		return list
	}
	index := uint8(len(list))
	for i, e := range encodings(b.cfg.Media.Simulcast) {
		s := &source{
			bot: b, index: index, encoding: uint8(i), word: "camera", rid: e.rid, size: e.size,
			kind: webrtc.RTPCodecTypeVideo, plan: newVideo(int(float64(b.cfg.Media.Bitrate)*e.share), b.cfg.Media.FPS),
		}
		s.wantKey.Store(true)
		list = append(list, s)
	}
	return list
}

type encoding struct {
	rid   string
	share float64 // of the bitrate
	size  [2]uint16
}

// encodings are about what Chromium makes of a camera of 720 lines.
func encodings(simulcast bool) []encoding {
	if !simulcast {
		return []encoding{{"", 1, [2]uint16{1280, 720}}}
	}
	return []encoding{
		{"q", 0.07, [2]uint16{320, 180}},
		{"h", 0.23, [2]uint16{640, 360}},
		{"f", 0.70, [2]uint16{1280, 720}},
	}
}

// connection opens a PeerConnection as cheap as it can be had: no interceptors,
// one certificate for all, and the media does not get to it.
func (b *bot) connection(g *ground) (*webrtc.PeerConnection, error) {
	media, err := newMediaEngine()
	if err != nil {
		return nil, err
	}
	quiet := &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	var settings webrtc.SettingEngine
	settings.LoggerFactory = quiet
	settings.SetICEUDPMux(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: b.socket, Logger: quiet.NewLogger("mux")}))
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetSRTPReplayProtectionWindow(replayWindow)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	settings.BufferFactory = func(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
		if kind == packetio.RTCPBufferPacket {
			return &sink{write: b.handleRTCP, closed: make(chan struct{})}
		}
		return &sink{write: b.handleVerified, closed: make(chan struct{})}
	}
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	)
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{g.cert}})
	if err != nil {
		return nil, err
	}
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed {
			b.fail(fmt.Errorf("%s: the media connection failed", b.name))
		}
	})
	return pc, nil
}

// newMediaEngine numbers as Chromium does.
func newMediaEngine() (*webrtc.MediaEngine, error) {
	m := new(webrtc.MediaEngine)
	feedback := []webrtc.RTCPFeedback{
		{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
	}
	add := func(kind webrtc.RTPCodecType, pt webrtc.PayloadType, c webrtc.RTPCodecCapability) error {
		return m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt}, kind)
	}
	if err := add(webrtc.RTPCodecTypeAudio, 111, webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: feedback[:1],
	}); err != nil {
		return nil, err
	}
	if err := add(webrtc.RTPCodecTypeVideo, 96, webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback,
	}); err != nil {
		return nil, err
	}
	if err := add(webrtc.RTPCodecTypeVideo, 97, webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=96",
	}); err != nil {
		return nil, err
	}
	audio, video := webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo
	for _, x := range []struct {
		uri   string
		kinds []webrtc.RTPCodecType
	}{
		{sdp.AudioLevelURI, []webrtc.RTPCodecType{audio}},
		{sdp.TransportCCURI, []webrtc.RTPCodecType{audio, video}},
		{sdp.SDESMidURI, []webrtc.RTPCodecType{audio, video}},
		{sdp.SDESRTPStreamIDURI, []webrtc.RTPCodecType{video}},
		{sdp.SDESRepairRTPStreamIDURI, []webrtc.RTPCodecType{video}},
	} {
		for _, kind := range x.kinds {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: x.uri}, kind); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// sink stands where pion would queue one stream's packets for its reader.
type sink struct {
	write  func([]byte)
	closed chan struct{}
	once   sync.Once
}

// Write takes a decrypted packet.
func (s *sink) Write(b []byte) (int, error) {
	s.write(b)
	return len(b), nil
}

// Read has nothing for anybody.
func (s *sink) Read([]byte) (int, error) {
	<-s.closed
	return 0, io.EOF
}

// Close lets the reader go.
func (s *sink) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// fail notes why the bot can do no more.
func (b *bot) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.die == nil {
		b.die = err
	}
}

// failed is why the bot can do no more, or nil.
func (b *bot) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.die
}

// publishes reports whether the bot sends anything.
func (b *bot) publishes() bool { return len(b.sources) > 0 }

// close leaves.
func (b *bot) close(g *ground) {
	if b.talk != nil {
		b.talk.leave()
	}
	_ = b.pc.Close()
	g.poller.remove(b.socket)
	_ = b.socket.Close()
}
