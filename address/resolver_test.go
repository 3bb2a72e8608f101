package address

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"
)

// names are name servers that the test plays.
type names func(host string) string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if all := n(host); all != "" {
		return addrs(all), nil
	}
	return nil, errors.New("no such host")
}

func newResolver(t *testing.T, cfg Config) (*Resolver, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.own = func() ([]assigned, error) { return []assigned{{"eth0", netip.MustParseAddr("10.0.0.5")}}, nil }
	return r, &log
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		public, stun []string
		ok           bool
	}{
		{nil, nil, true},
		{[]string{"203.0.113.7", "2001:db8::7", "meet.example.org", "localhost"}, nil, true},
		{nil, []string{"stun.example.org", "stun:stun.example.org:19302", "203.0.113.1:3478", "[2001:db8::1]:3478"}, true},
		{[]string{"127.0.0.1"}, nil, false},
		{[]string{"0.0.0.0"}, nil, false},
		{[]string{"fe80::1%eth0"}, nil, false},
		{[]string{"https://meet.example.org"}, nil, false},
		{[]string{""}, nil, false},
		{slices.Repeat([]string{"a.example"}, maxPublic+1), nil, false},
		{nil, slices.Repeat([]string{"a.example"}, maxServers+1), false},
		{nil, []string{"stun.example.org:0"}, false},
		{nil, []string{"stun.example.org:x"}, false},
		{nil, []string{"stun.example.org:70000"}, false},
		{nil, []string{"turn:stun.example.org:1"}, false},
		{nil, []string{""}, false},
	} {
		if _, err := New(Config{Public: tc.public, STUN: tc.stun}); (err == nil) != tc.ok {
			t.Errorf("%q %q: %v", tc.public, tc.stun, err)
		}
	}
}

func TestNamesKeepTheirLastAnswer(t *testing.T) {
	t.Parallel()
	known := "203.0.113.8 203.0.113.7 203.0.113.8"
	r, log := newResolver(t, Config{Public: []string{"m.example"}, Names: names(func(string) string { return known })})
	want := addrs("203.0.113.7 203.0.113.8")
	if got := r.Resolve(t.Context()); !slices.Equal(got.Public, want) || log.Len() > 0 {
		t.Errorf("%+v, %s", got, log)
	}
	known = ""
	for range 3 {
		if got := r.Resolve(t.Context()); !slices.Equal(got.Public, want) {
			t.Errorf("%+v", got)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings: %s", n, log)
	}
	known = "203.0.113.9"
	if got := r.Resolve(t.Context()); !slices.Equal(got.Public, addrs("203.0.113.9")) {
		t.Errorf("%+v", got)
	}
}

func TestTheConfiguredAddressesAreReplaced(t *testing.T) {
	t.Parallel()
	known := map[string]string{"a.example": "203.0.113.1", "b.example": "203.0.113.2"}
	r, _ := newResolver(t, Config{Public: []string{"a.example", "b.example"}, Names: names(func(host string) string { return known[host] })})
	public := func(want string) {
		t.Helper()
		if got := r.Resolve(t.Context()).Public; !slices.Equal(got, addrs(want)) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	public("203.0.113.1 203.0.113.2")
	clear(known) // the name servers are gone
	if err := r.SetPublic([]string{"b.example", "203.0.113.3"}); err != nil {
		t.Fatal(err)
	}
	public("203.0.113.2 203.0.113.3") // b keeps its last answer
	if err := r.SetPublic([]string{"127.0.0.1"}); err == nil {
		t.Error("loopback was taken")
	}
	public("203.0.113.2 203.0.113.3")
	if err := r.SetPublic(nil); err != nil {
		t.Fatal(err)
	}
	public("")
	if len(r.last) != 0 {
		t.Errorf("%v is remembered of names that are not asked for", r.last)
	}
}

// What is replaced is found out at once.
func TestRunHearsOfTheReplacement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := newResolver(t, Config{Public: []string{"203.0.113.1"}})
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan string, 2)
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Run(ctx, func(a Advice) { told <- fmt.Sprint(a.Public) })
		}()
		start := time.Now()
		first := <-told
		if err := r.SetPublic([]string{"203.0.113.2"}); err != nil {
			t.Fatal(err)
		}
		if second := <-told; first != "[203.0.113.1]" || second != "[203.0.113.2]" || time.Since(start) > time.Second {
			t.Errorf("%s, then %s after %v", first, second, time.Since(start))
		}
		cancel()
		<-done
	})
}

