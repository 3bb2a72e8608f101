package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling"
)

func TestNamesAreComparedWithWhatIsAdvertised(t *testing.T) {
	t.Parallel()
	here, there := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1")
	for _, tt := range []struct {
		name       string
		host       string
		records    []netip.Addr
		advertised []netip.Addr
		status     Status
		says       string
	}{
		{"the right one", "meet.example.org", []netip.Addr{here}, []netip.Addr{here}, OK, "203.0.113.7"},
		{"a wrong public address", "meet.example.org", []netip.Addr{here}, []netip.Addr{there}, Failure, "advertises 198.51.100.1"},
		{"one too many", "meet.example.org", []netip.Addr{here, there}, []netip.Addr{here}, Warning, "198.51.100.1"},
		{"none", "meet.example.org", nil, []netip.Addr{here}, Failure, "no address"},
		{"nothing to compare with", "meet.example.org", []netip.Addr{here}, nil, OK, ""},
		{"an address", "203.0.113.7", nil, nil, Skipped, ""},
	} {
		f := Names(t.Context(), tt.host, tt.advertised, func(context.Context, string, string) ([]netip.Addr, error) {
			if tt.records == nil {
				return nil, errors.New("no such host")
			}
			return slices.Clone(tt.records), nil
		})
		if f.Status != tt.status || !strings.Contains(f.Detail, tt.says) {
			t.Errorf("%s: %+v", tt.name, f)
		}
		if f.Status == Failure && f.Advice == "" {
			t.Errorf("%s: no advice", tt.name)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	at := s.Listener.Addr().String()
	for _, tt := range []struct {
		name   string
		roots  *x509.CertPool
		now    time.Time
		status Status
		says   string
	}{
		{"trusted", roots, time.Now(), OK, "trusted"},
		{"of an unknown authority", x509.NewCertPool(), time.Now(), Failure, "nobody"},
		{"to be renewed", roots, s.Certificate().NotAfter.Add(-time.Hour), Warning, "until"},
	} {
		if f := Certificate(t.Context(), at, tt.roots, tt.now); f.Status != tt.status || !strings.Contains(f.Detail, tt.says) {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
	s.Close()
	if f := Certificate(t.Context(), at, roots, time.Now()); f.Status != Failure || f.Advice == "" {
		t.Errorf("nobody listens: %+v", f)
	}
}

// The ways are gone for real, to a server on this machine.
func TestWaysToAServer(t *testing.T) {
	t.Parallel()
	count, log := metrics.New(), slog.New(slog.DiscardHandler)
	engine, err := sfu.New(sfu.Config{}, count, log)
	if err != nil {
		t.Fatal(err)
	}
	door := signaling.New(engine, signaling.Config{}, count, log)
	web := httptest.NewServer(door)
	t.Cleanup(func() {
		_ = door.Close()
		_ = engine.Close()
		web.Close()
	})
	target := Target{URL: "ws" + strings.TrimPrefix(web.URL, "http")}
	want := map[string]Status{"udp": OK, "tcp": Skipped, "turn": Skipped}
	findings := target.Ways(t.Context())
	for _, f := range findings {
		if f.Status != want[f.Check] {
			t.Errorf("%+v", f)
		}
	}
	if len(findings) != len(want) || !Healthy(findings) {
		t.Errorf("%+v", findings)
	}
	web.CloseClientConnections()
	gone := Target{URL: "ws://127.0.0.1:1/ws"}.Ways(t.Context())
	if Healthy(gone) {
		t.Errorf("of no server: %+v", gone)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ offered, advice string }{
		{"203.0.113.7:443", "port 443/udp"},
		{"10.0.0.5:7882", "set --public-ip"},
		{"100.64.1.1:7882", "set --public-ip"},
		{"[2001:db8::7]:443", "correct --public-ip"},
	} {
		f := unreachable("udp", []netip.AddrPort{netip.MustParseAddrPort(tt.offered)})
		if f.Status != Failure || !strings.Contains(f.Advice, tt.advice) {
			t.Errorf("%s: %+v", tt.offered, f)
		}
	}
	for _, f := range []Finding{buffer("rmem_max", 212992), files(1024), disk("/", 1<<20), clock(false)} {
		if f.Status == OK || f.Advice == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, f := range []Finding{buffer("rmem_max", 8<<20), files(1 << 16), disk("/", 1<<40), clock(true)} {
		if f.Status != OK {
			t.Errorf("%+v", f)
		}
	}
	for _, f := range Machine(t.TempDir() + "/not/made/yet") {
		if f.Detail == "" || f.Status == Failure {
			t.Errorf("%+v", f)
		}
	}
}

func TestFindingsArePrinted(t *testing.T) {
	t.Parallel()
	var people, programs bytes.Buffer
	bad := found("udp", Failure, "nothing answers", "open the port")
	bad.Print(&people)
	if got := people.String(); !strings.HasPrefix(got, "FAIL  udp") || !strings.Contains(got, "-> open the port") {
		t.Errorf("%s", got)
	}
	if err := PrintJSON(&programs, []Finding{bad}); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Healthy  bool
		Findings []Finding
	}
	if err := json.Unmarshal(programs.Bytes(), &read); err != nil || read.Healthy || len(read.Findings) != 1 || read.Findings[0] != bad {
		t.Errorf("%s: %v", programs.String(), err)
	}
}

func FuzzCandidates(f *testing.F) {
	f.Add("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=candidate:1 1 udp 99 203.0.113.7 443 typ host\r\n")
	f.Fuzz(func(t *testing.T, description string) {
		for _, a := range candidates(description, "udp") {
			if !a.IsValid() {
				t.Errorf("%v", a)
			}
		}
	})
}
