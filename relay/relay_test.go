package relay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/turn/v5"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
)

const patience = 10 * time.Second // of a test, with a busy machine

// house is a machine with a media socket that echoes, and a port that is not to be
// reached.
type house struct {
	t       *testing.T
	count   *metrics.Set
	server  *Server
	media   *net.UDPConn
	private *net.UDPConn
	udp     net.PacketConn
	tcp     net.Listener
	tls     net.Listener
	trust   *tls.Config
}

func newHouse(t *testing.T, host string, change func(*Config)) *house {
	t.Helper()
	h := &house{t: t, count: metrics.New()}
	h.media, h.private = listenUDP(t, host), listenUDP(t, host)
	h.udp = listenUDP(t, host)
	h.tcp = listenTCP(t, host)
	serve, trust := certificate(t)
	h.tls, h.trust = tls.NewListener(listenTCP(t, host), serve), trust
	peers := []netip.AddrPort{addrOf(h.media)}
	cfg := Config{
		Secret: "secret", AllowLoopback: true, Metrics: h.count,
		Peers:       func() []netip.AddrPort { return peers },
		PacketConns: []net.PacketConn{h.udp}, Listeners: []net.Listener{h.tcp, h.tls},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if h.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.server.Close() })
	go func() {
		b := make([]byte, 2000)
		for {
			n, from, err := h.media.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = h.media.WriteToUDPAddrPort(append([]byte("echo "), b[:n]...), from)
		}
	}()
	return h
}

func listenUDP(t *testing.T, host string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Skipf("no %s here: %v", host, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func listenTCP(t *testing.T, host string) net.Listener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func certificate(t *testing.T) (serve, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"turn.test"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "turn.test"}
}

func portOf(t *testing.T, c net.PacketConn) uint16 {
	t.Helper()
	addr, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return addr.Port()
}

func addrOf(c net.PacketConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// dial opens the way of a client to the server.
func (h *house) dial(transport string) net.PacketConn {
	h.t.Helper()
	var conn net.Conn
	var err error
	switch transport {
	case "udp":
		return listenUDP(h.t, addrOf(h.udp).Addr().String())
	case "tcp":
		conn, err = net.Dial("tcp", h.tcp.Addr().String())
	case "tls":
		conn, err = tls.Dial("tcp", h.tls.Addr().String(), h.trust)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return turn.NewSTUNConn(conn)
}

// join makes pion's client of a connection.
func (h *house) join(conn net.PacketConn, username, password string) *turn.Client {
	h.t.Helper()
	at := h.udp.LocalAddr().String()
	c, err := turn.NewClient(&turn.ClientConfig{
		Conn: conn, TURNServerAddr: at, STUNServerAddr: at, Username: username, Password: password,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(c.Close)
	if err := c.Listen(); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) counted(why metrics.TURNRefusal) float64 { return value(h.count.TURNRefused[why]) }

func value(m prometheus.Metric) float64 {
	var out dto.Metric
	_ = m.Write(&out)
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

// until waits for what happens on another goroutine and tells nobody.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain waited for " + what)
		}
	}
}

func TestARelayReachesMedia(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, transport := range []string{"udp", "tcp", "tls"} {
			t.Run(transport+" "+host, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, host, nil)
				user, password := Credentials("secret", "ana", time.Now(), time.Hour)
				way := h.dial(transport)
				client := h.join(way, user, password)
				relayed, err := client.Allocate()
				if err != nil {
					t.Fatal(err)
				}
				at := relayed.LocalAddr().(*net.UDPAddr).AddrPort()
				path, remote, ok := h.server.Lookup(at)
				if from := portOf(t, way); !ok || path.String() != "turn-"+transport || remote.Port() != from || remote.Addr() != at.Addr() {
					t.Errorf("it is of %v over %v, %v; want port %d", remote, path, ok, from)
				}
				_ = relayed.SetDeadline(time.Now().Add(patience))
				b := make([]byte, 2000)
				for _, text := range []string{"indication", "channel by now", strings.Repeat("x", 1400)} {
					if _, err := relayed.WriteTo([]byte(text), h.media.LocalAddr()); err != nil {
						t.Fatal(err)
					}
					n, from, err := relayed.ReadFrom(b)
					if err != nil || string(b[:n]) != "echo "+text || from.String() != h.media.LocalAddr().String() {
						t.Fatalf("%q from %v: %v", b[:n], from, err)
					}
				}
				if got := value(h.count.TURNRelays); got != 1 {
					t.Errorf("%v relays open", got)
				}
				if got := value(h.count.TURNAsked[metrics.TURNGranted]); got != 1 {
					t.Errorf("%v granted", got)
				}
				in, out := value(h.count.TURNBytes[metrics.In]), value(h.count.TURNBytes[metrics.Out])
				if in != 1424 || out != 1439 {
					t.Errorf("%v bytes in, %v out", in, out)
				}
				if err := relayed.Close(); err != nil { // a Refresh for no time
					t.Fatal(err)
				}
				until(t, "the end of the relay", func() bool { return value(h.count.TURNRelays) == 0 })
			})
		}
	}
}

