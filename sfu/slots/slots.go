package slots

import (
	"slices"

	"sfu/sfu/media"
)

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

// Pair is what one pair of slots carries; the zero Pair is empty.
type Pair struct {
	Group
	Audio, Video media.TrackID
}

// Table is the slot table of one subscriber: pairs that never go away, and
// what each carries. The zero Table has no pairs.
type Table struct {
	pairs []Pair
	empty []int // indices of the empty pairs, the longest empty first
}

// Grow adds n empty pairs.
func (t *Table) Grow(n int) {
	for range n {
		t.empty = append(t.empty, len(t.pairs))
		t.pairs = append(t.pairs, Pair{})
	}
}

// Assign makes the table carry wishes, most important first. A group that has
// a pair keeps it, because a move costs the viewer a keyframe; a new one takes
// the pair that has been empty longest, where the last packets of the group
// before it are least likely to be still under way. When the wishes outnumber
// the pairs, the first ones have them: a group further back loses its pair to
// them. Of two wishes for one group the first counts; the zero Wish asks for
// nothing.
//
// It returns the indices of the pairs whose content changed, in order, and how
// many more pairs it would need.
func (t *Table) Assign(wishes []Wish) (changed []int, missing int) {
	wishes, rank := distinct(wishes)
	missing = max(0, len(wishes)-len(t.pairs))
	wishes = wishes[:len(wishes)-missing]

	before := slices.Clone(t.pairs)
	kept := t.keep(wishes, rank)
	for i, wish := range wishes {
		if !kept[i] {
			t.pairs[t.empty[0]] = Pair(wish)
			t.empty = t.empty[1:]
		}
	}
	for i, pair := range t.pairs {
		if pair != before[i] {
			changed = append(changed, i)
		}
	}
	return changed, missing
}

// keep brings the pairs whose group is among wishes up to date, empties the
// others, and reports for every wish whether it has its pair already.
func (t *Table) keep(wishes []Wish, rank map[Group]int) []bool {
	kept := make([]bool, len(wishes))
	for i, pair := range t.pairs {
		if pair == (Pair{}) {
			continue
		}
		if r, wished := rank[pair.Group]; wished && r < len(wishes) {
			t.pairs[i] = Pair(wishes[r])
			kept[r] = true
			continue
		}
		t.pairs[i] = Pair{}
		t.empty = append(t.empty, i)
	}
	return kept
}

// distinct returns the first wish for every group, and each group's place
// among them.
func distinct(wishes []Wish) ([]Wish, map[Group]int) {
	first := make([]Wish, 0, len(wishes))
	rank := make(map[Group]int, len(wishes))
	for _, wish := range wishes {
		if _, twice := rank[wish.Group]; twice || wish == (Wish{}) {
			continue
		}
		rank[wish.Group] = len(first)
		first = append(first, wish)
	}
	return first, rank
}

// Pairs returns what every pair carries. The caller must not change it.
func (t *Table) Pairs() []Pair { return t.pairs }
