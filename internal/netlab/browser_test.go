//go:build netlab

package netlab

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

func TestBrowsersForcedToTheRelay(t *testing.T) {
	w := newTown(t)
	w.browse("by the relay over")
}

func TestABrowserWithoutUDPTalksOverTCP(t *testing.T) {
	w := newTown(t)
	w.router.filter(`table inet wall {
		chain through { type filter hook forward priority 0; iifname "office" meta l4proto udp drop; oifname "office" meta l4proto udp drop; }
	}`)
	w.browse("who has no UDP")
}

func TestABrowserWithNothingButTLSTalksByTheRelay(t *testing.T) {
	w := newTown(t)
	in := w.inspect()
	w.browse("who has nothing but TLS")
	if in.refused.Load() == 0 {
		t.Error("nothing tried to pass but TLS: was ICE over TCP offered at all?")
	}
	t.Logf("%d connections let through, %d refused", in.passed.Load(), in.refused.Load())
}

// inspector lets connections through that begin as TLS does, and no others. A rule of
// nftables cannot look that far.
type inspector struct {
	router          *host
	passed, refused atomic.Int32

	mu      sync.Mutex // guards conns
	conns   []net.Conn
	running sync.WaitGroup
}

const handshake = 0x16 // RFC 8446, 5.1

// inspect puts an inspector into the office's firewall, which lets nothing else out but
// what the test itself reads.
func (w *town) inspect() *inspector {
	w.t.Helper()
	in := &inspector{router: w.router}
	var l net.Listener
	if err := w.router.inside(func() (err error) {
		l, err = net.Listen("tcp4", "0.0.0.0:8443")
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	w.router.filter(`table ip inspection {
		chain in { type nat hook prerouting priority dstnat; iifname "office" tcp dport 443 redirect to :8443; }
		chain through { type filter hook forward priority 0; iifname "office" tcp dport != ` + opsPort + ` drop; iifname "office" meta l4proto != tcp drop; oifname "office" meta l4proto udp drop; }
	}`)
	in.running.Go(func() { in.serve(l) })
	w.t.Cleanup(func() {
		_ = l.Close()
		in.end()
		in.running.Wait()
	})
	return in
}

func (in *inspector) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		in.keep(conn)
		in.running.Go(func() { in.look(conn) })
	}
}

// look reads the first byte of a connection.
func (in *inspector) look(conn net.Conn) {
	defer conn.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil || first[0] != handshake {
		in.refused.Add(1)
		return
	}
	var far net.Conn
	if err := in.router.inside(func() (err error) {
		far, err = net.Dial("tcp4", townAddr+":443")
		return err
	}); err != nil {
		return
	}
	defer far.Close()
	in.keep(far)
	in.passed.Add(1)
	if _, err := far.Write(first); err != nil {
		return
	}
	in.running.Go(func() {
		_, _ = io.Copy(conn, far)
		_ = conn.Close()
	})
	_, _ = io.Copy(far, conn)
}

func (in *inspector) keep(conn net.Conn) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.conns = append(in.conns, conn)
}

func (in *inspector) end() {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, c := range in.conns {
		_ = c.Close()
	}
}
