package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sfu/internal/journal"
)

// pebble is Let's Encrypt's certificate authority for tests, in a process of
// its own.
type pebble struct {
	directory string
	api       *x509.CertPool // vouches for the directory
	roots     *x509.CertPool // vouches for what it issues
}

// startPebble starts an authority that looks for sites at two ports of this
// machine. Its certificates are valid for so long in the short profile, and in
// the ordinary ones. Who wants none in particular gets any of them.
func startPebble(t *testing.T, httpPort, httpsPort int, short, ordinary time.Duration) *pebble {
	t.Helper()
	dir := t.TempDir()
	own, err := SelfSigned(dir, []string{"127.0.0.1"}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	own.Close()
	p := &pebble{api: x509.NewCertPool()}
	p.api.AddCert(own.current.Load().Leaf)
	api, management := freeAddr(t), freeAddr(t)
	p.directory = "https://" + api + "/dir"
	profiles := make(map[string]any)
	for i := range 50 {
		profiles[fmt.Sprint("ordinary", i)] = map[string]any{"validityPeriod": int(ordinary.Seconds())}
	}
	profiles[shortlived] = map[string]any{"validityPeriod": int(short.Seconds())}
	text, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": api, "managementListenAddress": management,
		"certificate": filepath.Join(dir, selfSignedFile), "privateKey": filepath.Join(dir, selfSignedFile),
		"httpPort": httpPort, "tlsPort": httpsPort,
		"keyAlgorithm": "ecdsa",
		"profiles":     profiles,
		"retryAfter":   map[string]int{"authz": 1, "order": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(program(t), "-config", path, "-dnsserver", startDNS(t), "-strict"))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.api}, DisableKeepAlives: true}}
	eventually(t, "the authority answers", func() error {
		response, err := client.Get("https://" + management + "/roots/0")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		root, err := io.ReadAll(response.Body)
		p.roots = x509.NewCertPool()
		if !p.roots.AppendCertsFromPEM(root) {
			return fmt.Errorf("no root in %q (%v)", root, err)
		}
		return nil
	})
	return p
}

// program builds pebble, which tools/go.mod pins, and returns where it is.
func program(t *testing.T) string {
	t.Helper()
	path, err := exec.Command("go", "tool", "-modfile=../tools/go.mod", "-n", "pebble").CombinedOutput()
	if err != nil {
		t.Fatalf("pebble cannot be built: %v\n%s", err, path)
	}
	return strings.TrimSpace(string(path))
}

// run runs a command until the test ends, and shows what it said if that fails.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s", said.Bytes())
		}
	})
}

// startDNS starts a name server for which every name is this machine. Pebble
// asks over TCP.
func startDNS(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				for answerDNS(conn) == nil {
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// answerDNS reads a question and answers it (RFC 1035, 4.2.2).
func answerDNS(conn net.Conn) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return err
	}
	var query dnsmessage.Message
	if err := query.Unpack(buf); err != nil || len(query.Questions) != 1 {
		return errors.New("no question")
	}
	asked := query.Questions[0]
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true}, Questions: query.Questions}
	if asked.Type == dnsmessage.TypeA {
		answer.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	packed, err := answer.Pack()
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...))
	return err
}

// freeAddr is an address of this machine that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually asks again until it works: another process does not tell when.
// What certmagic failed at once it tries again after a minute.
func eventually(t *testing.T, what string, works func() error) {
	t.Helper()
	end := time.Now().Add(150 * time.Second)
	for {
		err := works()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// logger returns a log that writes into l, which is shown if the test fails.
func logger(t *testing.T, l *journal.Journal) *slog.Logger {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log:\n%s", l)
		}
	})
	return slog.New(slog.NewTextHandler(l, nil))
}
