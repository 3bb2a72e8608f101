//go:build netlab

package netlab

import (
	"crypto/x509"
	"path/filepath"
	"testing"
)

// place is a server that speaks TLS with a certificate of its own, and a client beside it.
type place struct {
	server, client *host
	program        *daemon
	roots          string // a file: who vouches for the server
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
	dir := t.TempDir()
	p.program = p.server.start(append([]string{
		program(t, "sfu"), "--tls=self-signed", "--domain=" + site, "--listen=0.0.0.0:443", "--http-listen=0.0.0.0:80", "--state-dir", dir,
	}, more...)...)
	p.program.says("msg=operations")
	p.roots = filepath.Join(dir, "self-signed.pem")
	p.trust = poolOf(t, p.roots)
}
