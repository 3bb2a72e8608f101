package front

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"
)

// visitor is a connection that has not been handed on.
type visitor struct {
	conn     net.Conn
	source   netip.Prefix // not valid where the address is none of IP
	deadline time.Time
	gone     chan struct{} // closed when it gives way
	handed   bool          // of the goroutine that looks at it

	inAll, inSource *list.Element // guarded by pending.mu; nil when it is not pending
}

// pending is the visitors that have not said what they are, oldest first. When
// there is no place, the oldest gives way: whoever means something says it
// within a round trip or two, and those who just sit there are the older ones.
type pending struct {
	limit, limitPerSource int
	changed               func(float64)
	crowded               func() // when one had to give way

	mu       sync.Mutex // guards what is below
	closed   bool
	all      list.List
	bySource map[netip.Prefix]*list.List
}

func newPending(limit, limitPerSource int, changed func(float64), crowded func()) *pending {
	if changed == nil {
		changed = func(float64) {}
	}
	if crowded == nil {
		crowded = func() {}
	}
	return &pending{limit: limit, limitPerSource: limitPerSource, changed: changed, crowded: crowded, bySource: make(map[netip.Prefix]*list.List)}
}

// admit takes v in, and turns out the one that has to give way. It returns
// false when there are no visitors any more.
func (p *pending) admit(v *visitor) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	switch queue := p.bySource[v.source]; {
	case queue != nil && queue.Len() >= p.limitPerSource:
		p.crowded()
		p.turnOut(queue.Front().Value.(*visitor))
	case p.all.Len() >= p.limit:
		p.crowded()
		p.turnOut(p.all.Front().Value.(*visitor))
	}
	v.inAll = p.all.PushBack(v)
	p.changed(1)
	if v.source.IsValid() {
		queue := p.bySource[v.source]
		if queue == nil {
			queue = list.New()
			p.bySource[v.source] = queue
		}
		v.inSource = queue.PushBack(v)
	}
	return true
}

// leave takes v out, if it is in.
func (p *pending) leave(v *visitor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(v)
}

// makeRoom turns out the oldest.
func (p *pending) makeRoom() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if oldest := p.all.Front(); oldest != nil {
		p.turnOut(oldest.Value.(*visitor))
	}
}

// close turns out all, and lets nobody in any more.
func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for p.all.Len() > 0 {
		p.turnOut(p.all.Front().Value.(*visitor))
	}
}

// turnOut ends v. Its goroutine sees that its connection is closed, or that v
// is gone. The lock is held.
func (p *pending) turnOut(v *visitor) {
	p.remove(v)
	close(v.gone)
	_ = v.conn.Close()
}

func (p *pending) remove(v *visitor) {
	if v.inAll == nil {
		return
	}
	p.all.Remove(v.inAll)
	v.inAll = nil
	p.changed(-1)
	if v.inSource == nil {
		return
	}
	queue := p.bySource[v.source]
	queue.Remove(v.inSource)
	v.inSource = nil
	if queue.Len() == 0 {
		delete(p.bySource, v.source)
	}
}

// sourceOf is whom an address belongs to: one address of IPv4, and a /64 of
// IPv6, which is what one customer has at least (RFC 6177).
func sourceOf(addr net.Addr) netip.Prefix {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