// Whoever goes without a word is gone when its connection is.
func TestARelayEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "127.0.0.1", nil)
			user, password := Credentials("secret", "ana", time.Now(), time.Hour)
			conn := h.dial(transport)
			if _, err := h.join(conn, user, password).Allocate(); err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			until(t, "the end of the relay", func() bool { return value(h.count.TURNRelays) == 0 })
			until(t, "the end of the connection", func() bool {
				h.server.mu.Lock()
				defer h.server.mu.Unlock()
				return len(h.server.streams)+len(h.server.users)+len(h.server.sockets) == 0
			})
		})
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, c := range []struct {
		name   string
		secret string
		made   time.Time
		why    metrics.TURNRefusal
	}{
		{"made with another secret", "other", now, metrics.TURNCredentials},
		{"expired", "secret", now.Add(-2 * time.Hour), metrics.TURNExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "127.0.0.1", nil)
			user, password := Credentials(c.secret, "ana", c.made, time.Hour)
			if _, err := h.join(h.dial("tcp"), user, password).Allocate(); err == nil {
				t.Fatal("let in")
			}
			if got := h.counted(c.why); got == 0 {
				t.Error("not counted")
			}
			if got := value(h.count.TURNRelays); got != 0 {
				t.Errorf("%v relays open", got)
			}
		})
	}
}

func TestAUserHasSoManyRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", func(c *Config) { c.MaxPerUser, c.MaxAllocations = 2, 3 })
	allocate := func(name string, ago time.Duration) (net.PacketConn, error) {
		user, password := Credentials("secret", name, time.Now().Add(-ago), time.Hour)
		return h.join(h.dial("tcp"), user, password).Allocate()
	}
	first, err := allocate("ana", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := allocate("ana", time.Minute); err != nil { // other credentials, the same user
		t.Fatal(err)
	}
	if _, err := allocate("ana", 0); err == nil || h.counted(metrics.TURNQuota) != 1 {
		t.Fatalf("a third of one user: %v", err)
	}
	if _, err := allocate("ben", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := allocate("eve", 0); err == nil || h.counted(metrics.TURNFull) != 1 {
		t.Fatalf("a fourth in all: %v", err)
	}
	if got := value(h.count.TURNAsked[metrics.TURNDenied]); got != 2 {
		t.Errorf("%v denied, want 2", got)
	}
	if got := value(h.count.Door.Limited[metrics.LimitTURN]); got != 2 {
		t.Errorf("%v for reaching a limit, want 2", got)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "a place", func() bool { _, err := allocate("ana", 0); return err == nil })
}

// Three URLs, from four addresses.
func TestABrowserGetsAllItsRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	user, password := Credentials("secret", "ana", time.Now(), time.Hour)
	for range 4 {
		for _, transport := range []string{"udp", "tcp", "tls"} {
			if _, err := h.join(h.dial(transport), user, password).Allocate(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := h.join(h.dial("udp"), user, password).Allocate(); err == nil || h.counted(metrics.TURNQuota) != 1 {
		t.Errorf("one more: %v", err)
	}
}

func TestAConnectionTooManyIsClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	h.server.mu.Lock()
	for i := range maxConnections {
		h.server.streams[path{server: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(i))}] = nil
	}
	h.server.mu.Unlock()
	conn, err := net.Dial("tcp", h.tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("still open: %v", err)
	}
	if h.counted(metrics.TURNConnections) != 1 {
		t.Error("not counted")
	}
	h.server.mu.Lock()
	clear(h.server.streams)
	h.server.mu.Unlock()
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	for _, transport := range []string{"udp", "tcp", "tls", "tcp"} {
		user, password := Credentials("secret", "ana", time.Now(), time.Hour)
		if _, err := h.join(h.dial(transport), user, password).Allocate(); err != nil {
			t.Fatal(err)
		}
	}
	idle, err := net.Dial("tcp", h.tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
	start := time.Now()
	if err := h.server.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > patience { // less than connections last by themselves
		t.Errorf("it took %v", took)
	}
	if got := value(h.count.TURNRelays); got != 0 {
		t.Errorf("%v relays open", got)
	}
	if n := len(h.server.streams) + len(h.server.sockets) + len(h.server.users); n != 0 {
		t.Errorf("%d connections and relays left", n)
	}
	_ = idle.SetDeadline(time.Now().Add(patience))
	if _, err := idle.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a connection is still open: %v", err)
	}
}

// slow is a socket whose reader takes its time to hear that it is closed.
type slow struct {
	net.PacketConn
	over chan struct{}
}

func (s slow) ReadFrom([]byte) (int, net.Addr, error) {
	<-s.over
	return 0, nil, net.ErrClosed
}

func (slow) Close() error { return nil }

func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over, closed := make(chan struct{}), make(chan struct{})
		s, err := New(Config{
			Secret: "secret", Metrics: metrics.New(), Peers: func() []netip.AddrPort { return nil },
			PacketConns: []net.PacketConn{slow{over: over}},
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(closed)
			_ = s.Close()
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("somebody still reads")
		default:
		}
		close(over)
		<-closed
	})
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	m, peers := metrics.New(), func() []netip.AddrPort { return nil }
	for _, c := range []Config{{}, {Secret: "x"}, {Secret: "x", Metrics: m}, {Secret: "x", Metrics: m, Peers: peers}} {
		if s, err := New(c); err == nil {
			t.Errorf("%v made of %+v", s, c)
		}
	}
}
