package dependency

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"sfu/sfu/media"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pack(marks string) (packed uint64) {
	for i, m := range marks {
		packed |= uint64(strings.IndexRune("-DSR", m)) << (2 * i)
	}
	return packed
}

// told is what the table says to the rest of the house; the layers of its
// decode targets are given by hand, "01" for spatial 0 and temporal 1.
func (tab *table) told(layers string) media.Structure {
	s := media.Structure{Targets: uint8(tab.targets()), Chains: uint8(tab.chains())}
	for i, word := range strings.Fields(layers) {
		s.Layers[i] = media.Layer{Spatial: word[0] - '0', Temporal: word[1] - '0'}
	}
	for i, chain := range tab.protected {
		s.Protected[i] = uint8(chain)
	}
	copy(s.Sizes[:], tab.sizes)
	return s
}

// header is what Parse makes of d, whose rows are those of tab.
func (d descriptor) header(tab *table, s *media.Structure) media.Header {
	r := tab.rows[d.row]
	h := media.Header{
		FrameStart: d.start,
		FrameEnd:   d.end,
		Layer:      media.Layer{Spatial: uint8(r.spatial), Temporal: uint8(r.temporal)},
		Dependency: media.Dependency{
			Raw:         d.write(),
			Structure:   s,
			Fresh:       d.structure != nil,
			Frame:       d.frame,
			Active:      uint32(1<<tab.targets() - 1),
			Indications: pack(r.marks),
		},
	}
	if d.active != nil {
		h.Dependency.Active = *d.active
	}
	if d.marks != "" {
		h.Dependency.Indications = pack(d.marks)
	}
	chains := r.chains
	if d.chains != nil {
		chains = d.chains
	}
	for i, diff := range chains {
		h.Dependency.ChainDiffs[i] = uint8(diff)
	}
	if d.structure != nil && tab.sizes != nil {
		copy(h.Sizes[:], tab.sizes)
	}
	return h
}

// modes are the structures of writer_test.go. Where there are bytes, Chromium
// has sent them: seen by LiveKit and by Jitsi, in whose tests they stand.
func modes(t testing.TB) map[string]struct {
	table  *table
	layers string
	first  descriptor
	bytes  string
} {
	return map[string]struct {
		table  *table
		layers string
		first  descriptor
		bytes  string
	}{
		"L1T1": {l1t1(t), "00", descriptor{start: true, frame: 1}, "80000180003a410180ef808680"},
		"L1T3": {l1t3(t), "00 01 02", descriptor{start: true, frame: 1}, "800001800214eaa860414d141020842701df010d"},
		"L2T1_KEY": {l2t1key(t), "00 10", descriptor{start: true, row: 1, frame: 9},
			// By hand: 10000, offset 62, 2 targets, layers 00 10 00 11, indications,
			// frame diffs 100010 0 100010 100000, 2 chains are 11 of ns(3), 0 1, chain diffs, 0.
			"bf0009 87c123 8a22 8914 1a42002422"},
		"L3T3": {l3t3(t), "00 01 02 10 11 12 20 21 22", descriptor{start: true, end: true, row: 1, frame: 308},
			"d0013481e81485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a800060000" +
				"40001d954926e082b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230ec" +
				"a87753013f00b3027f016704ff02cf"},
		"L3T3_KEY": {l3t3key(t), "00 01 02 10 11 12 20 21 22", descriptor{start: true, frame: 133},
			"8f008581e81485214eaaaaa8000600004000100002aa80a8000600004000100002a000a80006000040" +
				"0016d549241b5524906d54923157e001974ca864330e222396eca8655304224390eca87753013f00b3027f016704ff02cf"},
	}
}

func TestStructures(t *testing.T) {
	t.Parallel()
	for name, mode := range modes(t) {
		var p Parser
		mode.first.structure = mode.table
		if got := hex.EncodeToString(mode.first.write()); got != strings.ReplaceAll(mode.bytes, " ", "") {
			t.Errorf("%s: written\n%s, want\n%s", name, got, mode.bytes)
		}
		var h media.Header
		if drop := p.Parse(mode.first.write(), &h); drop != media.Kept {
			t.Fatalf("%s: %s", name, drop)
		}
		if got, want := *h.Dependency.Structure, mode.table.told(mode.layers); got != want {
			t.Errorf("%s: structure %+v, want %+v", name, got, want)
		}
		check(t, name, h, mode.first.header(mode.table, h.Dependency.Structure))
		for row := range mode.table.rows { // a frame of each template
			d := descriptor{end: true, row: row, frame: uint16(100 + row), offset: mode.table.offset}
			next := media.Header{}
			if drop := p.Parse(d.write(), &next); drop != media.Kept {
				t.Fatalf("%s, template %d: %s", name, row, drop)
			}
			check(t, fmt.Sprintf("%s, template %d", name, row), next, d.header(mode.table, h.Dependency.Structure))
		}
	}
}

