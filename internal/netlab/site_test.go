//go:build netlab

package netlab

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"sfu/certs"
)

// place is a server that speaks TLS with a certificate of its own, and a client beside it.
type place struct {
	server, client *host
	program        *daemon
	roots          string // the file of the certificate, its key, and who vouches for it
	trust          *x509.CertPool
}

// socket is where participants connect.
const socket = "wss://" + site + "/ws"

// newPlace starts the server, with what else it is told.
func newPlace(t *testing.T, more ...string) *place {
	t.Helper()
	hosts := newHosts(t, "server", "client")
	p := &place{server: hosts[0], client: hosts[1]}
	p.server.link(p.client, "eth0", site+"/24", "eth0", "203.0.113.2/24")
	p.start(more...)
	return p
}

// start starts the server on machines that are linked, and returns when it serves.
func (p *place) start(more ...string) {
	t := p.server.t
	t.Helper()
	p.roots = newCertificate(t)
	p.trust = poolOf(t, p.roots)
	p.program = p.server.start(append([]string{
		program(t, "sfu"), "--tls=files", "--cert-file", p.roots, "--key-file", p.roots, "--domain=" + site, "--listen=0.0.0.0:443", "--http-listen=0.0.0.0:80",
	}, more...)...)
	p.program.says("msg=operations")
}

// newCertificate makes a certificate for the site, and returns the file that holds it and
// its key.
func newCertificate(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	made, err := certs.SelfSigned(dir, []string{site}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	made.Close()
	return filepath.Join(dir, "self-signed.pem")
}

// install puts text where a file is, at once.
func install(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(file+".new", text, 0o600), os.Rename(file+".new", file)); err != nil {
		t.Fatal(err)
	}
}
