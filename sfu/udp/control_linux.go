package udp

import (
	"encoding/binary"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// control is room for the control messages of one packet: two are asked for,
// and IP adds none unasked.
type control [12]uint64

func (c *control) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(c)), int(unsafe.Sizeof(*c)))
}

// meta is what the kernel tells about a packet besides its bytes.
type meta struct {
	segment int   // UDP_GRO: the length of each packet of a train
	stamp   int64 // SO_TIMESTAMPNS: wall clock, in nanoseconds
}

// parseControl reads control messages (cmsg(3)). What it does not know or
// cannot read is passed over.
func parseControl(b []byte) meta {
	var m meta
	for len(b) >= unix.SizeofCmsghdr {
		length, level, kind := controlHeader(b)
		if length < unix.SizeofCmsghdr || length > uint64(len(b)) {
			break
		}
		data := b[unix.CmsgLen(0):max(int(length), unix.CmsgLen(0))]
		switch {
		case level == unix.SOL_UDP && kind == unix.UDP_GRO && len(data) >= 4:
			m.segment = max(0, int(int32(binary.NativeEndian.Uint32(data))))
		case level == unix.SOL_SOCKET && kind == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			m.stamp = wallTime(data)
		}
		b = b[min(len(b), unix.CmsgSpace(int(length)-unix.CmsgLen(0))):]
	}
	return m
}

// controlHeader reads a struct cmsghdr, whose length is as wide as a pointer.
func controlHeader(b []byte) (length uint64, level, kind int32) {
	wide := unix.SizeofCmsghdr - 8
	if wide == 8 {
		length = binary.NativeEndian.Uint64(b)
	} else {
		length = uint64(binary.NativeEndian.Uint32(b))
	}
	return length, int32(binary.NativeEndian.Uint32(b[wide:])), int32(binary.NativeEndian.Uint32(b[wide+4:]))
}

// wallTime reads a struct timespec.
func wallTime(b []byte) int64 {
	var t unix.Timespec
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&t)), int(unsafe.Sizeof(t))), b)
	sec, nsec := t.Unix()
	if sec < 0 || sec >= math.MaxInt64/1_000_000_000 || nsec < 0 || nsec >= 1e9 {
		return 0
	}
	return sec*1e9 + nsec
}

// segmented is the control message that makes the kernel cut a message into
// packets of the same length.
type segmented [3]uint64

// set writes it and returns its length.
func (s *segmented) set(segment int) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(s))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	data := unsafe.Add(unsafe.Pointer(s), unix.CmsgLen(0))
	*(*uint16)(data) = uint16(segment)
	return unix.CmsgSpace(2)
}

func (s *segmented) pointer() *byte { return (*byte)(unsafe.Pointer(s)) }
