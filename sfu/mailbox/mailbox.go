package mailbox

import "sync"

// Mailbox is a bounded queue with one receiver. Create it with New.
type Mailbox[T any] struct {
	wake  chan struct{}
	limit int

	mu     sync.Mutex // guards the fields below
	items  []T
	closed bool
}

// New returns an empty mailbox that holds at most limit items.
func New[T any](limit int) *Mailbox[T] {
	return &Mailbox[T]{wake: make(chan struct{}, 1), limit: limit}
}

// Put appends v and wakes the receiver. It reports false, and keeps nothing,
// when the mailbox is full or closed.
func (m *Mailbox[T]) Put(v T) bool {
	count, ok := m.add(v)
	if count == 1 {
		m.Ring()
	}
	return ok
}

// Add is Put without the wake-up: who has several to put Rings behind them.
func (m *Mailbox[T]) Add(v T) bool {
	_, ok := m.add(v)
	return ok
}

// Ring wakes the receiver.
func (m *Mailbox[T]) Ring() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// add appends v and returns how many there are then.
func (m *Mailbox[T]) add(v T) (count int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.items) >= m.limit {
		return 0, false
	}
	m.items = append(m.items, v)
	return len(m.items), true
}

// Wake returns a channel that yields after Puts; several Puts may share one
// wake-up, and a wake-up may find nothing left.
func (m *Mailbox[T]) Wake() <-chan struct{} { return m.wake }

// Take returns all items, oldest first, and leaves the mailbox empty. It
// reuses spare, which must be what the previous Take returned (or nil), so two
// buffers alternate and nothing is allocated in a steady state.
func (m *Mailbox[T]) Take(spare []T) []T {
	clear(spare)
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = spare[:0]
	return items
}

// Close makes every later Put fail. Items already there can still be taken.
func (m *Mailbox[T]) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
