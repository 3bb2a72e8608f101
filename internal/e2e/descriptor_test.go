package e2e

import (
	"strconv"
	"strings"
)

// bits writes a Dependency Descriptor as text, a letter a bit (RTP Payload
// Format For AV1, A.8.2). It shares no code with the server.
type bits []byte

func (b *bits) put(v, n int) {
	for n > 0 {
		n--
		*b = append(*b, "01"[v>>n&1])
	}
}

func (b *bits) flag(set bool) {
	if set {
		b.put(1, 1)
		return
	}
	b.put(0, 1)
}

// below appends v, which is one of n numbers: write_ns(n, v).
func (b *bits) below(v, n int) {
	w := len(strconv.FormatInt(int64(n), 2))
	if m := 1<<w - n; v >= m {
		b.put(v+m, w)
		return
	}
	b.put(v, w-1)
}

func (b bits) bytes() []byte {
	out := make([]byte, (len(b)+7)/8)
	for i, letter := range b {
		if letter == '1' {
			out[i/8] |= 0x80 >> (i % 8)
		}
	}
	return out
}

// template is one row of the structure L3T3_KEY (A.10.2), with the ids, the
// order and the sizes that Chromium gives them.
type template struct {
	spatial, temporal, diff int // diff 0: a key picture
	chains                  [3]int
	marks                   string
}

const firstTemplate = 15 // the id of the first row

var l3t3key = [...]template{
	{0, 0, 0, [3]int{0, 0, 0}, "SSSSSSSSS"},
	{0, 0, 12, [3]int{12, 11, 10}, "SSS------"},
	{0, 1, 6, [3]int{6, 5, 4}, "-DS------"},
	{0, 2, 3, [3]int{3, 2, 1}, "--D------"},
	{0, 2, 3, [3]int{9, 8, 7}, "--D------"},
	{1, 0, 1, [3]int{1, 1, 1}, "---SSSSSS"},
	{1, 0, 12, [3]int{1, 12, 11}, "---SSS---"},
	{1, 1, 6, [3]int{7, 6, 5}, "----DS---"},
	{1, 2, 3, [3]int{4, 3, 2}, "-----D---"},
	{1, 2, 3, [3]int{10, 9, 8}, "-----D---"},
	{2, 0, 1, [3]int{2, 1, 1}, "------SSS"},
	{2, 0, 12, [3]int{2, 1, 12}, "------SSS"},
	{2, 1, 6, [3]int{8, 7, 6}, "-------DS"},
	{2, 2, 3, [3]int{5, 4, 3}, "--------D"},
	{2, 2, 3, [3]int{11, 10, 9}, "--------D"},
}

// descriptor is what a packet of L3T3_KEY says of its frame. Place is where in
// the temporal pattern the picture stands; a key picture has none.
func descriptor(first, last bool, frame uint16, spatial, place int, key bool, sizes []size) []byte {
	row := 5*spatial + [...]int{1, 3, 2, 4}[place]
	if key {
		row = 5 * spatial
	}
	var b bits
	for _, is := range []bool{first, last} {
		b.flag(is)
	}
	b.put((firstTemplate+row)%64, 6)
	b.put(int(frame), 16)
	if key && spatial == 0 && first {
		b.put(0b10000, 5) // the structure comes along
		b.structure(sizes)
	}
	return b.bytes()
}

func (b *bits) structure(sizes []size) {
	b.put(firstTemplate, 6)
	b.put(len(l3t3key[0].marks)-1, 5)
	for i, t := range l3t3key {
		switch {
		case i == len(l3t3key)-1:
			b.put(3, 2)
		case l3t3key[i+1].spatial > t.spatial:
			b.put(2, 2)
		case l3t3key[i+1].temporal > t.temporal:
			b.put(1, 2)
		default:
			b.put(0, 2)
		}
	}
	for _, t := range l3t3key {
		for _, m := range t.marks {
			b.put(strings.IndexRune("-DSR", m), 2)
		}
	}
	for _, t := range l3t3key {
		if t.diff > 0 {
			b.put(1, 1)
			b.put(t.diff-1, 4)
		}
		b.put(0, 1)
	}
	b.below(3, len(l3t3key[0].marks)+1)
	for target := range len(l3t3key[0].marks) {
		b.below(target/3, 3) // each spatial layer has its chain
	}
	for _, t := range l3t3key {
		for _, diff := range t.chains {
			b.put(diff, 4)
		}
	}
	b.put(1, 1)
	for _, s := range sizes {
		b.put(int(s.width)-1, 16)
		b.put(int(s.height)-1, 16)
	}
}
