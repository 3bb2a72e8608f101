package udp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// faults makes sendmmsg fail: it is asked for every message, in the order of
// sending, and 0 sends it. Like the kernel it tells of a message that failed by
// stopping before it, and why when that is the first.
func faults(c *Conn, fault func(m *message) syscall.Errno) {
	k := c.socket.(*kernel)
	send := k.calls.sendmmsg
	var stopped syscall.Errno
	k.calls.sendmmsg = func(fd uintptr, messages []message) (int, syscall.Errno) {
		for i := range messages {
			if stopped == 0 {
				stopped = fault(&messages[i])
			}
			errno := stopped
			if errno != 0 && i > 0 {
				return i, 0
			}
			stopped = 0
			if errno != 0 {
				return -1, errno
			}
			if n, errno := send(fd, messages[i:i+1]); n != 1 {
				return i, errno
			}
		}
		return len(messages), 0
	}
}

// Each subscriber gets six packets. A path that takes no trains gets its own
// one by one, and is not tried again for a while.
func TestTrainsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP} {
		sender := open(t, "127.0.0.1", Config{})
		subs := []*Conn{open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})}
		refuses := addrOf(subs[1])
		asked := 0
		faults(sender, func(m *message) syscall.Errno {
			var a address
			copy(unsafe.Slice(a.pointer(), unix.SizeofSockaddrInet4), unsafe.Slice(m.header.Name, unix.SizeofSockaddrInet4))
			if a.get() == refuses && m.header.Control != nil {
				asked++
				return errno
			}
			return 0
		})
		batch := sender.NewBatch()
		for turn, want := range []Result{
			{Packets: 18, Buffers: 8, Trains: [trainSizes]uint32{0: 6, 3: 2}, Refused: 1},
			{Packets: 18, Buffers: 8, Trains: [trainSizes]uint32{0: 6, 3: 2}},
		} {
			for _, sub := range subs {
				for i := range 6 {
					batch.Append(addrOf(sub), fill(batch.Room(800)[:800], i))
				}
			}
			if r := batch.Flush(); r != want {
				t.Errorf("%v, turn %d: %+v, want %+v", errno, turn, r, want)
			}
			for _, sub := range subs {
				expect(t, sub, addrOf(sender), repeat(6, 800))
			}
		}
		if asked != 1 {
			t.Errorf("%v: asked %d times for what is refused", errno, asked)
		}
	}
}

func TestRefusalsAreForgotten(t *testing.T) {
	t.Parallel()
	var r refusals
	start := time.Now()
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")
	r.add(a, start.Add(-refusalTime))
	if r.now().has(a) {
		t.Error("a refusal holds for longer than it should")
	}
	r.add(b, start)
	if !r.now().has(b) || r.now().has(a) {
		t.Error("one refusal is known as another")
	}
	if n := len(*r.until.Load()); n != 1 {
		t.Errorf("%d refusals are kept, one of them is over", n)
	}
	for port := range uint16(3 * maxRefusals / 2) {
		r.mu.Lock()
		m := *r.until.Load() // the map of a moment, filled from behind
		if port < maxRefusals-1 {
			m[netip.AddrPortFrom(b.Addr(), port+10)] = start.Add(time.Hour)
		}
		r.mu.Unlock()
	}
	r.add(a, start)
	if n := len(*r.until.Load()); n > maxRefusals {
		t.Errorf("%d refusals are kept", n)
	}
}

// A full buffer is waited for, but not for long; what is broken costs only
// itself.
func TestErrorsThatPass(t *testing.T) {
	t.Parallel()
	sizes := []int{700, 701, 702, 703} // four messages
	for _, tt := range []struct {
		name   string
		faults []syscall.Errno // of the attempts, one after another
		opens  bool            // the socket has room after a wait
		want   Result
		lost   int // which packet
	}{
		{"interrupted", []syscall.Errno{unix.EINTR, unix.EINTR}, false, Result{Packets: 4, Buffers: 4, Trains: [trainSizes]uint32{4}}, -1},
		{"full for a moment", []syscall.Errno{0, unix.EAGAIN, 0, unix.EAGAIN}, true, Result{Packets: 4, Buffers: 4, Trains: [trainSizes]uint32{4}, Waits: 2}, -1},
		{"full", []syscall.Errno{0, unix.EAGAIN}, false, Result{Packets: 1, Buffers: 1, Trains: [trainSizes]uint32{1}, Waits: patience, Lost: 3}, 1},
		{"no route", []syscall.Errno{0, unix.ENETUNREACH}, false, Result{Packets: 3, Buffers: 3, Trains: [trainSizes]uint32{3}, Lost: 1}, 1},
		{"no queue", []syscall.Errno{unix.ENOBUFS}, false, Result{Packets: 3, Buffers: 3, Trains: [trainSizes]uint32{3}, Lost: 1}, 0},
		{"too long alone", []syscall.Errno{0, 0, 0, unix.EMSGSIZE}, false, Result{Packets: 3, Buffers: 3, Trains: [trainSizes]uint32{3}, Lost: 1}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sender, sub := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
			attempts := tt.faults
			faults(sender, func(*message) syscall.Errno {
				if len(attempts) == 0 {
					return 0
				}
				errno := attempts[0]
				if errno != unix.EAGAIN || tt.opens {
					attempts = attempts[1:]
				}
				return errno
			})
			sender.socket.(*kernel).calls.writable = func(uintptr) bool { return tt.opens }
			batch := sender.NewBatch()
			for i, size := range sizes {
				batch.Append(addrOf(sub), fill(batch.Room(size)[:size], i))
			}
			if r := batch.Flush(); r != tt.want {
				t.Errorf("%+v, want %+v", r, tt.want)
			}
			if tt.want.Lost == 0 {
				expect(t, sub, addrOf(sender), sizes)
			}
		})
	}
}

