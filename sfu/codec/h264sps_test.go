package codec

import (
	"testing"

	"sfu/sfu/media"
)

// sps is a sequence parameter set to be written (H.264, 7.3.2.1.1).
type sps struct {
	profile             uint64
	chroma              uint64 // chroma_format_idc
	separate            bool   // separate_colour_plane_flag
	lists               int    // of scaling, so many present
	order               uint64 // pic_order_cnt_type
	offsets             uint64 // offset_for_ref_frame, so many
	columns, rows       uint64 // in macroblocks; rows of a field where there are fields
	fields              bool
	left, right, up, dn uint64 // cropped
}

func (s sps) body() []byte {
	var w bitWriter
	w.put(8, s.profile)
	w.put(16, 0xc01f)
	w.golomb(0)
	if hasChroma(uint32(s.profile)) {
		s.putChroma(&w)
	}
	w.golomb(4)
	w.golomb(s.order)
	switch s.order {
	case 0:
		w.golomb(2)
	case 1:
		w.put(1, 1)
		w.golomb(3)
		w.golomb(4)
		w.golomb(s.offsets)
		for i := range s.offsets {
			w.golomb(i * 7919)
		}
	}
	w.golomb(1)
	w.put(1, 0)
	w.golomb(s.columns - 1)
	w.golomb(s.rows - 1)
	if w.flag(!s.fields); s.fields {
		w.put(1, 1)
	}
	w.put(1, 1)
	crop := []uint64{s.left, s.right, s.up, s.dn}
	if s.left+s.right+s.up+s.dn == 0 {
		crop = nil
	}
	w.flag(crop != nil)
	for _, n := range crop {
		w.golomb(n)
	}
	w.put(2, 0b01) // no VUI; the stop bit
	return escape(w.data)
}

func (s sps) putChroma(w *bitWriter) {
	if w.golomb(s.chroma); s.chroma == 3 {
		w.flag(s.separate)
	}
	w.golomb(0)
	w.golomb(0)
	w.put(1, 0)
	if w.flag(s.lists > 0); s.lists == 0 {
		return
	}
	lists := 8
	if s.chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if w.flag(i < s.lists); i >= s.lists {
			continue
		}
		entries := 16
		if i >= 6 {
			entries = 64
		}
		switch { // three ways that a list can go
		case i%3 == 0: // scales go up and down: delta 1, -1
			for j := range entries {
				w.golomb(1 + uint64(j%2))
			}
		case i%3 == 1: // a delta of -8 at once: the default list
			w.golomb(16)
		default: // 8 + 127 + 121 is 0 again
			w.golomb(2*127 - 1)
			w.golomb(2*121 - 1)
		}
	}
}

func TestSPSSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sps  sps
		want media.Size
	}{
		{"baseline", sps{profile: 66, columns: 40, rows: 30}, media.Size{Width: 640, Height: 480}},
		{"cropped on all sides", sps{profile: 66, columns: 40, rows: 30, left: 1, right: 2, up: 3, dn: 4}, media.Size{Width: 634, Height: 466}},
		{"fields", sps{profile: 77, columns: 120, rows: 34, fields: true, dn: 2}, media.Size{Width: 1920, Height: 1080}},
		{"order type 1", sps{profile: 66, order: 1, offsets: 255, columns: 40, rows: 30}, media.Size{Width: 640, Height: 480}},
		{"order type 2", sps{profile: 66, order: 2, columns: 40, rows: 30}, media.Size{Width: 640, Height: 480}},
		{"grey: by single pixels", sps{profile: 100, columns: 40, rows: 30, left: 1, dn: 1}, media.Size{Width: 639, Height: 479}},
		{"4:2:0: by two and two", sps{profile: 100, chroma: 1, columns: 40, rows: 30, left: 1, dn: 1}, media.Size{Width: 638, Height: 478}},
		{"4:2:2: by two and one", sps{profile: 122, chroma: 2, columns: 40, rows: 30, left: 1, dn: 1}, media.Size{Width: 638, Height: 479}},
		{"4:4:4: by single pixels", sps{profile: 244, chroma: 3, columns: 40, rows: 30, left: 1, dn: 1}, media.Size{Width: 639, Height: 479}},
		{"planes apart", sps{profile: 244, chroma: 3, separate: true, columns: 40, rows: 30, left: 1, dn: 1}, media.Size{Width: 639, Height: 479}},
		{"planes apart, in fields", sps{profile: 244, chroma: 3, separate: true, columns: 40, rows: 15, fields: true, dn: 1}, media.Size{Width: 640, Height: 478}},
		{"eight scaling lists", sps{profile: 100, chroma: 1, lists: 8, columns: 40, rows: 30}, media.Size{Width: 640, Height: 480}},
		{"twelve scaling lists", sps{profile: 244, chroma: 3, lists: 12, columns: 40, rows: 30}, media.Size{Width: 640, Height: 480}},
		{"the largest", sps{profile: 66, columns: 4096, rows: 4096, left: 1, up: 1}, media.Size{Width: 65534, Height: 65534}},
		{"too wide", sps{profile: 66, columns: 4096, rows: 30}, media.Size{}},
		{"too high in fields", sps{profile: 66, columns: 40, rows: 2048, fields: true}, media.Size{}},
		{"beyond 32 bits", sps{profile: 66, columns: 1<<32 - 1, rows: 1<<32 - 1}, media.Size{}},
		{"beyond 32 bits, cropped to fit", sps{profile: 66, columns: 1 << 28, rows: 30, left: 1 << 31}, media.Size{}},
		{"cropped to nothing", sps{profile: 66, columns: 40, rows: 30, left: 320}, media.Size{}},
		{"cropped to less than nothing", sps{profile: 66, columns: 40, rows: 30, dn: 1<<32 - 2}, media.Size{}},
		{"an unknown colour format", sps{profile: 100, chroma: 4, columns: 40, rows: 30}, media.Size{}},
		{"more offsets than there may be", sps{profile: 66, order: 1, offsets: 300, columns: 40, rows: 30}, media.Size{}},
	} {
		if got := spsSize(tt.sps.body()); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Cut off anywhere before its last field, a set has no size.
func TestSPSCutOff(t *testing.T) {
	t.Parallel()
	body := sps{profile: 100, chroma: 1, lists: 8, order: 1, offsets: 9, columns: 80, rows: 45, dn: 1}.body()
	for n := range len(body) - 1 {
		if got := spsSize(body[:n]); got != (media.Size{}) {
			t.Errorf("%d bytes of %d: %v", n, len(body), got)
		}
	}
}

// An encoder crops what macroblocks have too much; the reader must come out at
// the size it began with, whatever else is in the set.
func FuzzSPSSize(f *testing.F) {
	f.Add(uint16(1280), uint16(720), byte(0), uint16(0), byte(0))
	f.Add(uint16(1920), uint16(1080), byte(3), uint16(200), byte(9))
	f.Add(uint16(65535), uint16(1), byte(15), uint16(0), byte(12))
	f.Fuzz(func(t *testing.T, width, height uint16, mode byte, offsets uint16, lists byte) {
		if width == 0 || height == 0 {
			return
		}
		s := sps{profile: 244, chroma: 3, lists: int(lists % 13), order: uint64(mode >> 1 & 3), offsets: uint64(offsets % 256)}
		s.columns, s.rows = (uint64(width)+15)/16, (uint64(height)+15)/16
		s.left, s.dn = s.columns*16-uint64(width), s.rows*16-uint64(height)
		if mode&1 != 0 { // 4:2:0 cannot crop to an odd size
			s.profile, s.chroma, width, height = 66, 1, width+width%2, height+height%2
			s.left, s.dn = s.left/2, s.dn/2
		}
		want := sizeOf(uint64(width), uint64(height)) // none where 65536 did not fit
		if got := spsSize(s.body()); got != want {
			t.Fatalf("%+v: %v, want %v", s, got, want)
		}
	})
}
