// Package keyframe decides when a keyframe request may go to a publisher.
package keyframe

import "time"

// Throttle coalesces the keyframe requests for one encoding. The zero Throttle
// is ready to use.
type Throttle struct{}

// Request notes that somebody needs a keyframe that is newer than now.
func (t *Throttle) Request(now time.Time) { panic("todo") }

// Seen notes that a keyframe arrived.
func (t *Throttle) Seen(now time.Time) { panic("todo") }

// Due reports whether a PLI is to be sent now, and remembers it as sent.
func (t *Throttle) Due(now time.Time) bool { panic("todo") }

// Waiting reports whether a request is still unanswered.
func (t *Throttle) Waiting() bool { panic("todo") }