func TestReadErrorsThatPass(t *testing.T) {
	t.Parallel()
	c := open(t, "127.0.0.1", Config{})
	k := c.socket.(*kernel)
	receive, left := k.calls.recvmmsg, []syscall.Errno{unix.EINTR, unix.ENOMEM, unix.ECONNREFUSED, unix.ENOBUFS}
	k.calls.recvmmsg = func(fd uintptr, m []message) (int, syscall.Errno) {
		if len(left) > 0 {
			errno := left[0]
			left = left[1:]
			return -1, errno
		}
		return receive(fd, m)
	}
	_, _ = c.WriteToAddrPort(fill(make([]byte, 100), 0), addrOf(c))
	expect(t, c, addrOf(c), []int{100})
	left = []syscall.Errno{unix.EBADF}
	if _, _, err := c.ReadFromAddrPort(make([]byte, 100)); err == nil {
		t.Error("an error that does not pass is passed over")
	}
}

// The kernel gives trains to a reader that asks for them.
func TestTrainsComeInAsOne(t *testing.T) {
	t.Parallel()
	a, b := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	batch := a.NewBatch()
	for i := range 10 {
		batch.Append(addrOf(b), fill(batch.Room(1000)[:1000], i))
	}
	batch.Flush()
	expect(t, b, addrOf(a), repeat(1, 1000))
	if b.in.filled != 1 || b.in.slots[0].segment != 1000 || b.in.slots[0].length != 10_000 {
		t.Errorf("10 packets came in %d buffers, the first of %d bytes in segments of %d",
			b.in.filled, b.in.slots[0].length, b.in.slots[0].segment)
	}
}

// cmsg makes a control message as the kernel does.
func cmsg(level, kind int32, data ...byte) []byte {
	b := make([]byte, unix.CmsgSpace(len(data)))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(len(data)))
	copy(b[unix.CmsgLen(0):], data)
	return b
}

func stampOf(sec, nsec int64) []byte {
	ts := unix.Timespec{}
	ts.Sec, ts.Nsec = sec, nsec
	return unsafe.Slice((*byte)(unsafe.Pointer(&ts)), unsafe.Sizeof(ts))
}

func TestParseControl(t *testing.T) {
	t.Parallel()
	gro := cmsg(unix.SOL_UDP, unix.UDP_GRO, binary.NativeEndian.AppendUint32(nil, 1200)...)
	at := cmsg(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, stampOf(5, 7)...)
	other := cmsg(unix.SOL_IP, unix.IP_TTL, 64, 0, 0, 0)
	for _, tt := range []struct {
		name string
		b    []byte
		want meta
	}{
		{"nothing", nil, meta{}},
		{"a train", gro, meta{segment: 1200}},
		{"both", slices.Concat(gro, at), meta{1200, 5_000_000_007}},
		{"the other way round", slices.Concat(at, gro), meta{1200, 5_000_000_007}},
		{"something else between", slices.Concat(at, other, gro), meta{1200, 5_000_000_007}},
		{"without its padding", gro[:unix.CmsgLen(4)], meta{segment: 1200}},
		{"cut short", slices.Concat(at, gro[:unix.CmsgLen(4)-1]), meta{stamp: 5_000_000_007}},
		{"too short for a length", gro[:3], meta{}},
		{"a segment below zero", cmsg(unix.SOL_UDP, unix.UDP_GRO, 255, 255, 255, 255), meta{}},
		{"a time that there is not", cmsg(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, stampOf(1<<62, 0)...), meta{}},
	} {
		if got := parseControl(tt.b); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	gro := cmsg(unix.SOL_UDP, unix.UDP_GRO, 0xb0, 4, 0, 0)
	f.Add([]byte{})
	f.Add(gro)
	f.Add(append(cmsg(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, stampOf(5, 7)...), gro...))
	f.Add(gro[:unix.CmsgLen(2)])
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m := parseControl(b); m.segment < 0 || m.stamp < 0 {
			t.Errorf("%x: %+v", b, m)
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr string
		v6   bool
	}{{"192.0.2.7:5004", false}, {"192.0.2.7:5004", true}, {"[2001:db8::1]:443", true}, {"[fe80::1%3]:9", true}} {
		want := netip.MustParseAddrPort(tt.addr)
		var a address
		a.set(want, tt.v6)
		if got := a.get(); got != want {
			t.Errorf("%s became %s", want, got)
		}
	}
	var a address
	a.set(netip.MustParseAddrPort("[::ffff:192.0.2.7]:80"), false)
	if got := a.get(); got != netip.MustParseAddrPort("192.0.2.7:80") {
		t.Errorf("a mapped address became %s", got)
	}
}
