package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gorilla/websocket"
	"github.com/pion/turn/v5"

	"sfu/certs"
	"sfu/config"
	bots "sfu/internal/load"
	"sfu/signaling/wire"
)

// replace makes a settings file, or another one of it, in one step.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// configured launches a server whose settings are in a file.
func configured(t *testing.T, text string, args ...string) (in *instance, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sfu.yaml")
	replace(t, path, text)
	return launch(t, append([]string{"--config=" + path}, args...)...), path
}

// reload is what SIGHUP does; it returns what was logged of it.
func (in *instance) reload(t *testing.T) []entry {
	t.Helper()
	from := in.log.size()
	in.hangups <- syscall.SIGHUP
	return in.log.await(t, from, func(e entry) bool {
		return e["msg"] == "settings reloaded" || strings.HasPrefix(e["msg"], "settings not reloaded")
	})
}

// enter joins a room.
func enter(t *testing.T, in *instance, room, name string) (*websocket.Conn, greeting) {
	t.Helper()
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	if err := ws.WriteJSON(map[string]string{"type": "join_room", "room": room, "name": name}); err != nil {
		t.Fatal(err)
	}
	var a greeting
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := ws.ReadJSON(&a); err != nil {
		t.Fatal(err)
	}
	return ws, a
}

// dialer trusts a certificate that nobody vouches for.
var dialer = websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}

// greeting is what a newcomer hears: welcome, or why not.
type greeting struct {
	Participant struct{ ID string }
	Type, Code  string
	ICEServers  []wire.ICEServer `json:"ice_servers"`
}

// status is how the door answers a page from elsewhere.
func status(t *testing.T, in *instance, origin string) int {
	t.Helper()
	ws, res, err := dialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", http.Header{"Origin": {origin}})
	if res == nil {
		t.Fatal(err)
	}
	if ws != nil {
		_ = ws.Close()
	}
	return res.StatusCode
}

