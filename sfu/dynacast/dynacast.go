package dynacast

import (
	"math/bits"
	"time"
)

const (
	// MaxEncodings is how many encodings of one track can be told apart: one
	// bit each. Browsers send three.
	MaxEncodings = 8

	// patience is how long an encoding stays on that nobody wants. To start it
	// again costs a keyframe and a wait for it, so it is not stopped for a tile
	// that is off the screen for a moment.
	patience = 5 * time.Second
)

// Switch remembers what of one track is wanted. Encodings are numbered low to
// high, and all are on in the beginning. The zero Switch is ready to use.
type Switch struct {
	// Encodings is how many there are, 0 for MaxEncodings. What is not there is
	// never on, and its going off is no news.
	Encodings int

	idle  uint8                   // bit i: nobody wants encoding i
	since [MaxEncodings]time.Time // when that began, where idle
	off   uint8
}

// Update takes what is wanted now, bit i that somebody wants encoding i, and
// returns what is to be encoded. It goes on at once, and off when it was not
// wanted for five seconds in a row. changed is true when the publisher is to
// be told.
func (s *Switch) Update(wanted uint8, now time.Time) (active uint8, changed bool) {
	before := s.active()
	s.off &^= wanted
	for i := range MaxEncodings {
		bit := uint8(1) << i
		if s.idle&bit == 0 {
			s.since[i] = now
		}
		if wanted&bit == 0 && now.Sub(s.since[i]) >= patience {
			s.off |= bit
		}
	}
	s.idle = ^wanted
	active = s.active()
	return active, active != before
}

// Next returns when Update is due again because something will be switched
// off, the zero time when nothing will.
func (s *Switch) Next() (next time.Time) {
	for left := s.idle & s.active(); left != 0; left &= left - 1 {
		due := s.since[bits.TrailingZeros8(left)].Add(patience)
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

func (s *Switch) active() uint8 { return s.all() &^ s.off }

func (s *Switch) all() uint8 {
	if s.Encodings <= 0 {
		return 1<<MaxEncodings - 1
	}
	return 1<<s.Encodings - 1 // from MaxEncodings on every bit
}
