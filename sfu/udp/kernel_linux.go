package udp

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel is a socket that Linux takes trains from and gives trains to.
type kernel struct {
	raw      syscall.RawConn
	calls    calls
	v6       bool // addresses have the form of IPv6, even IPv4's
	trains   bool // UDP_SEGMENT is known (Linux 4.18)
	refusals refusals
	incoming incoming
	drops    drops
}

// calls are the system calls; a test puts others in their place.
type calls struct {
	sendmmsg func(fd uintptr, messages []message) (int, syscall.Errno)
	recvmmsg func(fd uintptr, messages []message) (int, syscall.Errno)
	writable func(fd uintptr) bool // waits for a moment
}

// message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
}

// listen gives conn its options. Only reading depends on one: without UDP_GRO
// or arrival times, which old kernels lack, everything else works.
func listen(conn *net.UDPConn, cfg Config) (*Conn, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	k := &kernel{raw: raw, calls: calls{sendmmsg: sendmmsg, recvmmsg: recvmmsg, writable: writable}}
	k.incoming.init(k)
	c := &Conn{PacketConn: conn, cfg: cfg, socket: k}
	err = raw.Control(func(s uintptr) {
		fd := int(s)
		domain, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		k.v6 = domain == unix.AF_INET6
		_, unknown := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
		k.trains = unknown == nil
		_ = unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		c.warning = bufferWarning(
			enlarge(fd, unix.SO_RCVBUF, unix.SO_RCVBUFFORCE), enlarge(fd, unix.SO_SNDBUF, unix.SO_SNDBUFFORCE))
	})
	return c, err
}

// enlarge asks for a large buffer, past the system's limit where it may, and
// returns what it got.
func enlarge(fd, option, force int) int {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, socketBuffer)
	}
	size, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)
	return size / 2 // the kernel doubles it, for its own bookkeeping (socket(7))
}

// sendmmsg and recvmmsg do not block, and so do without telling the runtime: it would
// give the processor to another thread as soon as a call takes longer than 20 us, and a
// hundred packets always do.
func sendmmsg(fd uintptr, messages []message) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, fd,
		uintptr(unsafe.Pointer(unsafe.SliceData(messages))), uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

func recvmmsg(fd uintptr, messages []message) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd,
		uintptr(unsafe.Pointer(unsafe.SliceData(messages))), uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// patience is how long one flush waits for room in the socket's buffer, in
// steps of a millisecond: long enough for a network card to empty much of it,
// and not longer than a packet may be late.
const patience = 5

func writable(fd uintptr) bool {
	waits := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	_, _ = unix.Poll(waits, 1)
	return waits[0].Revents != 0
}
