package slots

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"sfu/sfu/media"
)

// A wish is written as its participant's letter, in upper case for the screen,
// and, from the second pair of tracks on, a number: "a", "A", "a2". An empty
// pair is "-", the zero Wish "0".
func parseWish(word string) Wish {
	if word == "0" {
		return Wish{}
	}
	letter := rune(word[0])
	return Wish{
		Group: Group{
			Participant: media.ParticipantID(unicode.ToLower(letter)),
			Screen:      unicode.IsUpper(letter),
		},
		Audio: media.TrackID("audio-" + word),
		Video: media.TrackID("video-" + word),
	}
}

func parseWishes(words string) []Wish {
	var wishes []Wish
	for word := range strings.FieldsSeq(words) {
		wishes = append(wishes, parseWish(word))
	}
	return wishes
}

func describe(pairs []Pair) string {
	words := make([]string, len(pairs))
	for i, pair := range pairs {
		words[i] = "-"
		if pair != (Pair{}) {
			words[i] = strings.TrimPrefix(string(pair.Video), "video-")
		}
	}
	return strings.Join(words, " ")
}

func TestAssign(t *testing.T) {
	t.Parallel()
	type step struct {
		grow    int
		wishes  string
		pairs   string
		changed string
		missing int
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"no pairs, all missing", []step{
			{0, "a b", "", "[]", 2},
		}},
		{"fills in the order of importance", []step{
			{3, "b a", "b a -", "[0 1]", 0},
		}},
		{"the same again changes nothing", []step{
			{3, "a b", "a b -", "[0 1]", 0},
			{0, "a b", "a b -", "[]", 0},
		}},
		{"importance alone moves nobody", []step{
			{3, "a b c", "a b c", "[0 1 2]", 0},
			{0, "c b a", "a b c", "[]", 0},
		}},
		{"who leaves leaves a hole, and nobody closes up", []step{
			{3, "a b c", "a b c", "[0 1 2]", 0},
			{0, "b c", "- b c", "[0]", 0},
		}},
		{"the pair that has been empty longest is taken first", []step{
			{3, "a b c", "a b c", "[0 1 2]", 0},
			{0, "a b", "a b -", "[2]", 0},
			{0, "b", "- b -", "[0]", 0},
			{0, "b d", "- b d", "[2]", 0},
			{0, "b d e", "e b d", "[0]", 0},
		}},
		{"a pair emptied now waits behind one that was empty before", []step{
			{2, "a", "a -", "[0]", 0},
			{0, "b", "- b", "[0 1]", 0},
		}},
		{"a pair emptied now is taken when there is no other", []step{
			{1, "a", "a", "[0]", 0},
			{0, "b", "b", "[0]", 0},
		}},
		{"new pairs are empty for a shorter time than old ones", []step{
			{1, "a", "a", "[0]", 0},
			{0, "", "-", "[0]", 0},
			{1, "b", "b -", "[0]", 0},
		}},
		{"another track of a kept group is a change, not a move", []step{
			{2, "a b", "a b", "[0 1]", 0},
			{0, "a b2", "a b2", "[1]", 0},
		}},
		{"camera and screen of one participant are two groups", []step{
			{3, "a A b", "a A b", "[0 1 2]", 0},
			{0, "a b", "a - b", "[1]", 0},
		}},
		{"too many wishes: the last ones find nothing", []step{
			{2, "a b c d", "a b", "[0 1]", 2},
			{1, "a b c d", "a b c", "[2]", 1},
		}},
		{"the more important one takes the pair of the least important", []step{
			{2, "a b", "a b", "[0 1]", 0},
			{0, "c b a", "c b", "[0]", 1},
		}},
		{"a wish that comes twice counts once, the first time", []step{
			{2, "a b a2", "a b", "[0 1]", 0},
			{0, "a b c c", "a b", "[]", 1},
		}},
		{"a wish for nothing takes no pair", []step{
			{2, "0 a", "a -", "[0]", 0},
			{0, "0 a b", "a b", "[1]", 0},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var table Table
			for i, step := range tt.steps {
				table.Grow(step.grow)
				changed, missing := table.Assign(parseWishes(step.wishes))
				got := fmt.Sprint(describe(table.Pairs()), " ", changed, " ", missing)
				want := fmt.Sprint(step.pairs, " ", step.changed, " ", step.missing)
				if got != want {
					t.Fatalf("step %d, wishes %q: got %s, want %s", i, step.wishes, got, want)
				}
			}
		})
	}
}

