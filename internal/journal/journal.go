package journal

import (
	"bytes"
	"strings"
	"sync"
)

// Journal takes what is written. The zero Journal is empty and ready to use, by any
// goroutine.
type Journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write implements io.Writer. It never fails.
func (j *Journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// String returns all that was written so far.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// Has reports whether what was written so far contains s.
func (j *Journal) Has(s string) bool { return strings.Contains(j.String(), s) }
