package main

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"sfu/metrics"
)

// chosen returns the options of a server on a machine without a settings file.
func chosen(t *testing.T, env map[string]string, args ...string) (*options, error) {
	t.Helper()
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return execute(t.Context(), args, terminal{env: lookup, stdout: io.Discard, stderr: io.Discard})
}

func TestDefaultsNeedNoConfiguration(t *testing.T) {
	t.Parallel()
	o, err := chosen(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := o.engine()
	if o.Listen != "localhost:8080" || cfg.UDPPort != 7882 || cfg.MaxRooms != 1000 ||
		cfg.MaxParticipants != 50 || cfg.Loudest != 5 || cfg.ResumeTime != 30*time.Second || cfg.ICEServers != nil || o.LogLevel != slog.LevelInfo {
		t.Errorf("%+v", o)
	}
}

func TestFlagsAndEnvironment(t *testing.T) {
	t.Parallel()
	o, err := chosen(t, map[string]string{"SFU_PUBLIC_IP": "198.51.100.7,2001:db8::7", "SFU_UDP_PORT": "5000", "SFU_LOG_LEVEL": "debug"},
		"--udp-port=6000", // a flag wins
		"--ice-server=stun:one.example:3478", "--ice-server=stun:two.example",
		"--allow-origin=https://Example.org:8443")
	if err != nil {
		t.Fatal(err)
	}
	cfg, door := o.engine(), o.door()
	if want := []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8::7")}; !slices.Equal(cfg.PublicIPs, want) {
		t.Errorf("public IPs %v", cfg.PublicIPs)
	}
	if cfg.UDPPort != 6000 || o.LogLevel != slog.LevelDebug {
		t.Errorf("port %d, level %v", cfg.UDPPort, o.LogLevel)
	}
	if len(cfg.ICEServers) != 2 || cfg.ICEServers[1].URLs[0] != "stun:two.example" {
		t.Errorf("ICE servers %v", cfg.ICEServers)
	}
	if !slices.Equal(door.AllowedOrigins, []string{"https://example.org:8443"}) {
		t.Errorf("origins %v", door.AllowedOrigins)
	}
}

func TestRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{
		"--no-such-flag",
		"--udp-port=70000",
		"--public-ip=https://example.org",
		"--ice-server=turn:example.org",
		"--ice-server=stun:",
		"--ice-server=stun://example.org",
		"--allow-origin=example.org",
		"--allow-origin=https://example.org/page",
		"--allow-origin=*",
		"--max-rooms=0",
		"--max-participants=-1",
		"--loudest=-1",
		"--resume-time=0s",
		"--log-level=loud",
		"--log-format=xml",
		"stray",
	} {
		if o, err := chosen(t, nil, arg); err == nil {
			t.Errorf("%s was accepted: %+v", arg, o)
		} else if name, _, _ := strings.Cut(arg, "="); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestHelpAndVersionAreAnswersNotErrors(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{"--help": "$SFU_UDP_PORT", "--version": "sfu "} {
		var out strings.Builder
		if err := run(t.Context(), nil, []string{arg}, &out, io.Discard); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s printed %q", arg, out.String())
		}
	}
}

// TestTheManualNamesEveryFlag reads docs/configuration.md; config's own test
// holds the rest of its table against the code.
func TestTheManualNamesEveryFlag(t *testing.T) {
	t.Parallel()
	manual := page(t, "../../docs/configuration.md")
	parser, err := kong.New(new(grammar), kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	nodes := append([]*kong.Node{parser.Model.Node}, parser.Model.Children...)
	for _, node := range nodes {
		if node.Type == kong.CommandNode && !strings.Contains(manual, "`sfu "+node.Name) {
			t.Errorf("docs/configuration.md does not name the command %s", node.Name)
		}
		for _, flag := range node.Flags {
			if flag.Name != "help" && !strings.Contains(manual, "`--"+flag.Name) {
				t.Errorf("docs/configuration.md does not name --%s", flag.Name)
			}
		}
	}
}

// TestTheManualExplainsEveryMetric also finds metrics that a page names and
// that do not exist.
func TestTheManualExplainsEveryMetric(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	metrics.New().Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	exists := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (sfu_\w+)`).FindAllStringSubmatch(rec.Body.String(), -1) {
		exists[m[1]] = true
	}
	manual := page(t, "../../docs/metrics.md")
	for name := range exists {
		if !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("docs/metrics.md does not explain %s", name)
		}
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pages {
		for _, name := range regexp.MustCompile(`sfu_[a-z]\w*`).FindAllString(page(t, path), -1) {
			if !exists[name] {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
