package udp

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// incoming is where the kernel puts what it has, and the reader's alone.
type incoming struct {
	messages [maxReceived]message
	vectors  [maxReceived]unix.Iovec
	names    [maxReceived]address
	controls [maxReceived]control
	inbox    *inbox
	n        int
	errno    syscall.Errno
	try      func(fd uintptr) bool // made once, so that receive allocates nothing
}

func (r *incoming) init(k *kernel) {
	r.try = func(fd uintptr) bool {
		r.arm()
		r.n, r.errno = k.calls.recvmmsg(fd, r.messages[:])
		return r.errno != unix.EAGAIN
	}
}

// arm says how much room there is: the kernel overwrites it with what it took.
func (r *incoming) arm() {
	for i := range r.messages {
		slot := r.inbox.at(i)
		r.vectors[i].Base = &slot.room[0]
		r.vectors[i].SetLen(len(slot.room))
		h := &r.messages[i].header
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
		h.Name, h.Namelen = r.names[i].pointer(), unix.SizeofSockaddrInet6
		h.Control = &r.controls[i].bytes()[0]
		h.SetControllen(len(r.controls[i].bytes()))
		h.Flags = 0
	}
}

func (k *kernel) receive(in *inbox) error {
	r := &k.incoming
	r.inbox = in
	for {
		if err := k.raw.Read(r.try); err != nil {
			return err
		}
		if r.errno == 0 {
			r.deliver(time.Now())
			return nil
		}
		if !passes(r.errno) {
			return r.errno
		}
	}
}

// passes reports whether the next attempt to read may succeed: an error ends
// pion's mux and with it all media of the server.
func passes(errno syscall.Errno) bool {
	switch errno {
	case unix.EINTR, unix.ECONNREFUSED, unix.ENOBUFS, unix.ENOMEM:
		return true
	}
	return false
}

// oldest is how old a packet may be when it is read. Beyond it lies a
// step of the wall clock, by which the kernel stamps.
const oldest = time.Second

// deliver fills the inbox with what was received by now.
func (r *incoming) deliver(now time.Time) {
	wall := now.UnixNano()
	for i := range r.n {
		h := &r.messages[i].header
		slot := r.inbox.at(i)
		slot.length, slot.from, slot.at = int(r.messages[i].length), r.names[i].get(), now
		if h.Flags&unix.MSG_TRUNC != 0 {
			slot.length = 0
		}
		meta := parseControl(r.controls[i].bytes()[:h.Controllen])
		slot.segment = meta.segment
		if age := time.Duration(wall - meta.stamp); meta.stamp != 0 && age > 0 && age < oldest {
			slot.at = now.Add(-age)
		}
	}
	r.inbox.fill(r.n)
}
