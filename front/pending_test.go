package front

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Ten thousand silent connections, from as many addresses and from one, do not
// keep a browser out, nor make it wait.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const many = 10_000
	for _, tt := range []struct {
		name    string
		from    func(i int) string
		pending int64
	}{
		{"from as many addresses", func(i int) string { return fmt.Sprintf("10.1.%d.%d", i>>8, i&255) }, maxPending},
		{"from one address", func(int) string { return "10.1.1.1" }, maxPendingPerSource},
		{"from one network of IPv6", func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, maxPendingPerSource},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, client := identity(t)
				l := newPipes()
				d := open(t, l, Config{TLS: server}, everything)
				for i := range many {
					l.dial(tt.from(i))
				}
				synctest.Wait() // those who gave way are gone
				if n := d.Pending(); n != tt.pending {
					t.Errorf("%d connections are pending, want %d", n, tt.pending)
				}
				start := time.Now()
				got, err := browse(func() (net.Conn, error) { return l.dial("198.51.100.1"), nil }, with(client, protoHTTP2), "https://localhost/")
				if err != nil || got != "HTTP/2.0 true" {
					t.Errorf("the browser got %q (%v)", got, err)
				}
				if waited := time.Since(start); waited > 0 {
					t.Errorf("the browser waited for %v", waited)
				}
				evicted := int64(many - tt.pending)
				if tt.pending == maxPending {
					evicted++ // for the browser
				}
				if n := d.crowds.Load(); n != evicted {
					t.Errorf("%d had to give way, want %d", n, evicted)
				}
				time.Sleep(peekTimeout)
				synctest.Wait()
				if n := d.Pending(); n != 0 {
					t.Errorf("%d connections are pending after the deadline", n)
				}
				d.close(1, 0, 0, 0, evicted, many-evicted, 0)
			})
		})
	}
}

func TestSlowPeersAreClosedAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := identity(t)
		l := newPipes()
		d := open(t, l, Config{TLS: server, PeekTimeout: 5 * time.Second}, everything)
		start := time.Now()
		// One byte a second: of a STUN header, and of a TLS record.
		for _, what := range []string{"\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42", "\x16\x03\x01\x02\x00\x01\x00"} {
			conn := l.dial("198.51.100.1")
			go func() {
				for i := range len(what) {
					if _, err := conn.Write([]byte(what[i : i+1])); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
		}
		silent := l.dial("198.51.100.2")
		if _, err := silent.Read(make([]byte, 1)); err == nil {
			t.Error("a silent connection was answered")
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("closed after %v, want 5s", took)
		}
		time.Sleep(time.Second) // who writes notices
		d.close(0, 0, 0, 0, 0, 3, 0)
	})
}

func TestTheDeadlineEndsWhenAConnectionIsHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		d := open(t, l, Config{}, everything)
		conn := l.dial("198.51.100.1")
		if _, err := conn.Write(framed[:headSize]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		heard := make([]byte, 1+headSize)
		if _, err := io.ReadFull(conn, heard); err != nil {
			t.Errorf("after an hour: %v", err)
		}
		said(t, "after an hour", conn, []byte("x"), "")
		d.close(0, 0, 0, 1, 0, 0, 0)
	})
}

// A server that does not accept holds its visitors, and not those of others.
func TestAListenerThatDoesNotAccept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		d := open(t, l, Config{MaxPending: 4}, func(d *door) {
			d.TURN() // and never accepts
			echo(t, d.ICE(), "I")
		})
		for i := range 10 {
			if _, err := l.dial(fmt.Sprintf("10.1.1.%d", i)).Write(allocate[:headSize]); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := d.Pending(); n != 4 {
			t.Errorf("%d connections are pending, want 4", n)
		}
		said(t, "ICE", l.dial("198.51.100.1"), framed, "I")
		time.Sleep(peekTimeout)
		synctest.Wait()
		d.close(0, 0, 0, 1, 10, 0, 0)
	})
}

func TestWithoutFileDescriptorsTheOldestGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		d := open(t, l, Config{}, everything)
		oldest, newer := l.dial("198.51.100.1"), l.dial("198.51.100.1")
		l.errs <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
		if _, err := oldest.Read(make([]byte, 1)); err == nil {
			t.Error("the oldest was answered")
		}
		said(t, "the newer one", newer, framed, "I")
		said(t, "the next one", l.dial("198.51.100.1"), framed, "I")
		d.close(0, 0, 0, 2, 1, 0, 0)
	})
}

// Two thousand real sockets, of which 200 have a place.
func TestRealSocketsThatIdle(t *testing.T) {
	t.Parallel()
	server, client := identity(t)
	d := open(t, listen(t), Config{TLS: server, MaxPending: 200}, everything)
	addr := d.listener.Addr().String()
	const many = 2000
	for i := range many {
		// All of 127/8 is this machine.
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1+byte(i/100), 1)}}
		conn, err := dialer.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	start := time.Now()
	got, err := browse(func() (net.Conn, error) { return net.Dial("tcp", addr) }, with(client, protoHTTP2), "https://localhost/")
	if err != nil || got != "HTTP/2.0 true" {
		t.Errorf("the browser got %q (%v)", got, err)
	}
	t.Logf("a page over TLS behind %d idle sockets took %v", many, time.Since(start))
	if n := d.Pending(); n > 200 {
		t.Errorf("%d connections are pending", n)
	}
	d.close(1, 0, 0, 0, many, 0, 0)
}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.ParseIP("192.0.2.7")}, "192.0.2.7/32"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.7")}, "192.0.2.7/32"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8:1:2:3:4:5:6")}, "2001:db8:1:2::/64"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "fe80::/64"},
		{&net.UnixAddr{}, "invalid Prefix"},
		{&net.TCPAddr{}, "invalid Prefix"},
	} {
		if got := sourceOf(tt.addr).String(); got != tt.want {
			t.Errorf("%v belongs to %s, want %s", tt.addr, got, tt.want)
		}
	}
}
