package udp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
)

var _ ice.AddrPortReaderWriter = (*Conn)(nil)

// open makes a Conn on a loopback address, closed with the test.
func open(t testing.TB, host string, cfg Config) *Conn {
	t.Helper()
	c, err := Listen(netip.AddrPortFrom(netip.MustParseAddr(host), 0), cfg)
	if err != nil {
		t.Skipf("no %s here: %v", host, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// openPlain is open without the kernel's help.
func openPlain(t testing.TB, host string, cfg Config) *Conn {
	t.Helper()
	cfg.PacketByPacket = true
	return open(t, host, cfg)
}

func addrOf(c net.PacketConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// fill makes packet n of its size: no two are alike anywhere.
func fill(b []byte, n int) []byte {
	for i := range b {
		b[i] = byte(n*31 + i*7 + i>>8)
	}
	binary.BigEndian.PutUint16(b, uint16(n))
	return b
}

// expect reads len(sizes) packets from c and compares every byte.
func expect(t *testing.T, c *Conn, from netip.AddrPort, sizes []int) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 2000)
	for i, size := range sizes {
		n, src, err := c.ReadFromAddrPort(b)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if want := fill(make([]byte, size), i); !bytes.Equal(b[:n], want) {
			t.Fatalf("packet %d: got %d bytes, number %d, want %d bytes", i, n, binary.BigEndian.Uint16(b), size)
		}
		if src != from {
			t.Fatalf("packet %d is from %s, want %s", i, src, from)
		}
	}
}

func repeat(n, size int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = size
	}
	return s
}

// stories are what a turn sends to each of some subscribers, and in how many
// buffers it passes the kernel.
var stories = []struct {
	name    string
	sizes   []int
	buffers int
}{
	{"one packet", []int{900}, 1},
	{"a train", repeat(6, 1200), 1},
	{"a shorter one ends it", []int{1200, 1200, 700, 1200, 1200}, 2},
	{"a longer one begins the next", []int{1100, 1101, 1101, 1101}, 2},
	{"ever longer ones", []int{100, 200, 300, 400}, 4},
	{"ever shorter ones", []int{400, 300, 200, 100}, 2},
	{"sound", repeat(8, 80), 1},
	{"more packets than a train has", repeat(50, 100), 2},
	{"more bytes than a train has", repeat(46, 1472), 2},
	{"the smallest", repeat(3, 2), 1},
}

func TestWhatIsAppendedArrives(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, s := range stories {
			for _, in := range []func(testing.TB, string, Config) *Conn{open, openPlain} {
				for _, out := range []func(testing.TB, string, Config) *Conn{open, openPlain} {
					sender := out(t, host, Config{})
					subs := []*Conn{in(t, host, Config{}), in(t, host, Config{}), in(t, host, Config{})}
					batch := sender.NewBatch()
					for _, sub := range subs {
						for i, size := range s.sizes {
							batch.Append(addrOf(sub), fill(batch.Room(size)[:size], i))
						}
					}
					r := batch.Flush()
					if want := len(subs) * len(s.sizes); r.Packets != want || r.Lost != 0 || r.Refused != 0 {
						t.Fatalf("%s on %s: %+v, want %d packets", s.name, host, r, want)
					}
					if _, ok := sender.socket.(plain); !ok && r.Buffers != len(subs)*s.buffers {
						t.Errorf("%s on %s: %d buffers, want %d", s.name, host, r.Buffers, len(subs)*s.buffers)
					}
					for _, sub := range subs {
						expect(t, sub, addrOf(sender), s.sizes)
					}
				}
			}
		}
	}
}

func TestDestinationsInTurns(t *testing.T) {
	t.Parallel()
	sender, a, b := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	batch := sender.NewBatch()
	packet := make([]byte, 500)
	for i := range 20 {
		batch.Append(addrOf(a), fill(packet, i)) // copied: it is reused at once
		batch.Append(addrOf(b), fill(packet, i))
	}
	if r := batch.Flush(); r.Packets != 40 || r.Buffers != 40 {
		t.Errorf("%+v, want each packet alone", r)
	}
	expect(t, a, addrOf(sender), repeat(20, 500))
	expect(t, b, addrOf(sender), repeat(20, 500))
}

// A batch that is full is sent before Flush, and Flush tells of all of it.
func TestMoreThanABatchHolds(t *testing.T) {
	t.Parallel()
	sender, sub := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	batch := sender.NewBatch()
	for i := range 300 {
		batch.Append(addrOf(sub), fill(batch.Room(1200)[:1200], i))
	}
	if r := batch.Flush(); r.Packets != 300 || r.Lost != 0 {
		t.Errorf("%+v, want 300 packets", r)
	}
	expect(t, sub, addrOf(sender), repeat(300, 1200))

	other := open(t, "127.0.0.1", Config{})
	for i := range 2 * maxTrains { // full of trains, not of bytes; not a byte is lost when room is cut short
		to := sub
		if i%2 == 1 {
			to = other
		}
		batch.Append(addrOf(to), fill(batch.Room(60)[:60], i/2))
	}
	if r := batch.Flush(); r.Packets != 2*maxTrains {
		t.Errorf("%+v, want %d packets", r, 2*maxTrains)
	}
	expect(t, sub, addrOf(sender), repeat(maxTrains, 60))
	expect(t, other, addrOf(sender), repeat(maxTrains, 60))
}

