package allocate

import (
	"math/rand/v2"
	"testing"

	"sfu/sfu/media"
)

// sides are those that matter: each threshold of an HD camera and one beyond.
var sides = []uint16{
	0, 1, 100, 179, 180, 207, 208, 320, 337, 338, 360, 369, 370, 379, 380, 415, 416,
	640, 674, 675, 720, 739, 740, 831, 832, 1280, 1478, 1479, 4096, 32768, 65535,
}

func anySize(r *rand.Rand) media.Size {
	side := func() uint16 {
		if r.IntN(4) == 0 {
			return uint16(r.UintN(1 << 16))
		}
		return sides[r.IntN(len(sides))]
	}
	return media.Size{Width: side(), Height: side()}
}

func anyOptions(r *rand.Rand) []Option {
	o := make([]Option, 1+r.IntN(8))
	for i := range o {
		o[i] = Option{Temporal: uint8(r.UintN(256)), FPS: r.Float64()*80 - 10, Live: r.IntN(2) == 0}
		if r.IntN(3) > 0 {
			o[i].Size = anySize(r)
		}
	}
	return o
}

func anyWish(r *rand.Rand) Wish {
	return Wish{Size: anySize(r), FPS: uint8(r.UintN(256)), Pinned: r.IntN(8) == 0, Paused: r.IntN(8) == 0}
}

// wishedMore reports whether b asks for at least as much as a.
func wishedMore(a, b Wish) bool {
	if a.Paused || b.Paused {
		return a.Paused
	}
	whole := func(w Wish) bool { return w.Pinned || w.Size == media.Size{} }
	return whole(b) || !whole(a) && a.Size.Width <= b.Size.Width && a.Size.Height <= b.Size.Height
}

// Whatever was chosen before, a larger wish never gets a smaller option, and a
// wish for more frames of the same option never fewer.
func TestMoreIsNeverLess(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for range 20_000 {
		var before Chooser
		options := anyOptions(r)
		for range r.IntN(3) {
			before.Choose(anyWish(r), options)
		}
		a, b := anyWish(r), anyWish(r)
		if !wishedMore(a, b) {
			continue
		}
		compared++
		one, other := before, before
		i, _ := one.Want(a, options)
		j, _ := other.Want(b, options)
		if i > j {
			t.Fatalf("of %+v\n%+v wants %d,\n%+v wants %d", options, a, i, b, j)
		}
		one, other = before, before
		c := a
		c.FPS = uint8(r.UintN(256))
		_, few, _ := one.Choose(a, options)
		_, many, _ := other.Choose(c, options)
		if a.FPS != 0 && (c.FPS == 0 || c.FPS >= a.FPS) && few > many {
			t.Fatalf("at most %d frames are layer %d, at most %d are %d", a.FPS, few, c.FPS, many)
		}
	}
	if compared < 2000 {
		t.Errorf("only %d wishes could be compared", compared)
	}
}

// What is chosen is live wherever something is, nothing live lies between it
// and what is wanted, and to ask again changes nothing.
func TestChoiceIsLive(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var c Chooser
	for range 20_000 {
		w, options := anyWish(r), anyOptions(r)
		check(t, &c, w, options)
	}
}

func check(t *testing.T, c *Chooser, w Wish, options []Option) {
	t.Helper()
	i, temporal, ok := c.Choose(w, options)
	if ok != (!w.Paused && len(options) > 0) {
		t.Fatalf("%+v of %d options: %v", w, len(options), ok)
	}
	if !ok {
		return
	}
	after := *c
	if again, layer, _ := c.Choose(w, options); again != i || layer != temporal || *c != after {
		t.Fatalf("asked again, %+v gets %d (%d) after %d (%d)", w, again, layer, i, temporal)
	}
	wanted, _ := c.Want(w, options)
	alive := false
	for j, o := range options {
		alive = alive || o.Live
		if o.Live && (i < j && j <= wanted || wanted <= j && j < i || i > wanted && j <= wanted) {
			t.Fatalf("%d is chosen in place of %d, %d is nearer", i, wanted, j)
		}
	}
	if alive != options[i].Live || !alive && i != wanted {
		t.Fatalf("%d is chosen in place of %d of %+v", i, wanted, options)
	}
	if temporal >= max(options[i].Temporal, 1) || temporal >= media.MaxTemporal {
		t.Fatalf("temporal layer %d of %d", temporal, options[i].Temporal)
	}
	all := make([]Option, len(options))
	for j, o := range options {
		all[j] = o
		all[j].Live = true
	}
	if j, _, _ := c.Choose(w, all); j != wanted {
		t.Fatalf("wanted %d, but chosen when all live: %d", wanted, j)
	}
}

// A tile whose size trembles changes its picture once at most.
func TestTremblingTile(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	_, options := parse(hd)
	for width := 100; width < 2000; width += 7 {
		var c Chooser
		changes, last := -1, -1
		for range 50 {
			w := width * (100 + r.IntN(7)) / 100
			i, _ := c.Want(Wish{Size: media.Size{Width: uint16(w), Height: uint16(w * 9 / 16)}}, options)
			if i != last {
				changes, last = changes+1, i
			}
		}
		if changes > 1 {
			t.Errorf("a tile of %d to %d pixels: %d changes", width, width*106/100, changes)
		}
	}
}

func FuzzChooser(f *testing.F) {
	f.Add(uint16(640), uint16(360), uint8(15), uint8(0), []byte{1, 2, 128, 1, 104, 60, 3, 1, 2, 208, 0, 5, 0, 2, 208, 60, 3, 0})
	f.Add(uint16(0), uint16(0), uint8(0), uint8(1), []byte{})
	f.Add(uint16(65535), uint16(1), uint8(255), uint8(2), make([]byte, 6*80))
	f.Fuzz(func(t *testing.T, width, height uint16, fps, flags uint8, raw []byte) {
		w := Wish{Size: media.Size{Width: width, Height: height}, FPS: fps, Pinned: flags&1 != 0, Paused: flags&2 != 0}
		var options []Option
		for ; len(raw) >= 6; raw = raw[6:] {
			options = append(options, Option{
				Size:     media.Size{Width: uint16(raw[0])<<8 | uint16(raw[1]), Height: uint16(raw[2])<<8 | uint16(raw[3])},
				FPS:      float64(raw[4]) - 10,
				Temporal: raw[5] >> 1,
				Live:     raw[5]&1 != 0,
			})
		}
		var c Chooser
		check(t, &c, w, options)
		w.Size.Width, w.Size.Height = height, width
		check(t, &c, w, options)
	})
}
