package dependency

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// rows makes n templates of the layer that line begins with.
func rows(n int, line string) string { return strings.Repeat(line+"\n", n) }

func TestHostile(t *testing.T) {
	t.Parallel()
	one := func(rows string) *table { return newTable(t, 0, rows, "") }
	for _, tt := range []struct {
		name  string
		table *table
		row   int
		want  media.Drop
	}{
		{"one template", one("0 0 | | | S"), 0, media.Kept},
		{"the template that is not there", one("0 0 | | | S"), 1, media.DropMalformed},
		{"64 templates", one(rows(64, "0 0 | | | S")), 63, media.Kept},
		{"65 templates", one(rows(65, "0 0 | | | S")), 0, media.DropMalformed},
		{"32 decode targets", one("0 0 | | |" + strings.Repeat("S", 32)), 0, media.Kept},
		{"four spatial layers", one("0 0 | | | S\n1 0 | | | S\n2 0 | | | S\n3 0 | | | S"), 3, media.Kept},
		{"five spatial layers", one("0 0 | | | S\n1 0 | | | S\n2 0 | | | S\n3 0 | | | S\n4 0 | | | S"), 0, media.DropMalformed},
		{"eight temporal layers", one(temporal(0, 8)), 7, media.Kept},
		{"nine temporal layers", one(temporal(0, 9)), 0, media.DropMalformed},
		{"eight temporal layers twice", one(temporal(0, 8) + temporal(1, 8)), 15, media.Kept},
		{"eight chains", chained(t, 8), 0, media.Kept},
		{"nine chains", chained(t, 9), 0, media.DropMalformed},
		{"a hundred frame diffs", one("0 0 |" + strings.Repeat(" 1", 100) + "| | S"), 0, media.Kept},
		{"longer than a header extension", one("0 0 |" + strings.Repeat(" 1", 400) + "| | S"), 0, media.DropMalformed},
	} {
		var p Parser
		var h media.Header
		d := descriptor{row: tt.row, structure: tt.table}
		if got := p.Parse(d.write(), &h); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if tt.want == media.Kept {
			check(t, tt.name, h, d.header(tt.table, h.Dependency.Structure))
		}
	}
}

func temporal(spatial, n int) (lines string) {
	for i := range n {
		lines += fmt.Sprintf("%d %d | | | S\n", spatial, i)
	}
	return lines
}

func chained(t *testing.T, n int) *table {
	tab := newTable(t, 0, "0 0 | |"+strings.Repeat(" 1", n)+"|"+strings.Repeat("S", n), "")
	for i := range n {
		tab.protected = append(tab.protected, i)
	}
	return tab
}

// TestLargestSize sees a width of 65536 become one less, and not nothing.
func TestLargestSize(t *testing.T) {
	t.Parallel()
	var p Parser
	var h media.Header
	// As Chromium's L1T1 up to resolutions_present_flag; then ffff and 0000.
	if drop := p.Parse(unhex(t, "80000180003a4101 ffff800000"), &h); drop != media.Kept {
		t.Fatal(drop)
	}
	if want := (media.Size{Width: 65535, Height: 1}); h.Sizes[0] != want {
		t.Errorf("size %v, want %v", h.Sizes[0], want)
	}
}

// TestRefusedChangesNothing cuts descriptors off everywhere.
func TestRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	active := uint32(1)
	for name, mode := range modes(t) {
		mode.first.structure = mode.table
		bare := descriptor{offset: mode.table.offset, targets: mode.table.targets(), frame: 7}
		full := bare
		full.active, full.marks, full.diffs = &active, mode.table.rows[0].marks, []int{1, 17, 4096}
		full.chains = mode.table.rows[0].chains
		other := mode.first
		tab := *mode.table
		tab.offset, tab.sizes = 33, nil
		other.structure = &tab
		p, before := Parser{}, media.Header{Seq: 100}
		if drop := p.Parse(mode.first.write(), &before); drop != media.Kept {
			t.Fatal(drop)
		}
		for _, d := range []descriptor{bare, full, mode.first, other} {
			raw := d.write()
			for n := range len(raw) {
				if n == mandatory {
					continue // that is whole
				}
				h, was := before, p
				drop := p.Parse(raw[:n:n], &h)
				if drop != media.DropMalformed || !reflect.DeepEqual(h, before) || p != was {
					t.Errorf("%s: %d bytes of %x: %s, or something changed", name, n, raw, drop)
				}
			}
		}
		unknown := descriptor{offset: mode.table.offset, row: len(mode.table.rows)}
		h, was := before, p
		if drop := p.Parse(unknown.write(), &h); drop != media.DropStructure || p != was || !reflect.DeepEqual(h, before) {
			t.Errorf("%s: an unknown template: %s, or something changed", name, drop)
		}
	}
}
