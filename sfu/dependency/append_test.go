package dependency

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// TestAppend writes descriptors anew, each with frame number 0x1234. The
// structure is that of L3T3: 9 decode targets, 3 chains.
func TestAppend(t *testing.T) {
	t.Parallel()
	var p Parser
	key := descriptor{start: true, row: 1, structure: l3t3(t)}.write()
	if drop := p.Parse(key, new(media.Header)); drop != media.Kept {
		t.Fatal(drop)
	}
	text := hex.EncodeToString(key[3:])
	for _, tt := range []struct {
		name, raw string
		active    uint32
		want      string
	}{
		{"the frame number alone", "d10146", 0, "d11234"},
		{"a mask for a short one: 01000, nine bits, 00", "d10146", 0b111, "d11234 401c"},
		{"a mask of all of them", "d10146", 0b111111111, "d11234 47fc"},
		{"a mask of targets that there are not", "d10146", 0xfffffe00, "d11234"},
		{"and of those that there are", "d10146", 0xfffffe07, "d11234 401c"},
		{"flags without meaning", "d10146 00", 0b111, "d11234 401c"},
		{"the mask that it has", "d10146 401c", 0b111, "d11234 401c"},
		{"the mask that it has, as it is", "d10146 401c", 0, "d11234 401c"},
		{"another mask", "d10146 401c", 0b1111, "d11234 403c"},
		{"what is custom stays where it was: 01111, nine bits", "940179 7838 6c6c 4701 2004 080c", 0b1001, "941234 7824 6c6c 4701 2004 080c"},
		{"or moves by nine bits: 00111", "940179 38d8 d88e 0240 0810 18", 0b1110, "941234 7838 6c6c 4701 2004 080c"},
		{"padding goes", "d10146 401f ffff", 0b1111, "d11234 403c"},
		{"unless nothing moves", "d10146 401f ffff", 0b111, "d11234 401f ffff"},
		{"a structure alone", "900001" + text, 0, "901234" + text},
		{"all are active with a structure, and no mask says it", "900001" + text, 0b111111111, "901234" + text},
	} {
		var h media.Header
		if drop := p.Parse(unhex(t, tt.raw), &h); drop != media.Kept {
			t.Errorf("%s: %s", tt.name, drop)
			continue
		}
		got := hex.EncodeToString(Append([]byte("dst"), &h.Dependency, 0x1234, tt.active)[3:])
		if got != strings.ReplaceAll(tt.want, " ", "") {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if raw := hex.EncodeToString(h.Dependency.Raw); raw != strings.ReplaceAll(tt.raw, " ", "") {
			t.Errorf("%s: changed the packet to %s", tt.name, raw)
		}
	}
}

// TestNoRoomForMask sees a descriptor that is as long as it can be keep the
// mask that it has.
func TestNoRoomForMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		diffs int
		mask  bool
	}{{378, true}, {379, true}, {380, false}, {385, false}} {
		var p Parser
		var h media.Header
		// 29 bits of head, 13 up to the layers, 64 of indications, 5 for each
		// diff, 7 more, and 32 of the mask: 255 bytes hold 379 diffs.
		tab := newTable(t, 0, "0 0 |"+strings.Repeat(" 1", tt.diffs)+"| |"+strings.Repeat("S", 32), "")
		d := descriptor{structure: tab}
		if drop := p.Parse(d.write(), &h); drop != media.Kept {
			t.Fatal(drop)
		}
		active := uint32(0xf0000001)
		out := Append(nil, &h.Dependency, 5, active)
		d.frame = 5
		if tt.mask {
			d.active = &active
		}
		if want := d.write(); !bytes.Equal(out, want) || len(out) > MaxLength {
			t.Errorf("%d diffs: %d bytes, want %d", tt.diffs, len(out), len(want))
		}
	}
}
