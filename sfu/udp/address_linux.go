package udp

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// address is a sockaddr of either family.
type address struct{ raw unix.RawSockaddrInet6 }

func (a *address) pointer() *byte { return (*byte)(unsafe.Pointer(a)) }

// set writes to and returns its length.
func (a *address) set(to netip.AddrPort, v6 bool) uint32 {
	port := networkOrder(to.Port())
	if v6 {
		// A zone is a number here, because get made it.
		scope, _ := strconv.ParseUint(to.Addr().Zone(), 10, 32)
		a.raw = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: to.Addr().As16(), Scope_id: uint32(scope)}
		return unix.SizeofSockaddrInet6
	}
	v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
	*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: to.Addr().Unmap().As4()}
	return unix.SizeofSockaddrInet4
}

// get reads what the kernel wrote.
func (a *address) get() netip.AddrPort {
	port := networkOrder(a.raw.Port)
	if a.raw.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	addr := netip.AddrFrom16(a.raw.Addr).Unmap()
	if a.raw.Scope_id != 0 { // link-local
		addr = addr.WithZone(strconv.FormatUint(uint64(a.raw.Scope_id), 10))
	}
	return netip.AddrPortFrom(addr, port)
}

// networkOrder turns a port's bytes for the network, or back.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}
