package sfu

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// A capture that nobody reads loses packets; whoever is captured loses none.
func TestATapThatNobodyReadsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	const turns, packets, extra = maxTapped / 6, 6, 5
	s := newFanOutStage(2)
	tapped := newTap(up|down, false)
	s.slots[0].link.out.tap = tapped
	now := time.Now()
	for range turns + extra {
		now = now.Add(20 * time.Millisecond)
		s.loop.turn(s.batch(packets, now), now)
	}
	if want := 2 * packets * (turns + extra); s.out.packets != want {
		t.Errorf("%d packets left, not %d", s.out.packets, want)
	}
	waiting := len(tapped.mail.Take(nil))
	if missed := int(tapped.missed.Load()); waiting != maxTapped || waiting+missed < packets*(turns+extra) {
		t.Errorf("%d packets wait and %d are missed", waiting, missed)
	}
}

func TestWhatATapKeeps(t *testing.T) {
	t.Parallel()
	payload := bytes.Repeat([]byte{0xaa}, 100)
	plain, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 7}, Payload: payload}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	extended := rtp.Packet{Header: rtp.Header{Version: 2, CSRC: []uint32{1, 2}}, Payload: payload}
	if err := extended.SetExtension(3, []byte("level")); err != nil {
		t.Fatal(err)
	}
	long, err := extended.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	padded := append(bytes.Clone(plain), 0, 0, 3)
	padded[0] |= 0x20
	for _, tc := range []struct {
		name string
		raw  []byte
		kept int // from the beginning
		end  byte
	}{
		{"a payload", plain, 12 + keptPayload, 0},
		{"behind sources and extensions", long, 12 + 8 + 4 + 8 + keptPayload, 0},
		{"with padding", padded, 12 + keptPayload, 3},
		{"shorter than what is kept", plain[:20], 20, 0xaa},
		{"no packet at all", plain[:5], 5, 0},
		{"extensions longer than the packet", []byte{0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 16, 0xff},
		{"nothing", nil, 0, 0},
	} {
		got := bytes.Clone(tc.raw)
		blank(got)
		want := make([]byte, len(tc.raw))
		copy(want, tc.raw[:tc.kept])
		if len(want) > 0 && tc.end != 0 {
			want[len(want)-1] = tc.end
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: % x of % x", tc.name, got, tc.raw)
		}
	}
}

func TestATapHasDirections(t *testing.T) {
	t.Parallel()
	tapped := newTap(up, true)
	report := []rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1}}
	for _, way := range []direction{up, down} {
		tapped.packet([]byte{0x80, 96}, way, time.Time{})
		tapped.reports(report, way, time.Time{})
	}
	if list := tapped.mail.Take(nil); len(list) != 2 || list[0].way != up || list[1].way != up {
		t.Errorf("%+v", list)
	}
}

// FuzzBlank: whatever a packet looks like, no more than its header and a little is left.
func FuzzBlank(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 5})
	f.Add([]byte{0xbf})
	f.Fuzz(func(t *testing.T, raw []byte) {
		header := rtpHeader(raw)
		if header > len(raw) {
			t.Fatalf("a header of %d bytes in %d", header, len(raw))
		}
		blank(raw)
		if rest := raw[min(header+keptPayload, len(raw)):]; len(rest) > 1 && len(bytes.Trim(rest[:len(rest)-1], "\x00")) > 0 {
			t.Errorf("% x is left", rest)
		}
	})
}
