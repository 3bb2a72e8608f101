// Package slots assigns published tracks to the down slots of one subscriber.
package slots

import "sfu/sfu/media"

// Group is what one participant shows at once: its camera and microphone, or
// its screen and the screen's sound. The two share a pair of slots, and so a
// msid, so that browsers keep them in sync.
type Group struct {
	Participant media.ParticipantID
	Screen      bool
}

// Wish is a group that the subscriber is to receive; an empty TrackID means
// that the group has no track of that kind.
type Wish struct {
	Group
	Audio, Video media.TrackID
}

// Table is the slot table of one subscriber: pairs that never go away, and
// what each carries. The zero Table has no pairs.
type Table struct{}

// Pair is what one pair of slots carries; the zero Pair is empty.
type Pair struct {
	Group
	Audio, Video media.TrackID
}

// Grow adds n empty pairs.
func (t *Table) Grow(n int) { panic("todo") }

// Assign makes the table carry wishes, most important first. A group that has
// a pair keeps it; a new one takes the pair that has been empty longest; what
// finds no pair is left out. It returns the indices of pairs whose content
// changed and how many more pairs it would need.
func (t *Table) Assign(wishes []Wish) (changed []int, missing int) { panic("todo") }

// Pairs returns what every pair carries. The caller must not change it.
func (t *Table) Pairs() []Pair { panic("todo") }
