package udp

import (
	"math/bits"
	"net/netip"
	"sync"
)

const (
	// arenaSize is what a batch holds before it is sent anyway: a hundred
	// packets of full size. It makes no difference beyond 32 KiB, for a train
	// costs a hundred times what the call around it costs.
	arenaSize = 128 << 10
	// maxTrains bounds the destinations of one system call likewise.
	maxTrains = 128
	// maxSegments is how many packets leave as one: kernels before 6.9 refuse
	// more than 64 (UDP_MAX_SEGMENTS), and a longer burst gains nothing.
	maxSegments = 48
	// maxTrainBytes is less than IP's 64 KiB with every header.
	maxTrainBytes = 65_000
)

// Result is what became of the packets of a batch.
type Result struct {
	Packets int                // handed to the network
	Buffers int                // that they passed the kernel in; the fewer, the cheaper
	Trains  [trainSizes]uint32 // the buffers, by how many packets each was: 1, 2, up to 4, 8, 16, 32, 48
	Refused int                // trains that had to be sent packet by packet
	Waits   int                // times that the socket's buffer was full for a moment
	Lost    int                // packets that were not sent
}

// trainSizes is how many sizes of trains are told apart.
const trainSizes = 7

// sent notes a buffer of so many packets that the network took.
func (r *Result) sent(packets int) {
	r.Packets += packets
	r.Buffers++
	r.Trains[bits.Len(uint(packets-1))]++
}

// Add adds other to r.
func (r *Result) Add(other Result) {
	r.Packets += other.Packets
	r.Buffers += other.Buffers
	for i, n := range other.Trains {
		r.Trains[i] += n
	}
	r.Refused += other.Refused
	r.Waits += other.Waits
	r.Lost += other.Lost
}

// Batch collects what one media loop sends on one Conn in a turn. It belongs to
// that loop, and holds no memory between turns.
type Batch struct {
	conn   *Conn
	arena  *arena
	result Result
}

// NewBatch makes an empty batch.
func (c *Conn) NewBatch() *Batch { return &Batch{conn: c} }

// Room returns an empty slice with a capacity of n, at most maxTrainBytes, in
// which the next packet may be built: Append then need not copy it. It is good
// until the next call of a method.
func (b *Batch) Room(n int) []byte {
	a := b.take()
	if a.used+n > len(a.bytes) {
		b.push()
	}
	return a.bytes[a.used : a.used : a.used+n]
}

// Append adds a packet to what is sent to one address. Packets that follow each
// other to the same address are one train as long as all have the size of the
// first; one that is shorter ends it. Packet may be reused at once. When the
// batch is full, it is sent.
func (b *Batch) Append(to netip.AddrPort, packet []byte) {
	if len(packet) == 0 || len(packet) > maxTrainBytes || !to.IsValid() {
		b.result.Lost++
		return
	}
	a := b.take()
	if !a.add(to, packet) {
		b.push()
		a.add(to, packet)
	}
}

// Flush sends what was appended, and says what became of everything since the
// last Flush.
func (b *Batch) Flush() Result {
	if b.arena != nil {
		b.push()
		arenas.Put(b.arena)
		b.arena = nil
	}
	r := b.result
	b.result = Result{}
	return r
}

func (b *Batch) take() *arena {
	if b.arena == nil {
		b.arena = arenas.Get().(*arena)
	}
	return b.arena
}

func (b *Batch) push() {
	b.conn.socket.send(b.arena, &b.result)
	b.arena.clear()
}

// arenas holds as many as loops send at the same time: what is in the cache of
// the last loop is there for the next.
var arenas = sync.Pool{New: func() any { return newArena() }}

// train is packets to one address that lie one behind the other.
type train struct {
	to      netip.AddrPort
	start   int // in the arena
	length  int
	segment int // length of every packet but the last
	packets int
}

// extend adds a packet of n bytes if it can be one more of the train.
func (t *train) extend(n int) bool {
	whole := t.length == t.packets*t.segment // no shorter one has ended it
	if !whole || n > t.segment || t.packets == maxSegments || t.length+n > maxTrainBytes {
		return false
	}
	t.length += n
	t.packets++
	return true
}

// arena is where the packets of one batch lie.
type arena struct {
	bytes  [arenaSize]byte
	used   int
	trains []train // at most maxTrains
	outbox outbox  // the kernel's view of them
}

func newArena() *arena {
	a := &arena{trains: make([]train, 0, maxTrains)}
	a.outbox.init()
	return a
}

// add puts a packet at the end, unless there is no room.
func (a *arena) add(to netip.AddrPort, packet []byte) bool {
	if a.used+len(packet) > len(a.bytes) {
		return false
	}
	n := len(a.trains)
	if n == 0 || a.trains[n-1].to != to || !a.trains[n-1].extend(len(packet)) {
		if n == maxTrains {
			return false
		}
		a.trains = append(a.trains, train{to: to, start: a.used, length: len(packet), segment: len(packet), packets: 1})
	}
	if place := a.bytes[a.used:]; &place[0] != &packet[0] {
		copy(place, packet)
	}
	a.used += len(packet)
	return true
}

// packet returns the n-th packet of t.
func (a *arena) packet(t *train, n int) []byte {
	start := n * t.segment
	return a.bytes[t.start+start : t.start+min(start+t.segment, t.length)]
}

func (a *arena) clear() {
	a.trains = a.trains[:0]
	a.used = 0
}
