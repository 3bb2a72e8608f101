//go:build netlab

package netlab

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sfu/certs"
)

const (
	site       = "203.0.113.7" // the server, as its clients see it
	siteDomain = "meet.example.org"
)

// authority is Let's Encrypt's certificate authority for tests, on a machine with a name
// server of its own.
type authority struct {
	*daemon
	directory string
	api       string // a file: who vouches for the directory
	roots     string // a file: who vouches for what it issues
	trust     *x509.CertPool
}

// newAuthority starts one whose certificates are valid for so long. All domains are the site.
func newAuthority(t *testing.T, on *host, address string, valid time.Duration) *authority {
	t.Helper()
	dir := t.TempDir()
	own, err := certs.SelfSigned(dir, []string{address}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	own.Close()
	a := &authority{directory: "https://" + address + ":14000/dir", api: filepath.Join(dir, "self-signed.pem"), roots: filepath.Join(dir, "roots.pem")}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": address + ":14000", "managementListenAddress": address + ":15000", "certificate": a.api, "privateKey": a.api,
		"httpPort": 80, "tlsPort": 443, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"shortlived": map[string]any{"validityPeriod": int(valid.Seconds())}},
	}})
	file := filepath.Join(dir, "pebble.json")
	if err := errors.Join(err, os.WriteFile(file, config, 0o600)); err != nil {
		t.Fatal(err)
	}
	names := on.start(program(t, "pebble-challtestsrv"), "-defaultIPv4", site, "-defaultIPv6", "", "-dnsserver", "127.0.0.1:8053",
		"-management", "127.0.0.1:8055", "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	names.disposable = true
	on.reaches("127.0.0.1:8053")
	a.daemon = on.start("env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", program(t, "pebble"), "-config", file, "-dnsserver", "127.0.0.1:8053", "-strict")
	a.disposable = true
	a.trust = poolOf(t, a.api)
	eventually(t, "the authority answers", func() error {
		status, roots, err := on.get("https://"+address+":15000/roots/0", a.trust)
		if err != nil || status != 200 {
			return fmt.Errorf("%d %s: %w", status, roots, err)
		}
		return os.WriteFile(a.roots, []byte(roots), 0o600)
	})
	a.trust = poolOf(t, a.roots)
	return a
}

// poolOf reads the certificates in a file.
func poolOf(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(file)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s: %v", file, err)
	}
	return pool
}

// certified is a server on the way between its clients and an authority, which it gets
// certificates for these names from.
type certified struct {
	server, client *host
	authority      *authority
	args           []string
}

func newCertified(t *testing.T, names ...string) *certified {
	t.Helper()
	hosts := newHosts(t, "server", "client", "authority")
	c := &certified{server: hosts[0], client: hosts[1]}
	c.server.link(c.client, "eth0", site+"/24", "eth0", "203.0.113.2/24")
	c.server.link(hosts[2], "eth1", "192.0.2.7/24", "eth0", "192.0.2.1/24")
	hosts[2].route("default", "192.0.2.7")
	// With so little left a certificate is due: at once, when the program starts again.
	c.authority = newAuthority(t, hosts[2], "192.0.2.1", 40*time.Minute)
	c.args = []string{
		program(t, "sfu"), "--tls=auto", "--listen=0.0.0.0:443", "--http-listen=", "--state-dir", t.TempDir(),
		"--acme-directory", c.authority.directory, "--acme-root", c.authority.api,
	}
	for _, name := range names {
		c.args = append(c.args, "--domain", name)
	}
	return c
}

// start starts the server, and returns when it serves.
func (c *certified) start() *daemon {
	c.server.t.Helper()
	d := c.server.start(c.args...)
	d.says("msg=operations")
	return d
}

func TestACertificateForADomainOrAnAddress(t *testing.T) {
	t.Parallel()
	for _, name := range []string{siteDomain, site} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCertified(t, name)
			server := c.start()
			leaf := c.client.sees(site+":443", name, c.authority.trust, nil)
			if err := leaf.VerifyHostname(name); err != nil || !strings.Contains(leaf.Issuer.CommonName, "Pebble") {
				t.Errorf("issued by %s: %v", leaf.Issuer, err)
			}
			server.says("certificate obtained")
		})
	}
}

func TestCertificatesAreRenewedDuringACall(t *testing.T) {
	t.Parallel()
	names := []string{siteDomain, site}
	c := newCertified(t, names...)
	first := c.start()
	old := make([]*x509.Certificate, len(names))
	for i, name := range names {
		old[i] = c.client.sees(site+":443", name, c.authority.trust, nil)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}

	// The authority takes its time, until there is a call.
	c.authority.signal(syscall.SIGSTOP)
	second := c.start()
	call := beginMeeting(t, c.client, "wss://"+site+"/ws", c.authority.roots, 6*time.Second)
	for i, name := range names {
		if now := c.client.sees(site+":443", name, c.authority.trust, nil); now.SerialNumber.Cmp(old[i].SerialNumber) != 0 {
			t.Fatalf("the certificate for %s was renewed before the call", name)
		}
	}
	c.authority.signal(syscall.SIGCONT)
	for i, name := range names {
		c.client.sees(site+":443", name, c.authority.trust, old[i])
	}
	call.goesOn()
	second.says("renewal=true")
	call.lostNothing()
}
