package dependency

import (
	"strconv"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// This file writes descriptors for tests. It shares no code with the package:
// bits are text here, and a structure is a table as the specification prints
// them (RTP Payload Format For AV1, A.10.2).

// code is a row of the letters 0 and 1.
type code []byte

// put appends v in n bits.
func (c *code) put(v, n int) {
	for n > 0 {
		n--
		*c = append(*c, "01"[v>>n&1])
	}
}

func (c *code) flag(v bool) {
	if v {
		c.put(1, 1)
		return
	}
	c.put(0, 1)
}

// below appends v, which is one of n numbers: write_ns(n, v) of A.8.2.
func (c *code) below(v, n int) {
	w := len(strconv.FormatInt(int64(n), 2))
	if m := 1<<w - n; v >= m {
		c.put(v+m, w)
		return
	}
	c.put(v, w-1)
}

// marks appends decode target indications, a letter of "-DSR" each.
func (c *code) marks(marks string) {
	for _, m := range marks {
		c.put(strings.IndexRune("-DSR", m), 2)
	}
}

// bytes fills up with zeros.
func (c code) bytes() []byte {
	b := make([]byte, (len(c)+7)/8)
	for i, letter := range c {
		if letter == '1' {
			b[i/8] |= 0x80 >> (i % 8)
		}
	}
	return b
}

// row is one template.
type row struct {
	spatial, temporal int
	diffs, chains     []int
	marks             string // an indication for each decode target
}

// table is a structure.
type table struct {
	offset    int // template id of the first row
	rows      []row
	protected []int // the chain of each decode target; none when there are no chains
	sizes     []media.Size
}

// newTable reads lines like "1 0 | 12 1 | 1 1 1 | ---SSSRRR": spatial and
// temporal layer, frame diffs, chain diffs, indications.
func newTable(t testing.TB, offset int, rows, protected string, sizes ...media.Size) *table {
	t.Helper()
	tab := &table{offset: offset, protected: numbers(t, protected), sizes: sizes}
	for line := range strings.Lines(rows) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		layer := numbers(t, cells[0])
		tab.rows = append(tab.rows, row{layer[0], layer[1], numbers(t, cells[1]), numbers(t, cells[2]), strings.TrimSpace(cells[3])})
	}
	return tab
}

func numbers(t testing.TB, text string) (list []int) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func (tab *table) targets() int { return len(tab.rows[0].marks) }
func (tab *table) chains() int  { return len(tab.rows[0].chains) }

func (tab *table) write(c *code) {
	c.put(tab.offset, 6)
	c.put(tab.targets()-1, 5)
	for i, r := range tab.rows {
		switch {
		case i == len(tab.rows)-1:
			c.put(3, 2)
		case tab.rows[i+1].spatial > r.spatial:
			c.put(2, 2)
		case tab.rows[i+1].temporal > r.temporal:
			c.put(1, 2)
		default:
			c.put(0, 2)
		}
	}
	for _, r := range tab.rows {
		c.marks(r.marks)
	}
	for _, r := range tab.rows {
		for _, diff := range r.diffs {
			c.flag(true)
			c.put(diff-1, 4)
		}
		c.flag(false)
	}
	c.below(tab.chains(), tab.targets()+1)
	for _, chain := range tab.protected {
		c.below(chain, tab.chains())
	}
	for _, r := range tab.rows {
		for _, diff := range r.chains {
			c.put(diff, 4)
		}
	}
	c.flag(tab.sizes != nil)
	for _, size := range tab.sizes {
		c.put(int(size.Width)-1, 16)
		c.put(int(size.Height)-1, 16)
	}
}

// descriptor is what stands in one packet. Whatever is nil or empty is left
// out, and with all of that also the flags.
type descriptor struct {
	start, end    bool
	row           int // of the table: the template
	frame         uint16
	structure     *table
	active        *uint32 // in so many bits as there are targets
	targets       int
	marks         string // custom indications
	diffs, chains []int  // custom frame diffs, without 0, and chain diffs
	offset        int    // of the table, when there is no structure
}