func TestWhatCannotBeSentIsCounted(t *testing.T) {
	t.Parallel()
	sender := open(t, "127.0.0.1", Config{})
	to := addrOf(sender)
	batch := sender.NewBatch()
	batch.Append(to, nil)
	batch.Append(to, make([]byte, maxTrainBytes+1))
	batch.Append(netip.AddrPort{}, []byte("nowhere"))
	if r := batch.Flush(); r != (Result{Lost: 3}) {
		t.Errorf("%+v, want 3 lost", r)
	}
	_ = sender.Close()
	for range 3 {
		batch.Append(to, []byte("too late"))
	}
	if r := batch.Flush(); r != (Result{Lost: 3}) {
		t.Errorf("%+v after Close, want 3 lost", r)
	}
}

func TestControlPacketsPass(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		a, b := open(t, host, Config{}), open(t, host, Config{})
		if _, err := a.WriteToAddrPort(fill(make([]byte, 300), 0), addrOf(b)); err != nil {
			t.Fatal(err)
		}
		expect(t, b, addrOf(a), []int{300})
		if _, err := b.WriteTo([]byte("hello"), a.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, from, err := a.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "hello" || from.String() != b.LocalAddr().String() {
			t.Errorf("%q from %v, %v", buf[:n], from, err)
		}
	}
}

func TestTheReaderMayTakeMedia(t *testing.T) {
	t.Parallel()
	var media [][]byte
	var at time.Time
	rests := 0
	b := open(t, "127.0.0.1", Config{Rest: func() { rests++ }, Media: func(p []byte, _ netip.AddrPort, when time.Time) bool {
		if p[0] == 'm' {
			media, at = append(media, bytes.Clone(p)), when
			return true
		}
		return false
	}})
	a := open(t, "127.0.0.1", Config{})
	before := time.Now()
	rtp := []byte{0x80, 96, 0x12, 0x34, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe, 1}
	for _, p := range [][]byte{[]byte("m1"), []byte("x1"), rtp, []byte("m2"), make([]byte, 50), []byte("x2")} {
		if _, err := a.WriteToAddrPort(p, addrOf(b)); err != nil {
			t.Fatal(err)
		}
	}
	sent := time.Now()
	time.Sleep(30 * time.Millisecond) // meanwhile they wait in the kernel
	buf := make([]byte, 40)
	for _, want := range []string{"x1", string(rtp), "x2"} { // the one of 50 does not fit
		n, _, err := b.ReadFromAddrPort(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("got %q, %v, want %q", buf[:n], err, want)
		}
	}
	if len(media) != 2 || string(media[0]) != "m1" || string(media[1]) != "m2" {
		t.Errorf("taken as media: %q", media)
	}
	if _, kernel := b.socket.(plain); kernel {
		return
	}
	if rests != 1 {
		t.Errorf("%d rests before what was received at once, want the one before it", rests)
	}
	const stray = 5 * time.Millisecond
	if at.Before(before.Add(-stray)) || at.After(sent.Add(stray)) {
		t.Errorf("arrived %s after it was sent, at the reader's time and not the kernel's", at.Sub(before))
	}
}

func TestCloseEndsTheReader(t *testing.T) {
	t.Parallel()
	for _, mk := range []func(testing.TB, string, Config) *Conn{open, openPlain} {
		c := mk(t, "127.0.0.1", Config{})
		done := make(chan error)
		go func() {
			_, _, err := c.ReadFromAddrPort(make([]byte, 100))
			done <- err
		}()
		time.Sleep(time.Millisecond)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the reader ends with %v", err)
		}
	}
}

// Two loops and pion write at once while one goroutine reads, until Close.
func TestLoopsMeetAtNoLock(t *testing.T) {
	t.Parallel()
	c, sub := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	const turns = 60
	var writers sync.WaitGroup
	for loop := range 2 {
		writers.Go(func() {
			batch := c.NewBatch()
			for range turns {
				for i := range 6 {
					p := fill(batch.Room(1000)[:1000], i)
					p[2] = byte(loop)
					batch.Append(addrOf(sub), p)
				}
				if r := batch.Flush(); r.Packets != 6 {
					t.Errorf("loop %d: %+v", loop, r)
				}
			}
		})
	}
	writers.Go(func() {
		for range turns {
			_, _ = c.WriteToAddrPort([]byte("control"), addrOf(sub))
		}
	})
	next := [2]int{}
	_ = sub.SetReadDeadline(time.Now().Add(20 * time.Second))
	for b := make([]byte, 2000); next[0]+next[1] < 2*6*turns; {
		n, _, err := sub.ReadFromAddrPort(b)
		if err != nil {
			t.Fatalf("after %v packets: %v", next, err)
		}
		if n != 1000 {
			continue
		}
		loop := b[2]
		if got := int(binary.BigEndian.Uint16(b)); got != next[loop]%6 {
			t.Fatalf("loop %d: number %d, want %d", loop, got, next[loop]%6)
		}
		next[loop]++
	}
	writers.Wait()
}

func TestCloseWhileLoopsWrite(t *testing.T) {
	t.Parallel()
	c, sub := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	to := addrOf(sub)
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			batch := c.NewBatch()
			for {
				for range 6 {
					batch.Append(to, []byte("media"))
				}
				if batch.Flush().Lost == 6 {
					return
				}
			}
		})
	}
	time.Sleep(2 * time.Millisecond)
	_ = c.Close()
	writers.Wait()
}
