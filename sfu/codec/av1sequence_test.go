package codec

import (
	"testing"

	"sfu/sfu/media"
)

// sequence is a sequence header to be written (AV1 specification, 5.5.1).
type sequence struct {
	reduced, timing, equalInterval, model, delay bool

	points                []uint64 // operating_point_idc of each operating point
	level                 uint64
	widthBits, heightBits int
	width, height         uint64
}

func (s sequence) obu() []byte {
	w := bitWriter{data: []byte{obuSequenceHeader << 3}, n: 8}
	w.put(4, 0)
	if w.flag(s.reduced); s.reduced {
		w.put(5, s.level)
	} else {
		s.putPoints(&w)
	}
	w.put(4, uint64(s.widthBits-1))
	w.put(4, uint64(s.heightBits-1))
	w.put(s.widthBits, s.width-1)
	w.put(s.heightBits, s.height-1)
	return w.data
}

func (s sequence) putPoints(w *bitWriter) {
	const delayBits = 24
	if w.flag(s.timing); s.timing {
		w.put(32, 1)
		w.put(32, 60)
		if w.flag(s.equalInterval); s.equalInterval {
			w.golomb(1000)
		}
		if w.flag(s.model); s.model {
			w.put(5, delayBits-1)
			w.put(32, 1)
			w.put(10, 0)
		}
	}
	w.flag(s.delay)
	w.put(5, uint64(len(s.points)-1))
	for i, idc := range s.points {
		w.put(12, idc)
		if w.put(5, s.level); s.level > 7 {
			w.put(1, 1)
		}
		if s.model {
			if w.flag(i%2 == 0); i%2 == 0 {
				w.put(delayBits, 0xaaaaaa)
				w.put(delayBits, 0x555555)
				w.put(1, 1)
			}
		}
		if s.delay {
			if w.flag(i%2 == 1); i%2 == 1 {
				w.put(4, 9)
			}
		}
	}
}

func TestSequenceSizes(t *testing.T) {
	t.Parallel()
	whole := make([]uint64, 32)
	for _, tt := range []struct {
		name    string
		s       sequence
		want    media.Size
		spatial int
	}{
		{"plain", sequence{points: whole[:1], level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"a still picture", sequence{reduced: true, level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"timing", sequence{timing: true, points: whole[:1], widthBits: 16, heightBits: 16, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"timing at equal intervals", sequence{timing: true, equalInterval: true, points: whole[:1], widthBits: 16, heightBits: 16, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"a decoder model", sequence{timing: true, model: true, points: whole[:3], level: 9, widthBits: 16, heightBits: 16, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"all there is", sequence{timing: true, equalInterval: true, model: true, delay: true, points: whole, level: 31, widthBits: 16, heightBits: 16, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"L1T3", sequence{points: []uint64{0x107, 0x103, 0x101}, level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"L3T3", sequence{points: []uint64{0x707, 0x307, 0x107}, level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 2},
		{"four spatial layers", sequence{points: []uint64{0xf01}, level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 3},
		{"temporal layers of no spatial one", sequence{points: []uint64{0x007}, level: 5, widthBits: 11, heightBits: 10, width: 1280, height: 720}, media.Size{Width: 1280, Height: 720}, 0},
		{"one pixel", sequence{points: whole[:1], widthBits: 1, heightBits: 1, width: 1, height: 1}, media.Size{Width: 1, Height: 1}, 0},
		{"the largest", sequence{points: whole[:1], widthBits: 16, heightBits: 16, width: 65535, height: 65535}, media.Size{Width: 65535, Height: 65535}, 0},
		{"too wide", sequence{points: whole[:1], widthBits: 16, heightBits: 16, width: 65536, height: 720}, media.Size{}, 0},
	} {
		obu := tt.s.obu()
		if got, spatial := sequenceSize(obu); got != tt.want || spatial != tt.spatial {
			t.Errorf("%s: %v of layer %d, want %v of layer %d", tt.name, got, spatial, tt.want, tt.spatial)
		}
		for n := range obu {
			if got, _ := sequenceSize(obu[:n]); got != (media.Size{}) {
				t.Errorf("%s, %d bytes of %d: %v", tt.name, n, len(obu), got)
			}
		}
	}
}

func FuzzSequenceSize(f *testing.F) {
	f.Add(uint16(1280), uint16(720), byte(0), byte(0), uint16(0))
	f.Add(uint16(640), uint16(360), byte(0xff), byte(31), uint16(0x703))
	f.Fuzz(func(t *testing.T, width, height uint16, flags, points byte, idc uint16) {
		if width == 0 || height == 0 {
			return
		}
		s := sequence{
			reduced: flags&1 != 0, timing: flags&2 != 0, equalInterval: flags&4 != 0,
			model: flags&10 == 10, delay: flags&16 != 0,
			points: make([]uint64, points%32+1), level: uint64(flags >> 3),
			widthBits: 16, heightBits: 16, width: uint64(width), height: uint64(height),
		}
		s.points[0] = uint64(idc & 0xfff)
		got, spatial := sequenceSize(s.obu())
		if got != (media.Size{Width: width, Height: height}) || spatial < 0 || spatial >= media.MaxSpatial {
			t.Fatalf("%+v: %v of layer %d", s, got, spatial)
		}
	})
}
