package header

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

func TestAWrittenHeaderReadsBack(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte{9}, 40)
	for name, tt := range map[string]struct {
		wide       bool
		extensions map[uint8][]byte
		size       int
	}{
		"no extensions":            {false, nil, 12},
		"one byte":                 {false, map[uint8][]byte{1: {7}}, 12 + 4 + 4},
		"three":                    {false, map[uint8][]byte{1: {7}, 4: {1, 2}, 14: {1, 2, 3}}, 12 + 4 + 12},
		"the longest of its form":  {false, map[uint8][]byte{2: long[:16]}, 12 + 4 + 20},
		"a long one":               {true, map[uint8][]byte{2: long, 3: {1}}, 12 + 4 + 48},
		"a high id":                {true, map[uint8][]byte{200: {5}}, 12 + 4 + 4},
		"an empty one is possible": {true, map[uint8][]byte{9: {}}, 12 + 4 + 4},
	} {
		f := Fixed{Marker: true, PayloadType: 120, Seq: 0xfffe, Timestamp: 0x01020304, SSRC: 0xa0b0c0d0}
		w := Begin(bytes.Repeat([]byte{0xff}, 200), &f, tt.wide)
		for id := range uint8(201) {
			if value, ok := tt.extensions[id]; ok {
				w.Value(id, value)
			}
		}
		head := w.End()
		var h rtp.Header
		n, err := h.Unmarshal(append(head, 1, 2, 3))
		if err != nil || n != len(head) || n != tt.size {
			t.Errorf("%s: %d of %d bytes, want %d: %v", name, n, len(head), tt.size, err)
			continue
		}
		if h.Marker != f.Marker || h.PayloadType != f.PayloadType || h.SequenceNumber != f.Seq ||
			h.Timestamp != f.Timestamp || h.SSRC != f.SSRC || h.Padding {
			t.Errorf("%s: %+v", name, h)
		}
		if len(h.GetExtensionIDs()) != len(tt.extensions) {
			t.Errorf("%s: extensions %v", name, h.GetExtensionIDs())
		}
		for id, want := range tt.extensions {
			if got := h.GetExtension(id); !bytes.Equal(got, want) {
				t.Errorf("%s: extension %d is %x, want %x", name, id, got, want)
			}
		}
	}
}

func TestWhatDoesNotFitIsLeftOut(t *testing.T) {
	t.Parallel()
	w := Begin(make([]byte, 100), &Fixed{}, false)
	if w.Extension(0, 1) != 0 || w.Extension(15, 1) != 0 || w.Extension(1, 17) != 0 {
		t.Error("an extension was written that the one-byte form has no room for")
	}
	if n := len(w.End()); n != 12 {
		t.Errorf("%d bytes of header, want 12", n)
	}
}

func TestAPlaceIsFilledLater(t *testing.T) {
	t.Parallel()
	for _, wide := range []bool{false, true} {
		w := Begin(make([]byte, 100), &Fixed{}, wide)
		w.Value(1, []byte{1})
		at := w.Extension(5, 2)
		w.Value(2, []byte{2})
		head := w.End()
		copy(head[at:], []byte{0xab, 0xcd})
		var h rtp.Header
		if _, err := h.Unmarshal(head); err != nil || !bytes.Equal(h.GetExtension(5), []byte{0xab, 0xcd}) ||
			h.GetExtension(1)[0] != 1 || h.GetExtension(2)[0] != 2 {
			t.Errorf("wide %t: %x, %v", wide, head, err)
		}
	}
}

func TestPaddingIsReadAsPadding(t *testing.T) {
	t.Parallel()
	for _, n := range []uint8{0, 1, 2, 200} {
		room := bytes.Repeat([]byte{0xee}, 300)
		w := Begin(room, &Fixed{}, false)
		packet := Pad(append(w.End(), 1, 2, 3), n)
		var p rtp.Packet
		if err := p.Unmarshal(packet); err != nil || len(p.Payload) != 3 || p.PaddingSize != n || len(packet) != 15+int(n) {
			t.Errorf("%d: %d bytes of payload, %d of padding: %v", n, len(p.Payload), p.PaddingSize, err)
		}
	}
}
