package certs

import (
	"context"
	"errors"
	"sync"

	"github.com/caddyserver/certmagic"
)

// storage keeps certificates in a directory. certmagic holds a lock while it
// obtains or renews one, and may do so in goroutines that it tells nobody
// about; that these locks are ours is how they are waited for.
type storage struct {
	certmagic.Storage

	mu     sync.Mutex // guards what is below
	closed bool
	locks  map[string]chan struct{} // closed when it is unlocked
	held   sync.WaitGroup
}

func newStorage(dir string) *storage {
	return &storage{
		Storage: &certmagic.FileStorage{Path: dir},
		locks:   make(map[string]chan struct{}),
	}
}

// Lock waits until nobody holds the lock. After close nobody gets one.
func (s *storage) Lock(ctx context.Context, name string) error {
	for {
		taken, err := s.tryLock(name)
		if taken == nil || err != nil {
			return err
		}
		select {
		case <-taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryLock returns what to wait for when somebody holds the lock.
func (s *storage) tryLock(name string) (taken <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the server is stopping")
	}
	if lock := s.locks[name]; lock != nil {
		return lock, nil
	}
	s.locks[name] = make(chan struct{})
	s.held.Add(1)
	return nil, nil
}

// Unlock gives the lock back.
func (s *storage) Unlock(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lock := s.locks[name]
	if lock == nil {
		return errors.New("lock " + name + " is not held")
	}
	delete(s.locks, name)
	close(lock)
	s.held.Done()
	return nil
}

// refuse gives out no lock any more; wait waits for those that are held.
func (s *storage) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

func (s *storage) wait() { s.held.Wait() }
