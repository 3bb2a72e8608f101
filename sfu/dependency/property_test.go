package dependency

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"sfu/sfu/media"
)

// TestRandom makes structures and frames of all kinds: they are parsed as they
// were written, and what Append makes of them is, bit for bit, what the writer
// of the tests makes of the same frame with another number and mask.
func TestRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		tab := randomTable(rnd)
		key := descriptor{start: true, structure: tab, row: rnd.IntN(len(tab.rows))}
		if len(key.write()) > MaxLength {
			continue
		}
		var p Parser
		roundTrip(t, rnd, &p, tab, key)
		for n := range 20 {
			d := randomFrame(rnd, tab)
			if n%5 == 0 {
				d.structure = tab
			}
			if len(d.write()) <= MaxLength {
				roundTrip(t, rnd, &p, tab, d)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// roundTrip parses d, appends it with other numbers and parses that.
func roundTrip(t *testing.T, rnd *rand.Rand, p *Parser, tab *table, d descriptor) {
	t.Helper()
	h := media.Header{}
	known := p.active
	if drop := p.Parse(d.write(), &h); drop != media.Kept {
		t.Errorf("%+v: %s", d, drop)
		return
	}
	want := d.header(tab, h.Dependency.Structure)
	if d.active == nil && d.structure == nil {
		want.Dependency.Active = known
	}
	check(t, "random", h, want)

	all := uint32(math.MaxUint32) >> (32 - tab.targets())
	mask := rnd.Uint32() & all >> rnd.IntN(4)
	d.frame = uint16(rnd.Uint32())
	out := Append(nil, &h.Dependency, d.frame, mask)
	if mask != 0 {
		want.Dependency.Active = mask
	}
	if mask != 0 && (mask != all || d.structure == nil || d.active != nil) {
		d.active = &mask
	}
	written := d.write()
	if len(written) > MaxLength {
		return
	}
	if !bytes.Equal(out, written) {
		t.Errorf("appended %x, want %x", out, written)
	}
	again := media.Header{}
	if drop := p.Parse(out, &again); drop != media.Kept {
		t.Errorf("%x: %s", out, drop)
	}
	want.Dependency.Raw, want.Dependency.Frame = out, d.frame
	check(t, "appended", again, want)
}

func randomTable(rnd *rand.Rand) *table {
	tab := &table{offset: rnd.IntN(64)}
	targets := 1 + rnd.IntN(12)
	if rnd.IntN(8) == 0 {
		targets = 32
	}
	chains := rnd.IntN(1 + min(targets, media.MaxChains))
	l := row{}
	for range 1 + rnd.IntN(20) {
		r := row{spatial: l.spatial, temporal: l.temporal, marks: randomMarks(rnd, targets)}
		for range rnd.IntN(3) {
			r.diffs = append(r.diffs, 1+rnd.IntN(16))
		}
		for range chains {
			r.chains = append(r.chains, rnd.IntN(16))
		}
		tab.rows = append(tab.rows, r)
		switch rnd.IntN(3) {
		case 0:
			l.temporal = min(l.temporal+1, media.MaxTemporal-1)
		case 1:
			if l.spatial < media.MaxSpatial-1 {
				l = row{spatial: l.spatial + 1}
			}
		}
	}
	for range targets {
		if chains > 0 {
			tab.protected = append(tab.protected, rnd.IntN(chains))
		}
	}
	if rnd.IntN(2) == 0 {
		for range tab.rows[len(tab.rows)-1].spatial + 1 {
			tab.sizes = append(tab.sizes, media.Size{Width: uint16(1 + rnd.IntN(65535)), Height: uint16(1 + rnd.IntN(65535))})
		}
	}
	return tab
}

func randomMarks(rnd *rand.Rand, n int) (marks string) {
	for range n {
		marks += string("-DSR"[rnd.IntN(4)])
	}
	return marks
}

func randomFrame(rnd *rand.Rand, tab *table) descriptor {
	d := descriptor{
		start: rnd.IntN(2) == 0, end: rnd.IntN(2) == 0, row: rnd.IntN(len(tab.rows)),
		frame: uint16(rnd.Uint32()), offset: tab.offset, targets: tab.targets(),
	}
	if rnd.IntN(2) == 0 {
		mask := rnd.Uint32() >> (32 - d.targets)
		d.active = &mask
	}
	if rnd.IntN(3) == 0 {
		d.marks = randomMarks(rnd, d.targets)
	}
	if rnd.IntN(3) == 0 {
		d.diffs = []int{}
		for range rnd.IntN(5) {
			d.diffs = append(d.diffs, 1+rnd.IntN(1<<(4+4*rnd.IntN(3))))
		}
	}
	if rnd.IntN(3) == 0 && tab.chains() > 0 {
		for range tab.chains() {
			d.chains = append(d.chains, rnd.IntN(256))
		}
	}
	return d
}