func (d descriptor) write() []byte {
	var c code
	if d.structure != nil {
		d.offset, d.targets = d.structure.offset, d.structure.targets()
	}
	c.flag(d.start)
	c.flag(d.end)
	c.put((d.offset+d.row)%64, 6)
	c.put(int(d.frame), 16)
	if d.structure == nil && d.active == nil && d.marks == "" && d.diffs == nil && d.chains == nil {
		return c.bytes()
	}
	c.flag(d.structure != nil)
	c.flag(d.active != nil)
	c.flag(d.marks != "")
	c.flag(d.diffs != nil)
	c.flag(d.chains != nil)
	if d.structure != nil {
		d.structure.write(&c)
	}
	if d.active != nil {
		c.put(int(*d.active), d.targets)
	}
	c.marks(d.marks)
	for _, diff := range d.diffs {
		n := (len(strconv.FormatInt(int64(diff-1), 16))) // one digit is one unit
		c.put(n, 2)
		c.put(diff-1, 4*n)
	}
	if d.diffs != nil {
		c.put(0, 2)
	}
	for _, diff := range d.chains {
		c.put(diff, 8)
	}
	return c.bytes()
}

// The structures of browsers (W3C, Scalable Video Coding Extension for WebRTC,
// 9), with the template ids, the order and the sizes that Chromium gave them.

func l1t1(t testing.TB) *table {
	return newTable(t, 0, `
		0 0 |   | 0 | S
		0 0 | 1 | 1 | S`, "0", media.Size{Width: 480, Height: 270})
}

func l1t3(t testing.TB) *table {
	return newTable(t, 0, `
		0 0 |   | 0 | SSS
		0 0 | 4 | 4 | SSS
		0 1 | 2 | 2 | -DS
		0 2 | 1 | 1 | --D
		0 2 | 1 | 3 | --D`, "0 0 0", media.Size{Width: 480, Height: 270})
}

// l2t1key is without sizes, and its ids go round.
func l2t1key(t testing.TB) *table {
	return newTable(t, 62, `
		0 0 | 2 | 2 1 | S-
		0 0 |   | 0 0 | SS
		1 0 | 2 | 1 2 | -S
		1 0 | 1 | 1 1 | -S`, "0 1")
}

func threeSizes() []media.Size {
	return []media.Size{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 1280, Height: 720}}
}

func l3t3(t testing.TB) *table {
	return newTable(t, 15, `
		0 0 | 12   | 12 11 10 | SSSRRRRRR
		0 0 |      |  0  0  0 | SSSSSSSSS
		0 1 | 6    |  6  5  4 | -DS-RR-RR
		0 2 | 3    |  3  2  1 | --D--R--R
		0 2 | 3    |  9  8  7 | --D--R--R
		1 0 | 12 1 |  1  1  1 | ---SSSRRR
		1 0 | 1    |  1  1  1 | ---SSSSSS
		1 1 | 6 1  |  7  6  5 | ----DS-RR
		1 2 | 3 1  |  4  3  2 | -----D--R
		1 2 | 3 1  | 10  9  8 | -----D--R
		2 0 | 12 1 |  2  1  1 | ------SSS
		2 0 | 1    |  2  1  1 | ------SSS
		2 1 | 6 1  |  8  7  6 | -------DS
		2 2 | 3 1  |  5  4  3 | --------D
		2 2 | 3 1  | 11 10  9 | --------D`, "0 0 0 1 1 1 2 2 2", threeSizes()...)
}

func l3t3key(t testing.TB) *table {
	return newTable(t, 15, `
		0 0 |    |  0  0  0 | SSSSSSSSS
		0 0 | 12 | 12 11 10 | SSS------
		0 1 | 6  |  6  5  4 | -DS------
		0 2 | 3  |  3  2  1 | --D------
		0 2 | 3  |  9  8  7 | --D------
		1 0 | 1  |  1  1  1 | ---SSSSSS
		1 0 | 12 |  1 12 11 | ---SSS---
		1 1 | 6  |  7  6  5 | ----DS---
		1 2 | 3  |  4  3  2 | -----D---
		1 2 | 3  | 10  9  8 | -----D---
		2 0 | 1  |  2  1  1 | ------SSS
		2 0 | 12 |  2  1 12 | ------SSS
		2 1 | 6  |  8  7  6 | -------DS
		2 2 | 3  |  5  4  3 | --------D
		2 2 | 3  | 11 10  9 | --------D`, "0 0 0 1 1 1 2 2 2", threeSizes()...)
}
