package dependency

import (
	"fmt"
	"testing"

	"sfu/sfu/media"
)

func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, key, raw []byte, _ uint16, _ uint32) {
		var p Parser
		p.Parse(key, &media.Header{Seq: 1})
		was := p
		h := media.Header{Seq: 2}
		if drop := p.Parse(raw, &h); drop != media.Kept {
			if p != was || fmt.Sprint(h) != fmt.Sprint(media.Header{Seq: 2}) {
				t.Fatalf("%s, and something changed", drop)
			}
			return
		}
		d := &h.Dependency
		s := d.Structure
		if s.Targets < 1 || s.Targets > media.MaxDecodeTargets || s.Chains > media.MaxChains || s.Chains > s.Targets ||
			h.Layer.Spatial >= media.MaxSpatial || h.Layer.Temporal >= media.MaxTemporal ||
			uint64(d.Active)>>s.Targets != 0 || s.Targets < 32 && d.Indications>>(2*s.Targets) != 0 {
			t.Fatalf("beyond the limits: %+v of %+v", h, s)
		}
		for i := range s.Targets {
			if s.Chains > 0 && s.Protected[i] >= s.Chains || s.Layers[i].Spatial >= media.MaxSpatial || s.Layers[i].Temporal >= media.MaxTemporal {
				t.Fatalf("beyond the limits: %+v", s)
			}
		}
	})
}

func FuzzAppend(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, key, raw []byte, frame uint16, active uint32) {
		var p Parser
		p.Parse(key, new(media.Header))
		var h, again media.Header
		if p.Parse(raw, &h) != media.Kept {
			return
		}
		out := Append(nil, &h.Dependency, frame, active)
		if drop := p.Parse(out, &again); drop != media.Kept {
			t.Fatalf("%x became %x: %s", raw, out, drop)
		}
		want := h
		want.Dependency.Raw, want.Dependency.Frame = out, frame
		if active &= allActive(h.Dependency.Structure); active != 0 && len(out)+4 < MaxLength {
			want.Dependency.Active = active
		} else {
			again.Dependency.Active = want.Dependency.Active // there may have been no room
		}
		check(t, fmt.Sprintf("%x became %x", raw, out), again, want)
	})
}

func addSeeds(f *testing.F) {
	active := uint32(1)
	for _, mode := range modes(f) {
		mode.first.structure = mode.table
		key := mode.first.write()
		d := descriptor{offset: mode.table.offset, targets: mode.table.targets()}
		f.Add(key, d.write(), uint16(1), uint32(3))
		f.Add(key, key, uint16(2), uint32(1))
		d.active = &active
		f.Add(key, d.write(), uint16(1), uint32(3))
		d.marks, d.diffs, d.chains = mode.table.rows[0].marks, []int{1, 17, 4096}, mode.table.rows[0].chains
		f.Add(key, d.write(), uint16(1), uint32(3))
	}
	f.Add([]byte{}, []byte{0x80, 0, 1, 0x80, 0xff, 0xff, 0xff}, uint16(1), uint32(1))
}
