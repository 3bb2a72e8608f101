//go:build amd64 || arm64

package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	batch      = 64
	stampSpace = 32 // a control message header and a timespec
)

// poller empties the sockets of all bots from one goroutine, many datagrams a
// system call. UDP_GRO is left off: no browser has it, and with it loopback
// would spare the server's process the work of cutting its trains.
type poller struct {
	epoll   int
	mu      sync.Mutex // guards sockets
	sockets map[int32]*socket
	closing chan struct{}
	done    sync.WaitGroup

	headers [batch]message
	vectors [batch]syscall.Iovec
	names   [batch]syscall.RawSockaddrInet6
	stamps  [batch][stampSpace]byte
	buffers [batch][datagramSize]byte
}

// message is the kernel's struct mmsghdr.
type message struct {
	header syscall.Msghdr
	length uint32
	_      uint32
}

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p := &poller{epoll: fd, sockets: make(map[int32]*socket), closing: make(chan struct{})}
	for i := range p.headers {
		p.vectors[i] = syscall.Iovec{Base: &p.buffers[i][0], Len: datagramSize}
		h := &p.headers[i].header
		h.Iov, h.Iovlen = &p.vectors[i], 1
		h.Name, h.Control = (*byte)(unsafe.Pointer(&p.names[i])), &p.stamps[i][0]
	}
	p.done.Go(p.run)
	return p, nil
}

// add takes a socket over from Go's own poller, which would wake up for every
// packet that comes and find nobody to wake: half of what the tool used.
func (p *poller) add(s *socket) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := raw.Control(func(fd uintptr) { s.fd, err = syscall.Dup(int(fd)) })
	if err = errors.Join(controlErr, err, s.UDPConn.Close()); err != nil {
		return fmt.Errorf("take over a socket: %w", err)
	}
	s.send = s.sendRaw
	if err := syscall.SetsockoptInt(s.fd, syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("time stamps: %w", err)
	}
	p.mu.Lock()
	p.sockets[int32(s.fd)] = s
	p.mu.Unlock()
	return syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, s.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(s.fd)})
}

// sendRaw is WriteToUDPAddrPort on a socket that is ours.
func (s *socket) sendRaw(b []byte, to netip.AddrPort) (int, error) {
	var addr syscall.Sockaddr = &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	if to.Addr().Unmap().Is4() {
		addr = &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()}
	}
	return len(b), syscall.Sendto(s.fd, b, 0, addr)
}

// remove closes a socket that nobody sends on any more.
func (p *poller) remove(s *socket) {
	p.mu.Lock() // not while it is read
	defer p.mu.Unlock()
	if p.sockets[int32(s.fd)] == s {
		delete(p.sockets, int32(s.fd))
		_ = syscall.Close(s.fd) // and epoll forgets it
	}
}

func (p *poller) close() {
	close(p.closing)
	p.done.Wait()
	_ = syscall.Close(p.epoll)
}

func (p *poller) run() {
	var events [batch]syscall.EpollEvent
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.closing:
			return
		}
		for n := batch; n == batch; {
			n, _ = syscall.EpollWait(p.epoll, events[:], 0)
			for _, e := range events[:max(n, 0)] {
				p.empty(e.Fd)
			}
		}
	}
}

// empty reads a batch from a socket; what is left has its turn at once again.
func (p *poller) empty(fd int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sockets[fd]
	if s == nil {
		return
	}
	for i := range p.headers {
		p.headers[i].header.Namelen = syscall.SizeofSockaddrInet6
		p.headers[i].header.Controllen = stampSpace
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&p.headers)), batch, syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return
	}
	now := time.Now().UnixNano()
	for i := range int(n) {
		s.receive(p.buffers[i][:p.headers[i].length], p.from(i), p.stampedAt(i, now))
	}
}

// from is the address of the sender of message i.
func (p *poller) from(i int) netip.AddrPort {
	name := &p.names[i]
	if name.Family == syscall.AF_INET {
		v4 := (*syscall.RawSockaddrInet4)(unsafe.Pointer(name))
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:])
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port)
}

// stampedAt is when the kernel received message i, or now if it does not say.
func (p *poller) stampedAt(i int, now int64) int64 {
	b := &p.stamps[i]
	h := (*syscall.Cmsghdr)(unsafe.Pointer(b))
	if p.headers[i].header.Controllen < stampSpace || h.Level != syscall.SOL_SOCKET || h.Type != syscall.SCM_TIMESTAMPNS {
		return now
	}
	return (*syscall.Timespec)(unsafe.Pointer(&b[syscall.SizeofCmsghdr])).Nano()
}
