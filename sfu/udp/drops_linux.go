package udp

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// drops counts what the kernel dropped of one socket. The kernel's count has 32 bits
// and comes round.
type drops struct {
	mu    sync.Mutex // guards the fields below
	last  uint32
	total uint64
}

// note takes the kernel's count, and returns ours.
func (d *drops) note(count uint32, known bool) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known {
		d.total += uint64(count - d.last)
		d.last = count
	}
	return d.total
}

// The words of SO_MEMINFO, and which of them is the number of drops
// (linux/sock_diag.h: SK_MEMINFO_VARS, SK_MEMINFO_DROPS).
const (
	memInfoWords = 9
	memInfoDrops = 8
)

// dropped asks the kernel, which knows since Linux 4.12.
func (k *kernel) dropped() uint64 {
	var info [memInfoWords]uint32
	size := uint32(unsafe.Sizeof(info))
	known := false
	_ = k.raw.Control(func(fd uintptr) { // closed: what was counted until then
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		known = errno == 0 && size == uint32(unsafe.Sizeof(info))
	})
	return k.drops.note(info[memInfoDrops], known)
}
