package sfu

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"sfu/sfu/dependency"
	"sfu/sfu/udp"
)

const (
	// fanSize is how many subscribers a loop sends to before another fan takes
	// some of them over.
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
	links      []*link
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

// add gives a subscriber to the fan with the fewest, and makes another one when
// all have enough.
func (f *fans) add(lk *link) {
	least := f.all[0]
	for _, fan := range f.all[1:] {
		if len(fan.links) < len(least.links) {
			least = fan
		}
	}
	if len(least.links) >= fanSize && len(f.all) < min(runtime.GOMAXPROCS(0), maxFans) {
		least = newFan(least.loop, least.out.ports)
		least.work = make(chan struct{})
		f.all = append(f.all, least)
		f.running.Go(func() {
			for range least.work {
				least.serve()
				f.turn.Done()
			}
		})
	}
	least.links = append(least.links, lk)
	lk.out.fan = least
}

func (f *fans) remove(lk *link) { lk.out.fan.links = without(lk.out.fan.links, lk) }

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

// serve sends the loop's batch to all subscribers: n packets in all, or fewer.
func (f *fans) serve(n int) {
	shared := n >= worthSharing
	for _, fan := range f.all[1:] {
		if shared {
			f.turn.Add(1)
			fan.work <- struct{}{}
		} else {
			fan.serve()
		}
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
// them gets leaves together.
func (f *fan) serve() {
	l := f.loop
	for _, sub := range f.links {
		f.look()
		for i := range l.batch.arrivals {
			a := &l.batch.arrivals[i]
			if d := sub.carrier(a.track); d != nil && (!a.again || d.silenced) {
				l.forward(d, a)
			}
		}
	}
	f.flush()
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
