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
	m.mu.Lock()
	if m.closed || len(m.items) >= m.limit {
		m.mu.Unlock()
		return false
	}
	m.items = append(m.items, v)
	first := len(m.items) == 1
	m.mu.Unlock()
	if first {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
	return true
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
