//go:build netlab

package netlab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"sfu/signaling/wire"
)

// inside calls f on the machine: a socket that f opens belongs to it for good.
func (h *host) inside(f func() error) error {
	there, err := os.Open(filepath.Join("/run/netns", h.name))
	if err != nil {
		return err
	}
	defer there.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread, which has moved, ends with its goroutine
		if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// dial connects from the machine to an address; it knows no names.
func (h *host) dial(_ context.Context, network, address string) (conn net.Conn, err error) {
	err = h.inside(func() error {
		conn, err = net.DialTimeout(network, address, patience)
		return err
	})
	return conn, err
}

// listenUDP opens a UDP socket on the machine.
func (h *host) listenUDP(address string) *net.UDPConn {
	h.t.Helper()
	var conn net.PacketConn
	if err := h.inside(func() (err error) {
		conn, err = net.ListenPacket("udp", address)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.UDPConn)
}

// get asks for a page, and returns its status and its text.
func (h *host) get(url string, trust *x509.CertPool) (status int, text string, err error) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: h.dial, TLSClientConfig: &tls.Config{RootCAs: trust}, DisableKeepAlives: true,
	}}
	response, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// visits opens a server as a browser does, and returns the certificate that it sees. With
// an empty name it sends none, as for an address (RFC 6066, 3).
func (h *host) visits(address, name string, trust *x509.CertPool) (*x509.Certificate, error) {
	conn, err := h.dial(h.t.Context(), "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{RootCAs: trust, ServerName: name})
	_ = secure.SetDeadline(time.Now().Add(patience))
	if err := secure.Handshake(); err != nil {
		return nil, err
	}
	return secure.ConnectionState().PeerCertificates[0], nil
}

// sees waits until a server is trusted under a name, and its certificate is another one than
// old, which may be nil.
func (h *host) sees(address, name string, trust *x509.CertPool, old *x509.Certificate) (leaf *x509.Certificate) {
	h.t.Helper()
	eventually(h.t, "a new certificate for "+name, func() (err error) {
		leaf, err = h.visits(address, name, trust)
		if err == nil && old != nil && leaf.SerialNumber.Cmp(old.SerialNumber) == 0 {
			return errors.New("it is the old one")
		}
		return err
	})
	return leaf
}

// guest is a participant without media, who listens to what the server says.
type guest struct {
	t    *testing.T
	conn *websocket.Conn
}

// join enters a room. Whether the guest is let in is what it hears.
func (h *host) join(url, room string, trust *x509.CertPool) *guest {
	h.t.Helper()
	dialer := websocket.Dialer{
		Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: patience,
		NetDialContext: h.dial, TLSClientConfig: &tls.Config{RootCAs: trust},
	}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	g := &guest{h.t, conn}
	g.say(&wire.JoinRoom{Room: room, Name: "guest"})
	return g
}

func (g *guest) say(m wire.Client) {
	g.t.Helper()
	raw, err := wire.EncodeClient(m)
	if err == nil {
		err = g.conn.WriteMessage(websocket.TextMessage, raw)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// next returns the next message from the server.
func (g *guest) next() (wire.Server, error) {
	_ = g.conn.SetReadDeadline(time.Now().Add(patience))
	_, raw, err := g.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return wire.DecodeServer(raw)
}

// hears waits for a message of a type, and passes over others.
func hears[M wire.Server](g *guest) M {
	g.t.Helper()
	var passed []string
	for {
		m, err := g.next()
		if err != nil {
			var wanted M
			g.t.Fatalf("waiting for %T after %s: %v", wanted, strings.Join(passed, ", "), err)
		}
		if wanted, ok := m.(M); ok {
			return wanted
		}
		passed = append(passed, fmt.Sprintf("%T", m))
	}
}

// isTurnedAway joins, and wants to hear why that is refused.
func (h *host) isTurnedAway(url, room string, trust *x509.CertPool, why wire.Code) {
	h.t.Helper()
	if m := hears[*wire.Error](h.join(url, room, trust)); m.Code != why {
		h.t.Errorf("a new participant is told %v, want %s", m, why)
	}
}
