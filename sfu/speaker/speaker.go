// Package speaker tells who is speaking from audio levels.
package speaker

import "time"

// Key names one audio source.
type Key uint32

// Detector follows the audio levels of one room. The zero Detector is ready to
// use.
type Detector struct{}

// Speaking is one who speaks; Level runs from 0 to 1.
type Speaking struct {
	Key   Key
	Level float64
}

// Observe takes the RFC 6464 level of one packet: 0 is loudest, 127 silence.
func (d *Detector) Observe(key Key, level uint8, voice bool, now time.Time) { panic("todo") }

// Remove forgets a source.
func (d *Detector) Remove(key Key) { panic("todo") }

// Update closes the interval that ends at now and returns who speaks, loudest
// first; changed is false when nothing is new since the last Update. The slice
// is valid until the next call.
func (d *Detector) Update(now time.Time) (speaking []Speaking, changed bool) { panic("todo") }
