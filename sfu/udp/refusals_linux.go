package udp

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxRefusals is how many addresses are remembered not to take trains. When
	// there are more all are forgotten, and each costs one more attempt.
	maxRefusals = 4096
	// refusalTime is how long one is remembered: paths change.
	refusalTime = time.Minute
)

// refusals are the addresses that trains cannot be sent to. They are read for
// every flush and hardly ever change, so a change makes a new map.
type refusals struct {
	mu    sync.Mutex // serializes changes
	until atomic.Pointer[map[netip.AddrPort]time.Time]
}

// refused is the refusals at one moment.
type refused struct {
	until map[netip.AddrPort]time.Time
	now   time.Time
}

func (r *refusals) now() refused {
	until := r.until.Load()
	if until == nil {
		return refused{}
	}
	return refused{*until, time.Now()}
}

func (r refused) has(to netip.AddrPort) bool {
	return len(r.until) > 0 && r.now.Before(r.until[to])
}

func (r *refusals) add(to netip.AddrPort, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := make(map[netip.AddrPort]time.Time)
	if until := r.until.Load(); until != nil {
		maps.Copy(next, *until)
	}
	maps.DeleteFunc(next, func(_ netip.AddrPort, until time.Time) bool { return !now.Before(until) })
	if len(next) >= maxRefusals {
		clear(next)
	}
	next[to] = now.Add(refusalTime)
	r.until.Store(&next)
}
