package icetcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
)

// door is a server with an engine behind it that the test plays.
type door struct {
	*Server
	t      *testing.T
	addr   string
	engine *net.UDPConn
	logged chan string // why a connection ended
}

func newDoor(t *testing.T, cfg Config, change func(*Server)) *door {
	t.Helper()
	engine, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, engine: engine, logged: make(chan string, 100)}
	cfg.Media = engine.LocalAddr().(*net.UDPAddr).AddrPort()
	cfg.Metrics = metrics.New()
	cfg.Log = slog.New(slog.NewTextHandler(d, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if d.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(d.Server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- d.Serve(l) }()
	t.Cleanup(func() {
		d.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = engine.Close()
		if n := len(d.conns) + len(d.of) + len(d.by) + len(d.listeners); n != 0 {
			t.Errorf("%d things are left", n)
		}
	})
	return d
}

// stats is what a door has counted.
type stats struct{ Open, Accepted, Refused, FramesIn, FramesOut, BytesIn, BytesOut, Strange int }

func (d *door) stats() stats {
	m := d.cfg.Metrics
	return stats{
		value(m.ICETCPConnections), value(m.ICETCPAsked[metrics.Accepted]), value(m.ICETCPAsked[metrics.Refused]),
		value(m.ICETCPFrames[metrics.In]), value(m.ICETCPFrames[metrics.Out]), value(m.ICETCPBytes[metrics.In]), value(m.ICETCPBytes[metrics.Out]),
		value(m.ICETCPDropped[metrics.FrameStrange]),
	}
}

func value(m prometheus.Metric) int {
	var out dto.Metric
	_ = m.Write(&out)
	return int(out.GetCounter().GetValue() + out.GetGauge().GetValue())
}

func (d *door) Write(b []byte) (int, error) { d.logged <- string(b); return len(b), nil }

// ended waits until a connection ends because of want.
func (d *door) ended(want string) {
	d.t.Helper()
	select {
	case line := <-d.logged:
		if !strings.Contains(line, want) {
			d.t.Errorf("%s, want %q", line, want)
		}
	case <-time.After(10 * time.Second):
		d.t.Fatalf("does not end because of %q", want)
	}
}

func (d *door) dial() *net.TCPConn {
	d.t.Helper()
	c, err := net.Dial("tcp", d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// open makes a connection that the engine has heard of, from the address returned.
func (d *door) open() (*net.TCPConn, netip.AddrPort) {
	d.t.Helper()
	c, hello := d.dial(), check(d.t, stun.NewUsername("us:them"))
	d.say(c, frame(hello))
	got, from := d.hear()
	if !bytes.Equal(got, hello) {
		d.t.Fatalf("the engine hears %q", got)
	}
	return c, from
}

func (d *door) say(c net.Conn, b []byte) {
	d.t.Helper()
	if _, err := c.Write(b); err != nil {
		d.t.Fatal(err)
	}
}

// hear returns what the engine is sent next.
func (d *door) hear() ([]byte, netip.AddrPort) {
	d.t.Helper()
	b := make([]byte, 2000)
	_ = d.engine.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := d.engine.ReadFromUDPAddrPort(b)
	if err != nil {
		d.t.Fatal(err)
	}
	return b[:n], from
}

func (d *door) answer(to netip.AddrPort, b []byte) {
	d.t.Helper()
	if _, err := d.engine.WriteToUDPAddrPort(b, to); err != nil {
		d.t.Fatal(err)
	}
}

// receive returns the next frame that a client is sent.
func receive(t *testing.T, c io.Reader) []byte {
	t.Helper()
	var head [2]byte
	_, err := io.ReadFull(c, head[:])
	b := make([]byte, binary.BigEndian.Uint16(head[:]))
	if err == nil {
		_, err = io.ReadFull(c, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFramesAreDatagrams(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	ana, fromAna := d.open()
	ben, fromBen := d.open()
	if fromAna == fromBen {
		t.Fatal("two connections have one socket")
	}
	for i := range 40 {
		rtp := bytes.Repeat([]byte{128, byte(i)}, 30*i+1)[:min(60*i+2, maxFrame)]
		d.say(ana, frame(rtp))
		if got, from := d.hear(); !bytes.Equal(got, rtp) || from != fromAna {
			t.Fatalf("%d: %d bytes from %v", i, len(got), from)
		}
		d.answer(fromAna, rtp)
		d.answer(fromBen, []byte{20, byte(i)})
	}
	for i := range 40 {
		if b := receive(t, ana); len(b) != min(60*i+2, maxFrame) || b[1] != byte(i) {
			t.Fatalf("frame %d is %d bytes", i, len(b))
		}
		if b := receive(t, ben); !bytes.Equal(b, []byte{20, byte(i)}) {
			t.Fatalf("frame %d is %v", i, b)
		}
	}
	if remote, ok := d.Lookup(fromAna); !ok || remote.String() != ana.LocalAddr().String() {
		t.Errorf("looked up: %v, %v", remote, ok)
	}
	if _, ok := d.Lookup(netip.MustParseAddrPort("127.0.0.1:9")); ok {
		t.Error("a stranger is found")
	}
	const sum = 25*(2+1442)/2 + 15*maxFrame // of the lengths above
	greetings := 2 * len(check(t, stun.NewUsername("us:them")))
	want := stats{Open: 2, Accepted: 2, FramesIn: 42, FramesOut: 80, BytesIn: sum + greetings, BytesOut: sum + 80}
	for deadline := time.Now().Add(5 * time.Second); d.stats() != want && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // the count follows the write
	}
	if got := d.stats(); got != want {
		t.Errorf("%+v", got)
	}
}

func TestWhatTheEngineNeverHears(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	c, _ := d.open()
	d.say(c, frame([]byte("GET /")))
	d.say(c, frame(bytes.Repeat([]byte{64}, 100)))
	d.say(c, frame([]byte{21, 1}))
	if got, _ := d.hear(); !bytes.Equal(got, []byte{21, 1}) || d.stats().Strange != 2 {
		t.Errorf("heard %q, %+v", got, d.stats())
	}
	d.say(c, []byte{255, 255})
	d.ended("too long")
}

func TestWhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	for _, bytes := range [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n"), frame(check(t)), frame([]byte{22, 254, 253}), {}} {
		c := d.dial()
		d.say(c, bytes)
		_ = c.CloseWrite()
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%q is answered", bytes)
		}
		d.ended("because")
	}
	if got := d.stats(); got != (stats{Refused: 4}) {
		t.Errorf("%+v", got)
	}
}

func TestTimesEnd(t *testing.T) {
	t.Parallel()
	const soon, never = 50 * time.Millisecond, time.Hour
	for name, tc := range map[string]struct {
		limits limits
		play   func(d *door)
		want   string
	}{
		"no first frame": {limits{soon, never, never}, func(d *door) { d.say(d.dial(), []byte{0}) }, "i/o timeout"},
		"no answer":      {limits{soon, never, never}, func(d *door) { d.open() }, "from the engine"},
		"no frame in":    {limits{never, soon, never}, func(d *door) { d.open() }, "i/o timeout"},
		"no frame out": {limits{never, soon, never}, func(d *door) {
			c, from := d.open()
			d.answer(from, []byte{1})
			go func() {
				for {
					if _, err := c.Write(frame([]byte{20})); err != nil {
						return
					}
				}
			}()
		}, "from the engine"},
		"nothing is read": {limits{never, never, soon}, func(d *door) {
			_, from := d.open()
			packet := bytes.Repeat([]byte{128}, 1200)
			for len(d.logged) == 0 {
				d.answer(from, packet)
			}
		}, "i/o timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, Config{}, func(s *Server) { s.limits = tc.limits })
			tc.play(d)
			d.ended(tc.want)
		})
	}
}

// Who does not read still is heard.
func TestWritingDoesNotHoldUpReading(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	c, from := d.open()
	packet := bytes.Repeat([]byte{128}, 1200)
	for before := 1; before > 0; {
		before = d.stats().FramesOut
		for range 20_000 { // until nothing more leaves
			d.answer(from, packet)
		}
		before = d.stats().FramesOut - before
	}
	d.say(c, frame([]byte{20, 7}))
	if got, _ := d.hear(); !bytes.Equal(got, []byte{20, 7}) {
		t.Errorf("%q", got)
	}
	for range 100 { // what is there is whole frames
		if b := receive(t, c); !bytes.Equal(b, packet) {
			t.Fatalf("%d bytes", len(b))
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{"in all": {MaxConnections: 3}, "of one address": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, most := newDoor(t, cfg, nil), min(maxPerAddress, max(cfg.MaxConnections, 3))
			if cfg.MaxConnections == 0 {
				most = maxPerAddress
			}
			var first *net.TCPConn
			for range most {
				first, _ = d.open()
			}
			if n, err := d.dial().Read(make([]byte, 1)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("one too many: %v", err)
			}
			if s := d.stats(); s.Open != most || s.Refused != 1 {
				t.Errorf("%+v", s)
			}
			if n := value(d.cfg.Metrics.Door.Limited[metrics.LimitICETCP]); n != 1 {
				t.Errorf("%d for reaching a limit", n)
			}
			_ = first.Close()
			d.ended("no more frames")
			d.open()
		})
	}
}

func TestWhoCounts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"203.0.113.7:1":          "203.0.113.7/32",
		"[::ffff:203.0.113.7]:1": "203.0.113.7/32",
		"[2001:db8:1:2:3::4]:1":  "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":       "fe80::/64",
	} {
		if got := origin(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(in))); got.String() != want {
			t.Errorf("%s counts as %v", in, got)
		}
	}
	if got := origin(&net.UnixAddr{}); got.IsValid() {
		t.Error(got)
	}
}