func check(t *testing.T, name string, got, want media.Header) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n%+v, want\n%+v", name, got, want)
	}
}

// TestStory reads what a Chromium sent that turned its uppermost layer on.
func TestStory(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, tt := range []struct{ bytes, want string }{
		{"c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a80006000040001d954926" +
			"e082b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230eca877530077004200ef008601df010d",
			"start end fresh S0T0 370 active 111111111 SSSSSSSSS 0 0 0 sizes 120x67 240x135 480x270"},
		{"86017340fc", "start S1T0 371 active 111111 ---SSSSSS 1 1 1"},
		{"46017340fc", "end S1T0 371 active 111111 ---SSSSSS 1 1 1"},
		{"c3017540fc", "start end S0T2 373 active 111111 --D--R--R 3 2 1"},
		{"88017640fc", "start S1T2 374 active 111111 -----D--R 4 3 2"},
		{"c20178", "start end S0T1 376 active 111111 -DS-RR-RR 6 5 4"},
		{"c2017840fc", "start end S0T1 376 active 111111 -DS-RR-RR 6 5 4"},
		// By hand: the flags 01111, the mask 000001110, 9 indications, frame diffs
		// 2 and 19 as 01 0001 11 000000010010 00, 3 chain diffs of 8 bits.
		{"850179 7838 6c6c 4701 2004 080c", "start S1T0 377 active 1110 -DSR-DSR- 1 2 3"},
		{"050179", "S1T0 377 active 1110 ---SSSRRR 1 1 1"},
	} {
		var h media.Header
		if drop := p.Parse(unhex(t, tt.bytes), &h); drop != media.Kept {
			t.Errorf("%s: %s", tt.bytes, drop)
			continue
		}
		if got := describe(&h); got != tt.want {
			t.Errorf("%s:\n%s, want\n%s", tt.bytes, got, tt.want)
		}
	}
}

func describe(h *media.Header) string {
	var out []string
	d := &h.Dependency
	for _, word := range []struct {
		is   bool
		name string
	}{{h.FrameStart, "start"}, {h.FrameEnd, "end"}, {d.Fresh, "fresh"}} {
		if word.is {
			out = append(out, word.name)
		}
	}
	out = append(out, fmt.Sprintf("S%dT%d %d active %b ", h.Layer.Spatial, h.Layer.Temporal, d.Frame, d.Active))
	for i := range d.Structure.Targets {
		out[len(out)-1] += string("-DSR"[d.Indication(int(i))])
	}
	for _, diff := range d.ChainDiffs[:d.Structure.Chains] {
		out = append(out, fmt.Sprint(diff))
	}
	if h.Sizes != [media.MaxSpatial]media.Size{} {
		out = append(out, "sizes")
	}
	for _, size := range h.Sizes {
		if size != (media.Size{}) {
			out = append(out, fmt.Sprintf("%dx%d", size.Width, size.Height))
		}
	}
	return strings.Join(out, " ")
}

// TestNumbersBelow reads the table that explains ns(n) (A.8.2), and its ends.
func TestNumbersBelow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n, want uint32
		code    string
	}{
		{5, 0, "00"}, {5, 1, "01"}, {5, 2, "10"}, {5, 3, "110"}, {5, 4, "111"},
		{1, 0, ""}, {2, 1, "1"}, {3, 0, "0"}, {3, 2, "11"}, {4, 3, "11"},
		{33, 30, "11110"}, {33, 31, "111110"}, {33, 32, "111111"},
	} {
		r := reader{data: code(tt.code + "1").bytes()}
		if got := r.below(tt.n); got != tt.want || r.at != len(tt.code) || r.short {
			t.Errorf("%s is %d below %d after %d bits, want %d", tt.code, got, tt.n, r.at, tt.want)
		}
	}
}

func TestReaderEndsForGood(t *testing.T) {
	t.Parallel()
	r := reader{data: []byte{0xff, 0xff}}
	for _, tt := range []struct {
		n     int
		want  uint32
		short bool
	}{{3, 7, false}, {9, 0x1ff, false}, {0, 0, false}, {5, 0, true}, {4, 0, true}, {0, 0, true}} {
		if got := r.bits(tt.n); got != tt.want || r.short != tt.short {
			t.Errorf("%d bits are %x, short %v; want %x, %v", tt.n, got, r.short, tt.want, tt.short)
		}
	}
}
