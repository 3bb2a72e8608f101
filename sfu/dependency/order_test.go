package dependency

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// TestOrder sends packets by a line of words: a letter for the structure that
// the packet refers to, upper case when it brings it along, the sequence number,
// and the mask after a colon. Out come letter and mask, as the packet was read.
// The structures A and B have 3 decode targets and other template ids, C has A's
// ids and 1 decode target.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"a structure, and what refers to it", "A10 a11 a12", "a7 a7 a7"},
		{"nothing to refer to", "a9 a10", "structure structure"},
		{"the structure comes late", "a11 A10 a11 a12", "structure a7 a7 a7"},
		{"what came before it is not read by it", "A10 a9", "a7 structure"},
		{"a mask holds until the next one", "A10 a11 a12:3 a13 a14:7 a15", "a7 a7 a3 a3 a7 a7"},
		{"a mask with the structure", "A10:1 a11", "a1 a1"},
		{"a mask of nothing", "A10 a11:0 a12", "a7 a0 a0"},
		{"the structure again wipes the mask", "A10:1 a11 A12 a13", "a1 a1 a7 a7"},
		{"a late mask holds for its packet alone", "A10 a13:3 a12:1 a14", "a7 a3 a1 a3"},
		{"a late mask that is the newest all the same", "A10 a13 a12:1 a14", "a7 a7 a1 a1"},
		{"a late packet without mask has the newest one", "A10 a13:3 a12", "a7 a3 a3"},
		{"the structure repeated by a retransmission", "A10 a12:3 A10 a13", "a7 a3 a7 a3"},
		{"the mask repeated by a retransmission", "A10 a11:1 a12:3 a11:1 a13", "a7 a1 a3 a1 a3"},
		{"another structure", "A10:1 a11 B12 b13", "a1 a1 b7 b7"},
		{"the one before is gone", "A10 B12 a13 b14", "a7 b7 structure b7"},
		{"late packets of the one before", "A10 B12 a11 b13", "a7 b7 structure b7"},
		{"late packets that the new one would read wrongly", "A10 C12 a11 c13", "a7 c1 structure c1"},
		{"the one before, retransmitted", "A10 B12 A10 b13", "a7 b7 a7 b7"},
		{"its mask is not put back either", "A10:1 B12:3 A10:1 b13", "a1 b3 a1 b3"},
		{"a late one that is the newest all the same", "A10 a12:1 B11 b13 a14", "a7 a1 b7 b7 structure"},
		{"late packets between two of the same", "A10 A20 a15 a25", "a7 a7 a7 a7"},
		{"a structure that comes after a mask of the one before", "A10 a14:1 B12 b13:3 b15", "a7 a1 b7 b3 b3"},
		{"there and back", "A10 B20 A30 b25 a31", "a7 b7 a7 structure a7"},
		{"over the wrap", "A65534:1 a65535 a0:3 a1 a65535:7 a2", "a1 a1 a3 a3 a7 a3"},
		{"late at the very start, over the wrap", "A0 a65535 A65535:1 a1", "a7 structure a1 a7"},
		{"a structure from long ago", "A0:1 a20000 a40000 a60000 B10000 b10001", "a1 a1 a1 a1 b7 b7"},
		{"a mask from long ago", "A0 a1:1 a20000 a40000 a60000:3 a10000 a50000:7 a10001", "a7 a1 a1 a1 a3 a3 a7 a3"},
		{"late by half a lap", "A0 a30000 a60000:3 a30000 a4464:1 a4465", "a7 a7 a3 a3 a1 a1"},
		{"a restart forgets all", "A10:1 a11 ! a12 a5 A40000 a40001", "a1 a1 structure structure a7 a7"},
	} {
		var p Parser
		var out []string
		for _, word := range strings.Fields(tt.in) {
			if word == "!" {
				p.Reset()
				continue
			}
			out = append(out, send(t, &p, word))
		}
		if got := strings.Join(out, " "); got != tt.want {
			t.Errorf("%s: %s gave %s, want %s", tt.name, tt.in, got, tt.want)
		}
	}
}

func send(t *testing.T, p *Parser, word string) string {
	t.Helper()
	letter := strings.ToLower(word[:1])
	a := l1t3(t)
	tab := map[string]*table{"a": a, "b": {40, a.rows, a.protected, a.sizes}, "c": l1t1(t)}[letter]
	number, text, masked := strings.Cut(word[1:], ":")
	seq := numbers(t, number)[0]
	// An encoding that pauses comes back with any frame number.
	d := descriptor{frame: uint16(seq * 40503), offset: tab.offset, targets: tab.targets()}
	if word[:1] != letter {
		d.structure = tab
	}
	if masked {
		active := uint32(numbers(t, text)[0])
		d.active = &active
	}
	h := media.Header{Seq: uint16(seq)}
	if drop := p.Parse(d.write(), &h); drop != media.Kept {
		return drop.String()
	}
	return letter + fmt.Sprint(h.Dependency.Active)
}

// TestSameStructure sees the structure of a keyframe reused, and never changed.
func TestSameStructure(t *testing.T) {
	t.Parallel()
	var p Parser
	seq := uint16(0)
	parse := func(tab *table) *media.Structure {
		seq++
		h := media.Header{Seq: seq}
		if drop := p.Parse(descriptor{structure: tab}.write(), &h); drop != media.Kept {
			t.Fatal(drop)
		}
		return h.Dependency.Structure
	}
	changes := map[string]func(tab *table){
		"template ids":    func(tab *table) { tab.offset = 20 },
		"a size":          func(tab *table) { tab.sizes[2].Width++ },
		"no sizes":        func(tab *table) { tab.sizes = nil },
		"a chain diff":    func(tab *table) { tab.rows[14].chains[2]++ },
		"an indication":   func(tab *table) { tab.rows[14].marks = "--------R" },
		"a layer":         func(tab *table) { tab.rows[14].temporal = 3 },
		"a chain":         func(tab *table) { tab.protected[8] = 0 },
		"a template less": func(tab *table) { tab.rows = tab.rows[:14] },
	}
	for name, change := range changes {
		first := parse(l3t3(t))
		was := *first
		if parse(l3t3(t)) != first {
			t.Errorf("the same structure, and another pointer")
		}
		other := l3t3(t)
		change(other)
		if parse(other) == first {
			t.Errorf("%s changed, and it is the same pointer", name)
		}
		if *first != was {
			t.Errorf("%s changed a structure that packets refer to", name)
		}
	}
}

// TestAllOrders sees the same things remembered whatever order packets come in:
// masks and structures of the newest packet that brought any.
func TestAllOrders(t *testing.T) {
	t.Parallel()
	words := []string{"A10", "A12:1", "a13:3", "B14", "b15:5"}
	var permute func(done, rest []string)
	permute = func(done, rest []string) {
		if len(rest) == 0 {
			var p Parser
			for _, word := range done {
				send(t, &p, word)
			}
			// b15 before B14 has nothing to refer to, and is not kept.
			want := "b5"
			if slices.Index(done, "b15:5") < slices.Index(done, "B14") {
				want = "b7"
			}
			if got := send(t, &p, "b16"); got != want {
				t.Errorf("%v: then b16 is %s, want %s", done, got, want)
			}
			return
		}
		for i, word := range rest {
			left := slices.Delete(slices.Clone(rest), i, i+1)
			permute(append(slices.Clone(done), word), left)
		}
	}
	permute(nil, words)
}
