package sfu

import (
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"sfu/metrics"
)

func stunMessage(t testing.TB, method stun.Method, class stun.MessageClass, more ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.NewType(method, class)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func TestWhatIsTURNs(t *testing.T) {
	t.Parallel()
	check := stunMessage(t, stun.MethodBinding, stun.ClassRequest, stun.NewUsername("a:b"), stun.Fingerprint)
	late := stunMessage(t, stun.MethodBinding, stun.ClassRequest, stun.NewSoftware("other"), stun.NewUsername("a:b"))
	cookieless := stunMessage(t, stun.MethodAllocate, stun.ClassRequest)
	cookieless[4] = 0
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"Allocate", stunMessage(t, stun.MethodAllocate, stun.ClassRequest), true},
		{"Refresh with a user", stunMessage(t, stun.MethodRefresh, stun.ClassRequest, stun.NewUsername("a:b")), true},
		{"Send", stunMessage(t, stun.MethodSend, stun.ClassIndication), true},
		{"Data", stunMessage(t, stun.MethodData, stun.ClassIndication), true},
		{"CreatePermission", stunMessage(t, stun.MethodCreatePermission, stun.ClassRequest), true},
		{"ChannelBind", stunMessage(t, stun.MethodChannelBind, stun.ClassRequest), true},
		{"Connect, of RFC 6062", stunMessage(t, stun.MethodConnect, stun.ClassRequest), false},
		{"a plain question", stunMessage(t, stun.MethodBinding, stun.ClassRequest), true},
		{"a plain question that names a program", stunMessage(t, stun.MethodBinding, stun.ClassRequest, stun.NewSoftware("x")), true},
		{"a check of ICE", check, false},
		{"one that names its user late", late, false},
		{"ICE's keepalive", stunMessage(t, stun.MethodBinding, stun.ClassIndication), false},
		{"the answer to a check", stunMessage(t, stun.MethodBinding, stun.ClassSuccessResponse), false},
		{"the refusal of a check", stunMessage(t, stun.MethodBinding, stun.ClassErrorResponse), false},
		{"no cookie", cookieless, false},
		{"cut off", check[:30], false},
		{"longer than it says", append(stunMessage(t, stun.MethodAllocate, stun.ClassRequest), 0, 0, 0, 0), false},
		{"ChannelData", []byte{0x40, 0, 0, 1, 'x'}, true},
		{"padded ChannelData of the last channel", []byte{0x4f, 0xff, 0, 1, 'x', 0, 0, 0}, true},
		{"no more than a head", []byte{0x40, 0, 0, 0}, true},
		{"ChannelData cut off", []byte{0x40, 0, 0, 2, 'x'}, false},
		{"a channel of RFC 5766", []byte{0x7f, 0xff, 0, 1, 'x'}, true},
		{"DTLS", []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
		{"RTP", []byte{0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
		{"nothing", nil, false},
	} {
		if got := isTURN(c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// FuzzIsTURN compares with pion's decoder.
func FuzzIsTURN(f *testing.F) {
	f.Add(stunMessage(f, stun.MethodAllocate, stun.ClassRequest))
	f.Add(stunMessage(f, stun.MethodBinding, stun.ClassRequest, stun.NewSoftware("x"), stun.NewUsername("a:b")))
	f.Add(stunMessage(f, stun.MethodBinding, stun.ClassIndication))
	f.Add([]byte{0x40, 0, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		got := isTURN(b)
		if got && b[0]>>6 > 1 {
			t.Fatalf("%x is neither STUN nor ChannelData", b)
		}
		m := &stun.Message{Raw: b}
		if len(b) < stunHeader || b[0]>>6 != 0 || stunHeader+int(binary.BigEndian.Uint16(b[2:])) != len(b) || m.Decode() != nil {
			return
		}
		want := false
		switch m.Type.Method {
		case stun.MethodBinding:
			want = m.Type.Class == stun.ClassRequest && !m.Contains(stun.AttrUsername)
		case stun.MethodAllocate, stun.MethodRefresh, stun.MethodSend, stun.MethodData,
			stun.MethodCreatePermission, stun.MethodChannelBind:
			want = true
		}
		if got != want {
			t.Fatalf("%s: %v, want %v", m, got, want)
		}
	})
}

// loopback returns the media address on 127.0.0.1, and TURN's connection there.
func loopback(t *testing.T, s *Server) (netip.AddrPort, net.PacketConn) {
	t.Helper()
	for i, c := range s.TURNConns() {
		if addr := s.MediaAddrs()[i]; addr.Addr() == netip.MustParseAddr("127.0.0.1") {
			if c.LocalAddr().(*net.UDPAddr).AddrPort() != addr {
				t.Errorf("%s is called %s", addr, c.LocalAddr())
			}
			return addr, c
		}
	}
	t.Fatal("no TURN on 127.0.0.1")
	return netip.AddrPort{}, nil
}

// A list that was changed once made the engine forget which socket is on loopback.
func TestWhoIsToldOfMediaAddrsMayChangeThem(t *testing.T) {
	t.Parallel()
	server, err := New(Config{}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	clear(server.MediaAddrs())
	if addr := server.MediaAddrs()[0]; !addr.IsValid() {
		t.Error("the engine has forgotten its addresses")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestTURNSharesTheMediaPort(t *testing.T) {
	t.Parallel()
	server, err := New(Config{TURN: true}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	addr, conn := loopback(t, server)
	client, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr)) // connected: hears that address alone
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	_ = client.SetDeadline(time.Now().Add(5 * time.Second))
	asked := stunMessage(t, stun.MethodAllocate, stun.ClassRequest)
	if _, err := client.Write(asked); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1600)
	n, from, err := conn.ReadFrom(b)
	if err != nil || string(b[:n]) != string(asked) {
		t.Fatalf("%x, %v", b[:n], err)
	}
	if _, err := conn.WriteTo([]byte("granted"), from); err != nil {
		t.Fatal(err)
	}
	if n, err = client.Read(b); err != nil || string(b[:n]) != "granted" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	ended := make(chan error)
	go func() {
		_, _, err := conn.ReadFrom(b)
		ended <- err
	}()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if <-ended == nil {
		t.Error("read after the end")
	}
}

func TestWithoutATURNServerPionGetsEverything(t *testing.T) {
	t.Parallel()
	server, err := New(Config{}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	if n := len(server.TURNConns()); n != 0 {
		t.Errorf("%d connections", n)
	}
	if new(receiver).take(stunMessage(t, stun.MethodAllocate, stun.ClassRequest), home, noon) {
		t.Error("taken, for nobody")
	}
}

func TestMessagesOfTURNDoNotPileUp(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	r := receiver{turn: newTURNConn(m)}
	asked := stunMessage(t, stun.MethodAllocate, stun.ClassRequest)
	for range maxQueuedTURN + 3 {
		if !r.take(asked, home, noon) {
			t.Fatal("left to pion")
		}
	}
	if got := counted(m.TURNRefused[metrics.TURNOverload]); got != 3 {
		t.Errorf("%v dropped, want 3", got)
	}
}
