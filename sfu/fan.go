package sfu

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sfu/sfu/dependency"
	"sfu/sfu/udp"
)

const (
	// fanSize is how many subscribers a loop sends to before another fan helps.
	fanSize = 32
	// maxFans bounds how many cores one room may have.
	maxFans = 16
	// worthSharing is how many packets a turn has to send at least for the fans to
	// do it side by side: to wake one and wait for it takes as long as some tens.
	worthSharing = 256
)

// fan sends a room's packets to some of its subscribers. A small room has one; in
// a large one they do it side by side while the loop waits. What a fan changes is
// its own and its subscribers', all the rest of the room stands still meanwhile.
// Between turns it is the loop's.
type fan struct {
	loop       *mediaLoop
	todo       share // of the loop's links, in this turn
	tally      tally
	out        batches
	now        time.Time // at which packets leave
	due        time.Time // when something that waits may leave; zero when nothing does
	descriptor [dependency.MaxLength]byte

	work chan struct{} // a turn; nil for the loop's own
}

// fans are a room's. The first is the loop's own goroutine.
type fans struct {
	all     []*fan
	turn    sync.WaitGroup // of those that are at work
	running sync.WaitGroup
}

func newFan(l *mediaLoop, ports *ports) *fan {
	return &fan{loop: l, tally: tally{set: l.tally.set}, out: batches{ports: ports}}
}

// grow makes another fan when there are too many subscribers for those there are.
func (f *fans) grow(subscribers int) {
	if subscribers <= fanSize*len(f.all) || len(f.all) >= min(runtime.GOMAXPROCS(0), maxFans) {
		return
	}
	another := newFan(f.all[0].loop, f.all[0].out.ports)
	another.work = make(chan struct{})
	f.all = append(f.all, another)
	f.running.Go(func() {
		for range another.work {
			another.serve()
			f.turn.Done()
		}
	})
}

func without(links []*link, gone *link) []*link {
	return slices.DeleteFunc(links, func(lk *link) bool { return lk == gone })
}

// close ends the goroutines and waits for them.
func (f *fans) close() {
	for _, fan := range f.all[1:] {
		close(fan.work)
	}
	f.running.Wait()
}

// serve sends the loop's batch of so many packets to all its subscribers.
func (f *fans) serve(packets, subscribers int) {
	if len(f.all) > 1 {
		f.flush() // what a subscriber was sent before must leave before what another fan sends it
	}
	at := f.all
	if packets*subscribers < worthSharing {
		at = at[:1]
	}
	for i, fan := range at {
		fan.todo.set(i*subscribers/len(at), (i+1)*subscribers/len(at))
	}
	for _, fan := range at[1:] {
		f.turn.Add(1)
		fan.work <- struct{}{}
	}
	f.all[0].serve()
	f.turn.Wait()
}

// flush sends what is left, and counts.
func (f *fans) flush() {
	for _, fan := range f.all {
		fan.flush()
		fan.tally.flush()
	}
}

// serve goes subscriber by subscriber over the whole batch, so that what one of
// them gets leaves together: first over the fan's own share, of which it has much in
// its cache, then over what others, whose core may be busy, have not come to.
func (f *fan) serve() {
	links := f.loop.links
	for i := f.todo.first(); i >= 0; i = f.todo.first() {
		f.visit(links[i])
	}
	for _, other := range f.loop.fans.all {
		for i := other.todo.last(); i >= 0; i = other.todo.last() {
			f.visit(links[i])
		}
	}
	f.flush()
}

// visit sends the batch to one subscriber.
func (f *fan) visit(sub *link) {
	l := f.loop
	sub.out.fan = f
	f.look()
	for i := range l.batch.arrivals {
		a := &l.batch.arrivals[i]
		if d := sub.carrier(a.track); d != nil && (!a.again || d.silenced) {
			l.forward(d, a)
		}
	}
}

// share is a range of subscribers that are still to be visited. Its owner takes them
// from the front and others from the back.
type share struct{ ends atomic.Uint64 } // the first and the one behind the last, 32 bits each

func (s *share) set(first, end int) { s.ends.Store(uint64(first)<<32 | uint64(end)) }

// first takes one from the front, or returns -1.
func (s *share) first() int { return s.take(1<<32, 0) }

// last takes one from the back, or returns -1.
func (s *share) last() int { return s.take(0, 1) }

// take moves the ends towards each other, and returns what was between.
func (s *share) take(front, back uint64) int {
	for {
		old := s.ends.Load()
		first, end := old>>32, old&0xffffffff
		if first >= end {
			return -1
		}
		if s.ends.CompareAndSwap(old, old+front-back) {
			if back > 0 {
				return int(end - 1)
			}
			return int(first)
		}
	}
}

// look looks at the clock: a turn in a large room takes longer than queues that an
// estimate goes by.
func (f *fan) look() { f.now = f.loop.rhythm.now.Add(time.Since(f.loop.rhythm.began)) }

func (f *fan) flush() { f.tally.socket.Add(f.out.flush()) }

// batches are what a fan sends in one turn, by socket.
type batches struct {
	ports *ports
	open  []*udp.Batch // by the index of the socket; nil where nothing was sent yet
}

// on returns the batch of the i-th socket.
func (b *batches) on(i int) *udp.Batch {
	for len(b.open) <= i {
		b.open = append(b.open, nil)
	}
	if b.open[i] == nil {
		b.open[i] = b.ports.conns[i].NewBatch()
	}
	return b.open[i]
}

// flush sends everything, and says what became of it.
func (b *batches) flush() (r udp.Result) {
	for _, batch := range b.open {
		if batch != nil {
			r.Add(batch.Flush())
		}
	}
	return r
}
