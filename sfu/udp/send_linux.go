package udp

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxMessages is how many trains, or single packets where there are none, one
// system call takes.
const maxMessages = 128

// outbox is an arena as the kernel wants it. Its pointers into itself are set
// once.
type outbox struct {
	messages [maxMessages]message
	vectors  [maxMessages]unix.Iovec
	names    [maxMessages]address
	controls [maxMessages]segmented
	trains   [maxMessages]*train // whose each message is

	// Of the flush that is going on.
	kernel *kernel
	arena  *arena
	result *Result
	waits  int // what is left of its patience
	flush  func(fd uintptr)
}

func (o *outbox) init() {
	for i := range o.messages {
		h := &o.messages[i].header
		h.Iov = &o.vectors[i]
		h.SetIovlen(1)
		h.Name = o.names[i].pointer()
	}
	o.flush = o.run
}

// send passes the trains on through the bare descriptor. Control keeps it from
// being closed meanwhile, but does not take the lock under which Go writes:
// with that, two loops are slower than one.
func (k *kernel) send(a *arena, r *Result) {
	if len(a.trains) == 0 {
		return
	}
	o := &a.outbox
	o.kernel, o.arena, o.result, o.waits = k, a, r, patience
	if k.raw.Control(o.flush) != nil { // closed
		for i := range a.trains {
			r.Lost += a.trains[i].packets
		}
	}
	o.kernel, o.arena, o.result = nil, nil, nil
}

func (o *outbox) run(fd uintptr) {
	refused := o.kernel.refusals.now()
	n := 0
	for i := range o.arena.trains {
		t := &o.arena.trains[i]
		if t.packets == 1 || o.kernel.trains && !refused.has(t.to) {
			n = o.put(fd, n, t, 0, t.packets)
			continue
		}
		for p := range t.packets {
			n = o.put(fd, n, t, p, 1)
		}
	}
	o.transmit(fd, 0, n)
}

// put makes the n-th message of some packets of a train, and returns how many
// there are then.
func (o *outbox) put(fd uintptr, n int, t *train, first, packets int) int {
	if n == maxMessages {
		o.transmit(fd, 0, n)
		n = 0
	}
	from, to := first*t.segment, min((first+packets)*t.segment, t.length)
	o.vectors[n].Base = &o.arena.bytes[t.start+from]
	o.vectors[n].SetLen(to - from)
	h := &o.messages[n].header
	h.Namelen = o.names[n].set(t.to, o.kernel.v6)
	h.Control = nil
	h.SetControllen(0)
	if packets > 1 {
		h.SetControllen(o.controls[n].set(t.segment))
		h.Control = o.controls[n].pointer()
	}
	o.trains[n] = t
	return n + 1
}

// packets returns how many packets the i-th message is.
func (o *outbox) packets(i int) int {
	if o.messages[i].header.Control == nil {
		return 1
	}
	return o.trains[i].packets
}

// transmit sends the messages from at to end. One that fails is passed over, and
// costs the others nothing.
func (o *outbox) transmit(fd uintptr, at, end int) {
	for at < end {
		sent, errno := o.kernel.calls.sendmmsg(fd, o.messages[at:end])
		if errno != 0 {
			at = o.failed(fd, at, end, errno)
			continue
		}
		for range sent {
			o.result.sent(o.packets(at))
			at++
		}
	}
}

// failed deals with a message that was not sent, and returns which is next: the
// same for another attempt.
func (o *outbox) failed(fd uintptr, at, end int, errno syscall.Errno) int {
	switch errno {
	case unix.EINTR:
		return at
	case unix.EAGAIN:
		if o.wait(fd) {
			return at
		}
		for ; at < end; at++ {
			o.result.Lost += o.packets(at)
		}
		return end
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP:
		if o.packets(at) > 1 {
			o.refused(fd, at)
			return at + 1
		}
	}
	o.result.Lost += o.packets(at)
	return at + 1
}

// wait waits for room in the socket's buffer while there is patience left.
func (o *outbox) wait(fd uintptr) bool {
	for o.waits > 0 {
		o.waits--
		o.result.Waits++
		if o.kernel.calls.writable(fd) {
			return true
		}
	}
	return false
}

// refused sends a train packet by packet that the kernel or the path does not
// take: EIO without checksums in hardware, EINVAL or EMSGSIZE when a packet is
// longer than the path's MTU. The next ones are not tried.
func (o *outbox) refused(fd uintptr, at int) {
	t := o.trains[at]
	o.kernel.refusals.add(t.to, time.Now())
	o.result.Refused++
	for p := range t.packets {
		o.put(fd, at, t, p, 1)
		o.transmit(fd, at, at+1)
	}
}