// Whoever meets while the settings change loses no packet.
func TestACallGoesOnWhileSettingsChange(t *testing.T) {
	t.Parallel()
	in, path := configured(t, "max-participants: 50\n")
	seconds := make(signals, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reloaded := make(chan int)
	go func() {
		n := 0
		defer func() { reloaded <- n }()
		for {
			select {
			case <-seconds:
			case <-ctx.Done():
				return
			}
			n++
			replace(t, path, fmt.Sprintf("max-participants: 1\nloudest: %d\nmax-rooms: 1\npublic-ip: 203.0.113.%d\n", n, n))
			in.hangups <- syscall.SIGHUP
		}
	}()
	report, err := bots.Run(ctx, bots.Config{
		URL: "ws" + strings.TrimPrefix(in.url, "http") + "/ws", Rooms: 1, Publishers: 3, JoinRate: 100,
		Media: bots.Media{Audio: true, Video: true, Bitrate: 100_000, FPS: 10}, Duration: 4 * time.Second, Warmup: time.Second, VerifyEvery: 1,
	}, seconds)
	cancel()
	n := <-reloaded
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if got := report.Traffic; got.Expected == 0 || got.Delivered < got.Expected {
		t.Errorf("%d packets of %d arrived", got.Delivered, got.Expected)
	}
	if n < 3 {
		t.Errorf("the settings changed %d times", n)
	}
}

// signals is a writer that tells when it is written to.
type signals chan struct{}

func (s signals) Write(b []byte) (int, error) {
	s <- struct{}{}
	return len(b), nil
}

func TestBadSettingsChangeNothing(t *testing.T) {
	t.Parallel()
	const good = "max-participants: 1\nallow-origin: https://a.example\n"
	in, path := configured(t, good)
	enter(t, in, "kitchen", "Ana")
	for _, tc := range []struct{ name, text, says string }{
		{"a typing error", "max-participants: 2\nallow-origins: https://b.example\n", path + ":2: allow-origins: is no setting; did you mean allow-origin?"},
		{"no YAML", "max-participants: [2\n", path + ":"},
		{"out of range", "max-participants: 2\nmax-rooms: 0\n", path + ":2: max-rooms: 0 is too few"},
		{"an address that nobody can reach", "max-participants: 2\npublic-ip: 127.0.0.1\n", "public-ip: "},
		{"too many addresses", "max-participants: 2\npublic-ip: [" + strings.Repeat("203.0.113.1, ", 17) + "]\n", "17 public addresses, at most 16"},
		{"a secret that is gone", "max-participants: 2\nturn-secret-file: /nowhere\n", "/nowhere"},
	} {
		replace(t, path, tc.text)
		got := in.reload(t)
		if last := got[len(got)-1]; !strings.HasPrefix(last["msg"], "settings not reloaded") {
			t.Errorf("%s: %v", tc.name, got)
		}
		if !slices.ContainsFunc(got, func(e entry) bool { return e["level"] == "ERROR" && strings.Contains(e["msg"], tc.says) }) {
			t.Errorf("%s: the log does not say %q: %v", tc.name, tc.says, got)
		}
		if _, a := enter(t, in, "kitchen", "Ben"); a.Code != "room_full" {
			t.Errorf("%s: half of it is in effect: %+v", tc.name, a)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	in.reload(t)
	metric(t, in, "sfu_config_reloads_total{outcome=\"failed\"} 7", "sfu_config_reloads_total{outcome=\"ok\"} 0", "sfu_config_last_reload_successful 0")
	replace(t, path, good)
	in.reload(t)
	metric(t, in, "sfu_config_reloads_total{outcome=\"ok\"} 1", "sfu_config_last_reload_successful 1")
}

// metric reports samples that are not among the metrics.
func metric(t *testing.T, in *instance, samples ...string) {
	t.Helper()
	_, body := get(t, in.ops+"/metrics")
	for _, s := range samples {
		if !strings.Contains(body, "\n"+s+"\n") {
			t.Errorf("no %s", s)
		}
	}
}

func TestWhatNeedsARestartIsNamed(t *testing.T) {
	t.Parallel()
	in, path := configured(t, "max-rooms: 5\n")
	replace(t, path, "max-rooms: 6\nresume-time: 7s\nbehind-proxy: 10.0.0.0/8\n")
	for round, changed := range []string{"1", "0"} { // what waits is named each time
		got := in.reload(t)
		var waiting []string
		for _, e := range got {
			if e["level"] == "WARN" {
				waiting = append(waiting, e["setting"]+": "+e["in effect"]+" > "+e["written"])
			}
		}
		if want := []string{"behind-proxy:  > 10.0.0.0/8", "resume-time: 30s > 7s"}; !slices.Equal(waiting, want) {
			t.Errorf("round %d: %q, want %q", round, waiting, want)
		}
		if last := got[len(got)-1]; last["changed"] != changed || last["waiting for a restart"] != "2" {
			t.Errorf("round %d: %v", round, last)
		}
	}
}

// TestLiveSettings sees the effect of each setting that may change while the server
// runs. There is a row for each.
func TestLiveSettings(t *testing.T) {
	t.Parallel()
	says := func(msg, field, want string) func(t *testing.T, in *instance, from int) {
		return func(t *testing.T, in *instance, from int) {
			in.log.await(t, from, func(e entry) bool { return strings.HasPrefix(e["msg"], msg) && strings.Contains(e[field], want) })
		}
	}
	type row struct {
		name, before, after string
		see                 func(t *testing.T, in *instance, from int)
		args                []string
	}
	rows := []row{
		{"allow-origin", "", "https://a.example", func(t *testing.T, in *instance, _ int) {
			if got := status(t, in, "https://a.example"); got != http.StatusSwitchingProtocols {
				t.Error(got)
			}
		}, nil},
		{"capture", "false", "true", func(t *testing.T, in *instance, _ int) {
			if status, body := post(t, in.ops+"/api/v1/rooms/attic/participants/x/capture", ""); status != http.StatusNotFound {
				t.Errorf("%d %s", status, body)
			}
		}, nil},
		{"drain-timeout", "0s", "17s", func(t *testing.T, in *instance, from int) {
			in.cancel()
			says("stopping", "waiting at most", fmt.Sprint(int64(17*time.Second)))(t, in, from)
		}, nil},
		{"moved-to", "https://a.example", "https://b.example", func(t *testing.T, in *instance, _ int) {
			ws, _ := enter(t, in, "kitchen", "Ana")
			in.cancel()
			if msg := hear(t, ws); msg.Type != "moved" || msg.URL != "https://b.example" {
				t.Errorf("%+v", msg)
			}
			if err := ws.WriteJSON(map[string]string{"type": "leave"}); err != nil {
				t.Error(err)
			}
		}, []string{"--drain-timeout=1m"}},
		{"public-ip", "203.0.113.1", "203.0.113.2", says("media", "advertised", "203.0.113.2"), nil},
		{"ice-server", "'stun:a.example'", "'stun:b.example'", func(t *testing.T, in *instance, _ int) {
			if _, a := enter(t, in, "kitchen", "Ana"); len(a.ICEServers) != 1 || a.ICEServers[0].URLs[0] != "stun:b.example" {
				t.Errorf("%+v", a)
			}
		}, nil},
		{"max-rooms", "5", "1", func(t *testing.T, in *instance, _ int) {
			enter(t, in, "kitchen", "Ana")
			if _, a := enter(t, in, "garden", "Ana"); a.Code != "room_full" {
				t.Errorf("%+v", a)
			}
		}, nil},
		{"max-participants", "5", "1", func(t *testing.T, in *instance, _ int) {
			enter(t, in, "kitchen", "Ana")
			if _, a := enter(t, in, "kitchen", "Ben"); a.Code != "room_full" {
				t.Errorf("%+v", a)
			}
		}, nil},
		{"loudest", "5", "3", says("setting changed", "to", "3"), nil}, // in package sfu, live_test.go sees what it does
		{"log-level", "info", "debug", func(t *testing.T, in *instance, from int) {
			status(t, in, "https://evil.example")
			says("socket refused", "origin", "https://evil.example")(t, in, from)
		}, nil},
		{"public-metrics-token", "0123456789abcdef", "fedcba9876543210", func(t *testing.T, in *instance, _ int) {
			if res, _ := request(t, "GET", in.url+"/metrics", "Authorization", "Bearer fedcba9876543210"); res.StatusCode != http.StatusOK {
				t.Error(res.Status)
			}
		}, nil},
		{"public-metrics-token-file", "", "", nil, nil}, // the same, and config's tests
		{"turn-secret", "", "", nil, nil},               // TestTheRelaysSecretIsReplaced
		{"turn-secret-file", "", "", nil, nil},          // the same
	}
	parser, err := kong.New(new(grammar), kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range parser.Model.Flags {
		if flag.Tag.Has("live") && !slices.ContainsFunc(rows, func(r row) bool { return r.name == flag.Name }) {
			t.Errorf("%s has no row", flag.Name)
		}
	}
	for _, tc := range rows {
		if tc.see == nil {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := func(value string) string {
				if value == "" {
					return ""
				}
				return tc.name + ": " + value + "\n"
			}
			in, path := configured(t, text(tc.before), tc.args...)
			replace(t, path, text(tc.after))
			from := in.log.size()
			got := in.reload(t)
			if !slices.ContainsFunc(got, func(e entry) bool { return e["msg"] == "setting changed" && e["setting"] == tc.name }) {
				t.Errorf("the log does not name it: %v", got)
			}
			tc.see(t, in, from)
		})
	}
}

func TestALogThatWasTalkativeFallsSilent(t *testing.T) {
	t.Parallel()
	in, path := configured(t, "log-level: debug\n")
	refused := func(e entry) bool { return e["msg"] == "socket refused" }
	status(t, in, "https://evil.example")
	in.log.await(t, 0, refused)
	replace(t, path, "log-level: info\n")
	in.reload(t)
	in.reload(t) // the level is set after the last line of the first
	from := in.log.size()
	status(t, in, "https://evil.example")
	in.reload(t)
	if got := in.log.await(t, from, func(e entry) bool { return e["msg"] == "settings reloaded" }); slices.ContainsFunc(got, refused) {
		t.Errorf("%v", got)
	}
}

// The file that needs no name is optional, but one that was read does not just vanish.
func TestAFileThatIsGoneIsNoDefault(t *testing.T) {
	t.Parallel()
	r := &reloader{effect: &options{loaded: &config.Loaded{File: "/etc/sfu/sfu.yaml"}}}
	if err := r.check(&options{Config: new(config.Config), loaded: new(config.Loaded)}); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Error(err)
	}
}

// Credentials are made with the new secret, and those from before stay good.
func TestTheRelaysSecretIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const first, second = "the first of our secrets", "the second of our secrets"
	file := filepath.Join(dir, "secret")
	replace(t, file, first)
	in, path := configured(t, "turn-secret-file: "+file+"\ntls: self-signed\nstate-dir: "+dir+"\n")
	credentials := func() wire.ICEServer {
		t.Helper()
		_, a := enter(t, in, "kitchen", "Ana")
		if len(a.ICEServers) != 1 {
			t.Fatalf("%+v", a)
		}
		return a.ICEServers[0]
	}
	made := func(s wire.ICEServer, secret string) bool {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write([]byte(s.Username))
		return s.Credential == base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	old := credentials()
	replace(t, file, second)
	log := fmt.Sprint(in.reload(t))
	fresh := credentials()
	if !made(old, first) || !made(fresh, second) {
		t.Error("the credentials are not made with the secret of their time")
	}
	if strings.Contains(log, "of our secrets") {
		t.Errorf("the log has a secret: %s", log)
	}
	replace(t, path, "tls: self-signed\nstate-dir: "+dir+"\n")
	in.reload(t)
	random := credentials()
	in.reload(t)
	if again := credentials(); made(random, second) || made(random, "") || random.Username[11:19] != again.Username[11:19] {
		t.Error("without a secret there is none, or another one each time")
	}
	for name, s := range map[string]wire.ICEServer{"old": old, "fresh": fresh, "random": random} {
		if err := allocate(t, in, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	old.Credential = fresh.Credential
	if err := allocate(t, in, old); err == nil {
		t.Error("a wrong password was taken")
	}
}

// allocate asks for a relay over TCP.
func allocate(t *testing.T, in *instance, s wire.ICEServer) error {
	t.Helper()
	at := strings.TrimPrefix(in.url, "https://")
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{Conn: turn.NewSTUNConn(conn), TURNServerAddr: at, STUNServerAddr: at, Username: s.Username, Password: s.Credential})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err == nil {
		_ = relayed.Close()
	}
	return err
}

// A certificate is taken over at once; a broken one changes nothing at all.
func TestCertificateFilesAreLoadedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "cert.pem")
	text := "tls: files\ncert-file: " + file + "\nkey-file: " + file + "\nmax-rooms: %d\n"
	issue(t, file, "one.example")
	in, path := configured(t, fmt.Sprintf(text, 5))
	served := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", strings.TrimPrefix(in.url, "https://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	issue(t, file, "two.example")
	in.reload(t)
	if got := served(); got != "two.example" {
		t.Errorf("%s is served", got)
	}
	replace(t, file, "half a certificate")
	replace(t, path, fmt.Sprintf(text, 1))
	got := in.reload(t)
	if !slices.ContainsFunc(got, func(e entry) bool { return strings.HasPrefix(e["msg"], "certificate: ") }) {
		t.Errorf("the log does not say what is wrong: %v", got)
	}
	enter(t, in, "kitchen", "Ana")
	if _, a := enter(t, in, "garden", "Ana"); a.Type != "welcome" || served() != "two.example" {
		t.Errorf("half of it is in effect: %+v", a)
	}
}

// issue writes a certificate for a name, and its key, into one file.
func issue(t *testing.T, path, name string) {
	t.Helper()
	dir := t.TempDir()
	p, err := certs.SelfSigned(dir, []string{name}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	replace(t, path, page(t, made[0]))
}
