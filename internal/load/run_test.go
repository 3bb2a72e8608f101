package load

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling"
)

// serve puts a server on loopback and returns its address.
func serve(t *testing.T, door http.Handler) string {
	t.Helper()
	server := httptest.NewServer(door)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
}

func ourServer(t *testing.T) string {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	count := metrics.New()
	engine, err := sfu.New(sfu.Config{Loudest: -1}, count, log)
	if err != nil {
		t.Fatal(err)
	}
	door := signaling.New(engine, signaling.Config{}, count, log)
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return serve(t, door)
}

func reference(t *testing.T) string {
	t.Helper()
	r, err := NewReference(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return serve(t, r)
}

// small is a room of three: two talk, all watch.
func small(url string) Config {
	return Config{
		URL: url, PID: os.Getpid(), Rooms: 1, Publishers: 2, Subscribers: 1, JoinRate: 200,
		Media:    Media{Video: true, Audio: true, Bitrate: 300_000, FPS: 30},
		Duration: 300 * time.Millisecond, VerifyEvery: 1,
	}
}

func run(t *testing.T, cfg Config) *Report {
	t.Helper()
	var progress bytes.Buffer
	r, err := Run(t.Context(), cfg, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	r.Print(t.Output())
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(progress.String(), "packets/s") {
		t.Errorf("no progress: %q", &progress)
	}
	return r
}

// The same bots on both servers: everything that is sent arrives once, and is
// what was sent.
func TestEveryPacketOfBothServersIsCounted(t *testing.T) {
	for name, server := range map[string]func(*testing.T) string{"ours": ourServer, "reference": reference} {
		t.Run(name, func(t *testing.T) {
			r := run(t, small(server(t)))
			if r.Traffic.Delivered != r.Traffic.Expected || r.Traffic.Delivered < 100 {
				t.Errorf("%d of %d packets", r.Traffic.Delivered, r.Traffic.Expected)
			}
			if r.Checked.Bots != 3 || r.Checked.Packets < r.Traffic.Delivered || r.Checked.Overrun > 0 {
				t.Errorf("checked %+v", r.Checked)
			}
			if r.Latency.P50 <= 0 || r.Join.P50 <= 0 || r.Server == nil || r.Server.RSS == 0 {
				t.Errorf("not measured: %+v", r)
			}
		})
	}
}

// What bots count in all their life is what the server counts: nothing is lost here.
func TestTheWholeRunIsCounted(t *testing.T) {
	cfg := small(ourServer(t))
	cfg.Messages = 50
	w := run(t, cfg).Whole
	// Two talk to the other and to the one who watches.
	if w.Sent == 0 || w.Packets > 2*w.Sent || w.Bytes > 2*w.SentBytes || w.Packets < w.Sent || w.Strange > 0 {
		t.Errorf("media: %+v", w)
	}
	if w.MessagesSent == 0 || w.MessagesGot > 2*w.MessagesSent || w.MessagesGot < w.MessagesSent {
		t.Errorf("messages: %+v", w)
	}
}

func TestSimulcastAndLossOnPurpose(t *testing.T) {
	cfg := small(ourServer(t))
	cfg.Publishers, cfg.Loss, cfg.NACK = 1, 0.15, true
	cfg.Media.Simulcast, cfg.Media.Bitrate = true, 1_200_000
	cfg.Duration = 600 * time.Millisecond
	r := run(t, cfg)
	if r.Traffic.Lost == 0 || r.Traffic.Asked == 0 || r.Traffic.Share > 1 {
		t.Errorf("%+v", r.Traffic)
	}
	// What was lost so long ago that it would come too late is not repaired.
	if r.Traffic.Repairs == 0 && r.Latency.P99 < 100 {
		t.Error("nothing was repaired")
	}
}

func TestAReportIsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "report.json")
	want := Report{Rooms: 3, Traffic: Traffic{Delivered: 7}, Server: &Server{Cores: 0.5}}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(raw, &got); err != nil || got.Rooms != 3 || got.Traffic.Delivered != 7 || got.Server.Cores != 0.5 {
		t.Errorf("%v: %s", err, raw)
	}
}

// What a broken server would do is found.
func TestTheVerifierFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	sealed := func(s seal) []byte {
		b := make([]byte, 50)
		s.write(b, 0)
		return b
	}
	good := sealed(seal{sender: 1, number: 7, sent: time.Now().UnixNano()})
	altered := append([]byte(nil), good...)
	altered[3]++
	for _, tc := range []struct {
		name     string
		payloads [][]byte
		want     string
	}{
		{"nothing", [][]byte{good, sealed(seal{sender: 1, number: 8}), {}}, ""},
		{"a changed byte", [][]byte{good, altered}, "altered"},
		{"half a packet", [][]byte{good[:10]}, "short"},
		{"an echo", [][]byte{sealed(seal{sender: 5})}, "sent itself"},
		{"a packet of another room", [][]byte{sealed(seal{sender: 2})}, "another room"},
		{"a packet under two numbers", [][]byte{good, good}, "twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := &bot{cfg: &Config{}, index: 5, name: "bot5"}
			b.check = newVerifier(b)
			b.check.members = func(sender uint16) bool { return sender != 2 }
			b.in.streams = map[uint32]*stream{9: {ssrc: 9, clock: make([]arrival, arrivals)}}
			for i, payload := range tc.payloads {
				p := rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 9, SequenceNumber: uint16(i)}, Payload: payload}
				raw, err := p.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				b.handleMedia(raw, time.Now().UnixNano())
				b.handleVerified(raw)
			}
			r := Report{Checked: Checked{Packets: 1, Wrong: b.check.wrong, Faults: b.check.faults}}
			if err := r.Err(); (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Config){
		"a page's address": func(c *Config) { c.URL = "http://localhost:8080" },
		"nobody to see":    func(c *Config) { c.Publishers, c.Subscribers = 1, 0 },
		"too many":         func(c *Config) { c.Subscribers = maxBots },
		"silence":          func(c *Config) { c.Media.Video, c.Media.Audio = false, false },
		"no frames":        func(c *Config) { c.Media.FPS = 0 },
		"all lost":         func(c *Config) { c.Loss = 1 },
		"no time":          func(c *Config) { c.Duration = 0 },
	} {
		cfg := small("ws://localhost:8080/ws")
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		if spoil(&cfg); cfg.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
