package mailbox

import (
	"slices"
	"sync"
	"testing"
)

func awake(m *Mailbox[int]) bool {
	select {
	case <-m.Wake():
		return true
	default:
		return false
	}
}

func TestPutsShareOneWakeUp(t *testing.T) {
	t.Parallel()
	m := New[int](8)
	if awake(m) {
		t.Error("an empty mailbox woke its receiver")
	}
	m.Put(1)
	m.Put(2)
	m.Put(3)
	if !awake(m) || awake(m) {
		t.Error("three Puts gave other than one wake-up")
	}
	if got := m.Take(nil); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("took %v, want 1 2 3", got)
	}
	m.Put(4)
	if !awake(m) {
		t.Error("no wake-up for a Put after Take")
	}
}

func TestTakeWithoutWaitingLeavesAHarmlessWakeUp(t *testing.T) {
	t.Parallel()
	m := New[int](8)
	m.Put(1)
	m.Take(nil)
	m.Put(2) // the first wake-up is still there: Put must not block on it
	if !awake(m) || awake(m) {
		t.Error("want exactly one wake-up")
	}
	if got := m.Take(nil); !slices.Equal(got, []int{2}) {
		t.Errorf("took %v, want 2", got)
	}
}

func TestFullMailboxKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	m := New[int](2)
	for i, want := range []bool{true, true, false} {
		if got := m.Put(i); got != want {
			t.Errorf("Put %d into a mailbox of two = %v", i, got)
		}
	}
	if got := m.Take(nil); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("took %v, want 0 1", got)
	}
	if !m.Put(3) {
		t.Error("Put failed although everything was taken")
	}
}

func TestCloseLetsTheRestBeTaken(t *testing.T) {
	t.Parallel()
	m := New[int](8)
	m.Put(1)
	m.Close()
	m.Close()
	if m.Put(2) {
		t.Error("Put into a closed mailbox succeeded")
	}
	if got := m.Take(nil); !slices.Equal(got, []int{1}) {
		t.Errorf("took %v, want 1", got)
	}
}

// The buffer that the receiver works on is never the one that senders fill.
func TestTwoBuffersAlternate(t *testing.T) {
	t.Parallel()
	m := New[int](4)
	fill := func(v int) {
		for range 4 {
			m.Put(v)
		}
	}
	fill(1)
	first := m.Take(nil)
	fill(2)
	if !slices.Equal(first, []int{1, 1, 1, 1}) {
		t.Errorf("Put wrote over what was taken: %v", first)
	}
	second := m.Take(first)
	if !slices.Equal(second, []int{2, 2, 2, 2}) {
		t.Errorf("took %v, want four times 2", second)
	}
	fill(3)
	if !slices.Equal(second, []int{2, 2, 2, 2}) {
		t.Errorf("Put wrote over what was taken: %v", second)
	}
	third := m.Take(second)
	if !slices.Equal(third, []int{3, 3, 3, 3}) || &third[0] != &first[0] {
		t.Errorf("the third Take gave %v in a new buffer, want four times 3 in the first", third)
	}
}

// A buffer that lies idle must not keep old items from the garbage collector.
func TestSpareIsCleared(t *testing.T) {
	t.Parallel()
	m := New[*int](4)
	m.Put(new(int))
	first := m.Take(nil)
	m.Take(first)
	if first[0] != nil {
		t.Error("the spare buffer still points to an item")
	}
}

func TestManySendersOneReceiver(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 2000
	type item struct{ sender, n int }
	m := New[item](64)
	done := make(chan struct{})
	var wg sync.WaitGroup
	refused := make([]int, senders)
	for sender := range senders {
		wg.Go(func() {
			for n := range each {
				if !m.Put(item{sender, n}) {
					refused[sender]++
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()

	taken := make([]int, senders)
	last := make([]int, senders)
	var batch []item
	take := func() {
		batch = m.Take(batch)
		if len(batch) > 64 {
			t.Errorf("%d items in a mailbox of 64", len(batch))
		}
		for _, it := range batch {
			if taken[it.sender] > 0 && it.n <= last[it.sender] {
				t.Errorf("sender %d: %d after %d", it.sender, it.n, last[it.sender])
			}
			last[it.sender] = it.n
			taken[it.sender]++
		}
	}
	for running := true; running; {
		select {
		case <-m.Wake():
			take()
		case <-done:
			running = false
		}
	}
	take()
	for sender := range senders {
		if taken[sender]+refused[sender] != each {
			t.Errorf("sender %d: %d taken and %d refused of %d", sender, taken[sender], refused[sender], each)
		}
	}
}

// Every Put that succeeded is taken, even when nothing but its own wake-up
// tells the receiver.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	const total = 5000
	m := New[int](total)
	go func() {
		for n := range total {
			m.Put(n)
		}
	}()
	var batch []int
	for next := 0; next < total; {
		<-m.Wake()
		batch = m.Take(batch)
		for _, n := range batch {
			if n != next {
				t.Fatalf("took %d, want %d", n, next)
			}
			next++
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	m := New[int](16)
	var batch []int
	round := func() {
		for n := range 16 {
			m.Put(n)
		}
		<-m.Wake()
		batch = m.Take(batch)
	}
	round()
	round()
	if allocs := testing.AllocsPerRun(100, round); allocs != 0 {
		t.Errorf("%v allocations a round", allocs)
	}
}

func BenchmarkPutTake(b *testing.B) {
	m := New[int](64)
	var batch []int
	for i := 0; b.Loop(); i++ {
		m.Put(i)
		if i%64 == 63 {
			batch = m.Take(batch)
		}
	}
}
