package red

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// payload makes a RED payload by RFC 2198: blocks from the oldest to the
// primary, each 20 ms of 48 kHz after the one before.
func payload(pt uint8, blocks ...string) []byte {
	var headers, data []byte
	last := len(blocks) - 1
	for i, b := range blocks[:last] {
		offset := 960 * (last - i)
		headers = append(headers, 0x80|pt, byte(offset>>6), byte(offset<<2)|byte(len(b)>>8), byte(len(b)))
		data = append(data, b...)
	}
	headers = append(headers, pt)
	return slices.Concat(headers, data, []byte(blocks[last]))
}

// By hand, from section 4 of the RFC: offset 960 is 0x3c0, 14 bits of it
// 00001111000000, so with a length of 3 the bytes 0x0f 0x00 0x03.
var byHand = []byte{0x80 | 111, 0x0f, 0x00, 0x03, 111, 'o', 'l', 'd', 'n', 'e', 'w'}

func TestPayloadByHand(t *testing.T) {
	t.Parallel()
	if got := payload(111, "old", "new"); !bytes.Equal(got, byHand) {
		t.Errorf("the tests' payload is % x, want % x", got, byHand)
	}
}

func TestPrimary(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte{'x'}, 1023))
	for _, tt := range []struct {
		name    string
		payload []byte
		want    string
		pt      uint8
		ok      bool
	}{
		{"no redundancy", payload(111, "new"), "new", 111, true},
		{"one block before it", byHand, "new", 111, true},
		{"two", payload(111, "older", "old", "new"), "new", 111, true},
		{"an empty one before it", payload(111, "", "new"), "new", 111, true},
		{"the longest block there is", payload(111, long, "new"), "new", 111, true},
		{"the primary may be longer", payload(111, "old", long+long), long + long, 111, true},
		{"the highest payload type", payload(127, "old", "new"), "new", 127, true},
		{"one byte is enough", []byte{111, 'n'}, "n", 111, true},

		{"nothing", nil, "", 0, false},
		{"a header and no block", []byte{111}, "", 0, false},
		{"an empty primary", payload(111, "old", ""), "", 0, false},
		{"a header cut short", byHand[:3], "", 0, false},
		{"no header of the primary", byHand[:4], "", 0, false},
		{"a block cut short", byHand[:7], "", 0, false},
		{"the primary cut off", byHand[:8], "", 0, false},
		{"headers without end", bytes.Repeat([]byte{0xff}, 1400), "", 0, false},
		{"a block longer than the payload", []byte{0x80 | 111, 0, 0x03, 0xff, 111, 'x', 'y'}, "", 0, false},
	} {
		got, pt, ok := Primary(tt.payload)
		if string(got) != tt.want || ok != tt.ok || pt != tt.pt {
			t.Errorf("%s: %q of type %d, %v", tt.name, got, pt, ok)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		payload []byte
		want    string
	}{
		{"no redundancy", payload(111, "new"), ""},
		{"the newest first", payload(111, "oldest", "older", "old", "new"), "960:old 1920:older 2880:oldest "},
		{"empty ones as well", payload(111, "older", "", "new"), "960: 1920:older "},
		{"the furthest back", []byte{0x80 | 111, 0xff, 0xfc, 0x01, 111, 'o', 'n'}, "16383:o "},
		{"none of a malformed one", byHand[:8], ""},
	} {
		var got string
		for offset, block := range Blocks(tt.payload) {
			got += fmt.Sprintf("%d:%s ", offset, block)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for range Blocks(payload(111, "older", "old", "new")) {
		break // whoever has what it looked for may stop
	}
}

func TestSetPayloadType(t *testing.T) {
	t.Parallel()
	for _, pt := range []uint8{0, 96, 109, 127, 255} {
		for _, blocks := range [][]string{{"new"}, {"old", "new"}, {"older", "", "new"}} {
			got := payload(111, blocks...)
			SetPayloadType(got, pt)
			if want := payload(pt&0x7f, blocks...); !bytes.Equal(got, want) {
				t.Errorf("%q with type %d: % x, want % x", blocks, pt, got, want)
			}
		}
	}
	for n := range 9 {
		cut := slices.Clone(byHand[:n])
		SetPayloadType(cut, 96)
		if !bytes.Equal(cut, byHand[:n]) {
			t.Errorf("a payload cut after %d bytes was changed to % x", n, cut)
		}
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	three := payload(111, "older", "old", "new")
	for _, tt := range []struct {
		name               string
		payload            []byte
		timestamp, missing uint32
		want               string
	}{
		{"the one before", three, 9600, 8640, "old"},
		{"the one before that", three, 9600, 7680, "older"},
		{"one that it does not carry", three, 9600, 6720, ""},
		{"another than was sent, after a pause", three, 9600, 8160, ""},
		{"a later one", three, 9600, 10560, ""},
		{"over the wrap of timestamps", three, 960, 1<<32 - 960, "older"},
		{"an empty copy is none", payload(111, "", "new"), 9600, 8640, ""},
		{"a malformed payload", byHand[:8], 9600, 8640, ""},
	} {
		got, ok := Recover(tt.payload, tt.timestamp, tt.missing)
		if string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.name, got, ok)
		}
	}
}

// Sound that is sent as RED and loses every third packet comes out whole where
// the lost ones are filled in from the next, in the middle of their neighbours.
func TestLostPacketsAreRecovered(t *testing.T) {
	t.Parallel()
	frame := func(n int) string { return fmt.Sprintf("frame %d", n) }
	const start = 1<<32 - 30*960
	timestamp := func(n int) uint32 { return start + uint32(n)*960 }
	var got []string
	last := 0
	for n := 1; n <= 60; n++ {
		if n%3 == 0 {
			continue
		}
		p := payload(111, frame(n-2), frame(n-1), frame(n))
		if n-last == 2 {
			middle := timestamp(last) + (timestamp(n)-timestamp(last))/2
			block, ok := Recover(p, timestamp(n), middle)
			if !ok {
				t.Fatalf("frame %d is lost", n-1)
			}
			got = append(got, string(block))
		}
		primary, _, _ := Primary(p)
		got = append(got, string(primary))
		last = n
	}
	for i, f := range got {
		if f != frame(i+1) {
			t.Fatalf("frame %d is %q", i+1, f)
		}
	}
	if len(got) != 59 {
		t.Errorf("%d frames", len(got))
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	p := payload(111, "older", "old", "new")
	allocs := testing.AllocsPerRun(1000, func() {
		SetPayloadType(p, 109)
		primary, _, _ := Primary(p)
		block, _ := Recover(p, 9600, 7680)
		for offset := range Blocks(p) {
			if int(offset) < len(primary)+len(block) {
				t.Error("the blocks are not in order")
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a payload", allocs)
	}
}

// FuzzRED reads anything. What can be read is consistent: headers, blocks and
// primary are the whole payload, each byte once, and another payload type changes
// none of the contents.
func FuzzRED(f *testing.F) {
	f.Add(byHand, uint8(96), uint32(9600), uint32(8640))
	f.Add(payload(111, "oldest", "", "old", "new"), uint8(255), uint32(0), uint32(1<<32-960))
	f.Add(byHand[:8], uint8(0), uint32(0), uint32(0))
	f.Add(bytes.Repeat([]byte{0xff}, 64), uint8(1), uint32(5), uint32(5))
	f.Fuzz(func(t *testing.T, p []byte, pt uint8, timestamp, missing uint32) {
		primary, _, ok := Primary(p)
		headers, contents := 1, slices.Clone(primary)
		recoverable := false
		for offset, block := range Blocks(p) {
			headers += 4
			contents = slices.Concat(block, contents)
			recoverable = recoverable || timestamp-offset == missing && len(block) > 0
		}
		if _, found := Recover(p, timestamp, missing); found != recoverable {
			t.Errorf("recovered: %v, want %v", found, recoverable)
		}
		before := slices.Clone(p)
		SetPayloadType(p, pt)
		if !ok {
			if headers != 1 || len(primary) != 0 || !bytes.Equal(p, before) {
				t.Error("something was read of a malformed payload, or written to it")
			}
			return
		}
		if !bytes.Equal(p[headers:], contents) {
			t.Errorf("blocks of % x are % x", p, contents)
		}
		if _, got, _ := Primary(p); got != pt&0x7f {
			t.Errorf("payload type %d became %d", pt, got)
		}
	})
}

func BenchmarkSetPayloadType(b *testing.B) {
	p := payload(111, "older", "old", "new")
	b.ReportAllocs()
	for b.Loop() {
		SetPayloadType(p, 109)
	}
}
