package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// entry is one line of the log.
type entry map[string]string

// journal keeps what a server logs.
type journal struct {
	mu      sync.Mutex
	entries []entry
	more    chan struct{} // closed and replaced when there is more
}

func newJournal() *journal { return &journal{more: make(chan struct{})} }

// add takes a line of JSON.
func (j *journal) add(line []byte) entry {
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber() // as they were written
	if err := dec.Decode(&fields); err != nil {
		fields = map[string]any{"msg": err.Error()}
	}
	e := make(entry)
	for name, value := range fields {
		e[name] = fmt.Sprint(value)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	close(j.more)
	j.more = make(chan struct{})
	return e
}

// size is how many lines there are, for await to begin after.
func (j *journal) size() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// await returns the lines from a certain one up to the first that is wanted.
func (j *journal) await(t *testing.T, from int, wanted func(entry) bool) []entry {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		j.mu.Lock()
		found, more := j.entries[from:], j.more
		j.mu.Unlock()
		if i := slices.IndexFunc(found, wanted); i >= 0 {
			return found[:i+1]
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("the log does not have it: %v", found)
		}
	}
}
