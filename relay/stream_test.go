package relay

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"sfu/metrics"
)

// wire is a connection without a network, between addresses as TCP has them.
type wire struct{ net.Conn }

func (wire) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(client) }
func (wire) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(door) }

var client, door = netip.MustParseAddrPort("203.0.113.9:5000"), netip.MustParseAddrPort("203.0.113.7:443")

// newStream returns a stream and its client's end.
func newStream(t *testing.T) (*stream, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	s := &Server{count: metrics.New(), streams: make(map[path]*stream)}
	st, ok := s.admit(wire{near})
	if !ok {
		t.Fatal("not admitted")
	}
	t.Cleanup(func() { _, _ = st.Close(), far.Close() })
	return st, far
}

func TestMessagesComeWhole(t *testing.T) {
	t.Parallel()
	st, far := newStream(t)
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewSoftware("test"))
	if err != nil {
		t.Fatal(err)
	}
	data := []byte{0x40, 0, 0, 3, 'a', 'b', 'c', 0}
	full := append([]byte{0x40, 1, 6, 60}, make([]byte, 1596)...)
	go func() {
		for _, b := range append(append(bytes.Clone(m.Raw), data...), full...) {
			_, _ = far.Write([]byte{b})
		}
		_ = far.Close()
	}()
	b := make([]byte, maxMessage+1)
	for i, want := range [][]byte{m.Raw, data, full} {
		if n, err := st.Read(b); err != nil || !bytes.Equal(b[:n], want) {
			t.Fatalf("message %d: %x, %v", i, b[:n], err)
		}
	}
	if _, err := st.Read(b); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, head := range map[string][]byte{
		"RTP": {0x80, 96, 0, 0}, "DTLS": {0xc0, 0, 0, 0}, "a long one": {0, 1, 0xff, 0xfc}, "long data": {0x40, 0, 0xff, 0xff},
		"a little too long": {0x40, 0, 6, 61},
	} {
		if n, err := messageLength(head); err == nil {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

func FuzzMessageLength(f *testing.F) {
	f.Add([]byte{0, 1, 0, 8})
	f.Add([]byte{0x40, 0, 6, 60})
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) < messageHead {
			return
		}
		if n, err := messageLength(head); err == nil && (n < messageHead || n > maxMessage) {
			t.Errorf("%x: %d", head, n)
		}
	})
}

func TestAStreamWithoutARelayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, far := newStream(t)
		start, gone := time.Now(), make(chan struct{})
		go func() { // talking does not help
			defer close(gone)
			for {
				if _, err := far.Write([]byte{0x40, 0, 0, 0}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		var err error
		for err == nil {
			_, err = st.Read(make([]byte, maxMessage))
		}
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != greetTimeout {
			t.Errorf("%v after %v", err, took)
		}
		_ = far.Close()
		<-gone
	})
}

func TestAStreamWithARelayMayPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, far := newStream(t)
		events := st.server.events()
		from, to := st.RemoteAddr(), st.LocalAddr()
		events.OnAllocationCreated(from, to, "", "", "", nil, 0)
		start := time.Now()
		go func() {
			time.Sleep(10 * time.Minute)
			_, _ = far.Write([]byte{0x40, 0, 0, 0})
		}()
		if _, err := st.Read(make([]byte, maxMessage)); err != nil {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		go func() { // pion's timer
			time.Sleep(time.Minute)
			events.OnAllocationDeleted(from, to, "", "", "")
		}()
		_, err := st.Read(make([]byte, maxMessage))
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != 11*time.Minute+greetTimeout {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestAStreamWithAnIdleRelayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, _ := newStream(t)
		st.server.events().OnAllocationCreated(st.RemoteAddr(), st.LocalAddr(), "", "", "", nil, 0)
		start := time.Now()
		_, err := st.Read(make([]byte, maxMessage))
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != idleTimeout {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestWhoDoesNotReadIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, far := newStream(t)
		start := time.Now()
		if _, err := st.Write([]byte("never read")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != writeTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("still open: %v", err)
		}
	})
}

func TestAddressesAreTCPs(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer func() { _, _ = near.Close(), far.Close() }()
	s := &Server{count: metrics.New(), streams: make(map[path]*stream)}
	if _, ok := s.admit(near); ok {
		t.Error("admitted without an address")
	}
}
