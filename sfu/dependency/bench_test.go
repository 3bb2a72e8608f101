package dependency

import (
	"testing"

	"sfu/sfu/media"
)

// packets are what a steady stream is made of: a keyframe with its structure,
// a packet without any flag, one with a mask and one with all that is custom.
func packets(t testing.TB) map[string][]byte {
	active := uint32(0x1ff)
	tab := l3t3(t)
	custom := descriptor{row: 5, frame: 3, offset: tab.offset, targets: 9, active: &active, marks: "-DSR-DSR-", diffs: []int{1, 300}, chains: []int{1, 2, 3}}
	return map[string][]byte{
		"structure": descriptor{start: true, row: 1, frame: 1, structure: tab}.write(),
		"short":     descriptor{row: 5, frame: 2, offset: tab.offset}.write(),
		"mask":      descriptor{row: 5, frame: 3, offset: tab.offset, targets: 9, active: &active}.write(),
		"custom":    custom.write(),
	}
}

// TestNoAllocations is not parallel: it counts what all goroutines allocate.
func TestNoAllocations(t *testing.T) {
	var p Parser
	dst := make([]byte, 0, MaxLength)
	p.Parse(packets(t)["structure"], new(media.Header))
	key := packets(t)["structure"]
	for cut := range key {
		if n := testing.AllocsPerRun(10, func() { p.Parse(key[:cut], new(media.Header)) }); n != 0 {
			t.Errorf("parsing %d bytes of a structure allocates %v times", cut, n)
		}
	}
	for name, raw := range packets(t) {
		var h media.Header
		if n := testing.AllocsPerRun(100, func() { p.Parse(raw, &h) }); n != 0 || h.Dependency.Raw == nil {
			t.Errorf("parsing %s allocates %v times", name, n)
		}
		for _, active := range []uint32{0, 1, 7, 0x1ff} {
			if n := testing.AllocsPerRun(100, func() { Append(dst, &h.Dependency, 7, active) }); n != 0 {
				t.Errorf("appending %s with %b allocates %v times", name, active, n)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, raw := range packets(b) {
		b.Run(name, func(b *testing.B) {
			var p Parser
			var h media.Header
			p.Parse(packets(b)["structure"], &h)
			b.ReportAllocs()
			for b.Loop() {
				p.Parse(raw, &h)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, raw := range packets(b) {
		var p Parser
		var h media.Header
		p.Parse(packets(b)["structure"], &h)
		p.Parse(raw, &h)
		dst := make([]byte, 0, MaxLength)
		for action, active := range map[string]uint32{"frame": 0, "active": 7} {
			b.Run(name+"/"+action, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Append(dst, &h.Dependency, 7, active)
				}
			})
		}
	}
}