func TestMediaIsOnLoopback(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"10.0.0.1:7882", "127.0.0.1:0", "[2001:db8::1]:1"} {
		if _, err := New(Config{Media: netip.MustParseAddrPort(media), Metrics: metrics.New()}); err == nil {
			t.Errorf("%s is taken", media)
		}
	}
	if _, err := New(Config{Metrics: metrics.New()}); err == nil {
		t.Error("none is taken")
	}
	if _, err := New(Config{Media: netip.MustParseAddrPort("127.0.0.1:1")}); err == nil {
		t.Error("no metrics are taken")
	}
}

// flaky accepts nothing for a while, and then breaks.
type flaky struct {
	net.Listener
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	err := f.errs[0]
	f.errs = f.errs[1:]
	return nil, err
}

func (f *flaky) Close() error { return nil }

func TestServeGoesOnAfterWhatPasses(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{}, nil)
	broken := errors.New("broken")
	l := &flaky{errs: []error{fmt.Errorf("accept: %w", syscall.EMFILE), broken}}
	if err := d.Serve(l); !errors.Is(err, broken) || len(l.errs) > 0 {
		t.Error(err)
	}
	d.Close()
	if err := d.Serve(&flaky{}); err != nil {
		t.Errorf("a closed server serves: %v", err)
	}
}

// wrapped hides a TCP connection, as one does whose first bytes have been read.
type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }
