package e2e

import (
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/vnet"
)

// bottleneck is where datagrams queue: it lets them pass at its rate, one after
// the other, and drops what its queue has no room for. Behind it is a wire that
// takes its time. Links may share one.
type bottleneck struct {
	mu      sync.Mutex // guards what is below
	rate    float64    // bit/s; 0 is without limit
	delay   time.Duration
	queue   []parcel
	bytes   int // in the queue
	wire    []parcel
	passed  []passage
	serving bool
	wiring  bool
}

// parcel is a datagram on its way.
type parcel struct {
	size    int
	came    time.Time
	lands   time.Time // at the end of the wire
	deliver func()
}

// passage is what became of a datagram at a bottleneck.
type passage struct {
	at      time.Time // when it came
	size    int
	waited  time.Duration
	dropped bool
}

const (
	queueTime = 300 * time.Millisecond // how much a bottleneck holds
	queueMin  = 10 * 1200              // bytes that it holds at least
	ipHeaders = 28                     // bytes of IPv4 and UDP
)

// narrow puts a bottleneck into what these links are sent. RTT is what it adds
// to the way there and back; nothing queues on the way back.
func narrow(rate float64, rtt time.Duration, links ...*link) *bottleneck {
	b := &bottleneck{rate: rate, delay: rtt / 2}
	for _, l := range links {
		l.n.mu.Lock()
		l.down.through = b
		l.up.through = &bottleneck{delay: rtt - rtt/2}
		l.n.mu.Unlock()
	}
	return b
}

// carries changes the rate.
func (b *bottleneck) carries(rate float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate = rate
}

// send takes a datagram.
func (b *bottleneck) send(size int, deliver func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	p := parcel{size: size, came: now, deliver: deliver}
	if b.rate > 0 && b.bytes+size > max(int(b.rate/8*queueTime.Seconds()), queueMin) {
		b.passed = append(b.passed, passage{at: now, size: size, dropped: true})
		return
	}
	b.queue = append(b.queue, p)
	b.bytes += size
	if !b.serving {
		b.serve()
	}
}

// serve begins to let the next datagram pass. The caller holds mu.
func (b *bottleneck) serve() {
	for b.serving = false; len(b.queue) > 0; {
		p := b.queue[0]
		b.queue = b.queue[1:]
		b.passed = append(b.passed, passage{at: p.came, size: p.size, waited: time.Since(p.came)})
		if b.rate > 0 {
			b.serving = true
			time.AfterFunc(time.Duration(float64(8*p.size)/b.rate*float64(time.Second)), func() {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.leave(p)
				b.serve()
			})
			return
		}
		b.leave(p)
	}
}

// leave puts a datagram on the wire. The caller holds mu.
func (b *bottleneck) leave(p parcel) {
	b.bytes -= p.size
	p.lands = time.Now().Add(b.delay)
	b.wire = append(b.wire, p)
	if !b.wiring {
		b.land()
	}
}

// land delivers what has come to the end of the wire. The caller holds mu.
func (b *bottleneck) land() {
	for b.wiring = false; len(b.wire) > 0; b.wire = b.wire[1:] {
		if in := time.Until(b.wire[0].lands); in > 0 {
			b.wiring = true
			time.AfterFunc(in, func() {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.land()
			})
			return
		}
		b.wire[0].deliver()
	}
}

// traffic is what a bottleneck was offered within a stretch of time.
type traffic struct {
	offered, carried float64       // bit/s
	p95, worst       time.Duration // what datagrams waited
	dropped          float64       // share
}

// between returns what came from one time until another.
func (b *bottleneck) between(from, to time.Time) (t traffic) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var waits []time.Duration
	dropped := 0
	for _, p := range b.passed {
		if p.at.Before(from) || !p.at.Before(to) {
			continue
		}
		bits := float64(8*p.size) / to.Sub(from).Seconds()
		t.offered += bits
		if p.dropped {
			dropped++
			continue
		}
		t.carried += bits
		waits = append(waits, p.waited)
	}
	t.dropped = float64(dropped) / float64(max(len(waits)+dropped, 1))
	if len(waits) > 0 {
		slices.Sort(waits)
		t.p95, t.worst = waits[len(waits)*95/100], waits[len(waits)-1]
	}
	return t
}

// card is a network card whose datagrams pass the bottlenecks on their way.
type card struct {
	*vnet.Net
	l *link
}

// ListenUDP implements transport.Net.
func (c *card) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := c.Net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	return &port{conn, c.l}, nil
}

// port is an open port of a card.
type port struct {
	transport.UDPConn
	l *link
}

// WriteTo implements net.PacketConn.
func (p *port) WriteTo(b []byte, to net.Addr) (int, error) {
	up, down := p.l.n.way(p.l, to)
	if up == nil && down == nil {
		return p.UDPConn.WriteTo(b, to)
	}
	size, kept := len(b)+ipHeaders, slices.Clone(b)
	arrive := func() { _, _ = p.UDPConn.WriteTo(kept, to) } // whoever is gone is sent nothing
	descend := arrive
	if down != nil {
		descend = func() { down.send(size, arrive) }
	}
	if up == nil {
		descend()
	} else {
		up.send(size, descend)
	}
	return len(b), nil
}

// way returns the bottlenecks between a link and an address.
func (n *network) way(from *link, to net.Addr) (up, down *bottleneck) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.links[host(to)]; l != nil {
		down = l.down.through
	}
	return from.up.through, down
}
