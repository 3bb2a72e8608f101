package icetcp

import (
	"net"

	"golang.org/x/sys/unix"
)

// limitUnsent keeps media from waiting in the kernel (tcp(7), TCP_NOTSENT_LOWAT).
func limitUnsent(tcp *net.TCPConn) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
	})
}