// Run tells of changes alone, soon after they happen or at once when it is told to look.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		known := names(func(string) string {
			switch at := time.Since(start); {
			case at < 20*time.Second:
				return ""
			case at < time.Minute:
				return "203.0.113.1"
			case at < 6*time.Minute:
				return "203.0.113.2"
			}
			return "203.0.113.3"
		})
		r, _ := newResolver(t, Config{Public: []string{"m.example"}, Names: known})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		type told struct {
			at     time.Duration
			public string
		}
		var got []told
		go func() {
			defer close(done)
			r.Run(ctx, func(a Advice) {
				got = append(got, told{time.Since(start), strings.Trim(fmt.Sprint(a.Public), "[]")})
			})
		}()
		time.Sleep(6 * time.Minute) // asked at 0, 15 and 45 s, and 5 minutes later
		r.Refresh()
		r.Refresh()
		time.Sleep(time.Hour)
		cancel()
		<-done
		want := []told{{0, ""}, {45 * time.Second, "203.0.113.1"}, {345 * time.Second, "203.0.113.2"}, {360 * time.Second, "203.0.113.3"}}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// stunServer answers every question but the first, which it pretends not to hear,
// with an address.
func stunServer(t *testing.T, addr string) string {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for questions := 0; ; questions++ {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			q := stun.Message{Raw: buf[:n]}
			if err := q.Decode(); err != nil || questions == 0 {
				continue
			}
			for _, id := range [][stun.TransactionIDSize]byte{{9}, q.TransactionID} { // a stray one first
				a, err := stun.Build(stun.BindingSuccess, stun.NewTransactionIDSetter(id),
					&stun.XORMappedAddress{IP: net.ParseIP(addr), Port: 1})
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.WriteToUDPAddrPort(a.Raw, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func TestSTUNServersAreAsked(t *testing.T) {
	t.Parallel()
	a, b := stunServer(t, "203.0.113.7"), stunServer(t, "203.0.113.7")
	_, port, _ := net.SplitHostPort(b)
	r, log := newResolver(t, Config{STUN: []string{a, "stun:s.example:" + port}, Names: names(func(string) string { return "127.0.0.1" })})
	got := r.Resolve(t.Context())
	want := "203.0.113.7 (seen by " + a + " and s.example:" + port + "), 10.0.0.5 (interface eth0)"
	if !slices.Equal(got.Public, addrs("203.0.113.7")) || got.Because != want || !got.Complete || log.Len() > 0 {
		t.Errorf("%+v, %s", got, log)
	}
}

// Who does not answer is no reason to wait for long, nor to fail.
func TestSTUNServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, _ := newResolver(t, Config{STUN: []string{silent.LocalAddr().String(), "s.example"}, Names: names(func(string) string { return "" })})
	if got := r.Resolve(ctx); len(got.Public) > 0 || got.Complete {
		t.Errorf("%+v", got)
	}
}

func TestThisMachineHasAddresses(t *testing.T) {
	t.Parallel()
	list, err := interfaces()
	if err != nil || !slices.ContainsFunc(list, func(i assigned) bool { return i.addr.IsLoopback() && i.name != "" }) {
		t.Errorf("%v, %v", list, err)
	}
}

func FuzzMapped(f *testing.F) {
	id := [stun.TransactionIDSize]byte{1, 2, 3}
	for _, ip := range []string{"203.0.113.7", "2001:db8::7"} {
		m, err := stun.Build(stun.BindingSuccess, stun.NewTransactionIDSetter(id), &stun.XORMappedAddress{IP: net.ParseIP(ip), Port: 7})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Raw)
		if got, err := mapped(m.Raw, id); err != nil || got.String() != ip {
			f.Fatalf("%v, %v", got, err)
		}
		if _, err := mapped(m.Raw, [stun.TransactionIDSize]byte{}); err == nil {
			f.Fatal("an answer to another question is taken")
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if addr, err := mapped(raw, id); (err == nil) != addr.IsValid() {
			t.Fatalf("%v, %v", addr, err)
		}
	})
}