func TestAGroupMayLackAKind(t *testing.T) {
	t.Parallel()
	var table Table
	table.Grow(1)
	muted := Wish{Group: Group{Participant: "a"}}
	talking := Wish{Group: Group{Participant: "a"}, Audio: "mic"}
	table.Assign([]Wish{muted})
	if changed, _ := table.Assign([]Wish{talking}); !slices.Equal(changed, []int{0}) {
		t.Errorf("changed = %v after the microphone came, want [0]", changed)
	}
	if got := table.Pairs()[0]; got != Pair(talking) {
		t.Errorf("the pair carries %v, want %v", got, talking)
	}
}

// FuzzAssign reads each byte as one wish (low 4 bits the participant, bit 4
// the screen, bits 5 and 6 which track), 0x80 and above as the end of a list of
// wishes and how many pairs to add before it is assigned.
func FuzzAssign(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0x84, 2, 3, 4, 5, 0x80, 0x81, 1, 1, 33, 0x80})
	f.Add([]byte{0x82, 1, 17, 0x80, 17, 2, 1, 0x80, 3, 2, 0x80})
	f.Fuzz(play)
}

func TestAssignKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		ops := make([]byte, 200)
		for i := range ops {
			ops[i] = byte(rng.Uint32())
			if rng.IntN(8) > 0 {
				ops[i] &= 0x7f
			}
		}
		play(t, ops)
	}
}

func play(t *testing.T, ops []byte) {
	var table Table
	var wishes []Wish
	for _, op := range ops {
		if op < 0x80 {
			wishes = append(wishes, Wish{
				Group: Group{Participant: media.ParticipantID(rune('a' + op&15)), Screen: op&16 != 0},
				Audio: media.TrackID(rune('0' + op>>5)),
			})
			continue
		}
		table.Grow(int(op & 3))
		checkAssign(t, &table, wishes)
		wishes = nil
	}
}

// checkAssign assigns and holds the outcome against what Assign promises.
func checkAssign(t *testing.T, table *Table, wishes []Wish) {
	t.Helper()
	before := slices.Clone(table.Pairs())
	changed, missing := table.Assign(wishes)
	after := table.Pairs()

	var served []Group
	first := make(map[Group]Wish)
	for _, wish := range wishes {
		if _, twice := first[wish.Group]; !twice {
			first[wish.Group] = wish
			served = append(served, wish.Group)
		}
	}
	if want := max(0, len(served)-len(after)); missing != want {
		t.Fatalf("missing = %d for %d groups in %d pairs", missing, len(served), len(after))
	}
	served = served[:len(served)-missing]

	at := make(map[Group]int)
	for i, pair := range after {
		if pair == (Pair{}) {
			continue
		}
		if _, twice := at[pair.Group]; twice {
			t.Fatalf("group %v has two pairs: %v", pair.Group, after)
		}
		at[pair.Group] = i
		if pair != Pair(first[pair.Group]) {
			t.Fatalf("pair %d carries %v, wished was %v", i, pair, first[pair.Group])
		}
	}
	if len(at) != len(served) {
		t.Fatalf("%d groups have a pair, want %d", len(at), len(served))
	}
	for _, group := range served {
		if _, ok := at[group]; !ok {
			t.Fatalf("group %v is wished for and has no pair", group)
		}
	}
	for i, pair := range before {
		now, wished := at[pair.Group]
		if pair != (Pair{}) && wished && now != i {
			t.Fatalf("group %v moved from pair %d to %d", pair.Group, i, now)
		}
		if listed := slices.Contains(changed, i); listed != (pair != after[i]) {
			t.Fatalf("pair %d: %v -> %v, listed as changed: %v", i, pair, after[i], listed)
		}
	}
}

func BenchmarkAssign50(b *testing.B) {
	var table Table
	table.Grow(50)
	var wishes []Wish
	for i := range 100 {
		wishes = append(wishes, Wish{Group: Group{Participant: media.ParticipantID(fmt.Sprint(i))}, Video: "v"})
	}
	b.ReportAllocs()
	for from := 0; b.Loop(); from = (from + 1) % 32 {
		table.Assign(wishes[from : from+50])
	}
}
