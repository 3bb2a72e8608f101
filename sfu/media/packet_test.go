package media

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

func TestPacketSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{0: true, 1: true, MaxPacket: true, MaxPacket + 1: false, 1 << 20: false} {
		p := NewPacket(n)
		if got := p != nil; got != want {
			t.Errorf("NewPacket(%d) gave a packet: %v, want %v", n, got, want)
		}
		if p != nil && len(p.Payload) != n {
			t.Errorf("NewPacket(%d) has room for %d bytes", n, len(p.Payload))
		}
	}
}

// What one packet was must not show in the next one that uses its buffer.
func TestReleasedPacketIsBlank(t *testing.T) {
	t.Parallel()
	p := NewPacket(4)
	p.Header = Header{Arrival: time.Unix(1, 0), SSRC: 1, Seq: 2, HasLevel: true, Keyframe: true, Feed: 3, ESN: 4}
	p.Release()
	for range 100 { // the pool may hand out any packet, or a new one
		q := NewPacket(4)
		if !reflect.DeepEqual(q.Header, Header{}) {
			t.Fatalf("a new packet has the header %+v", q.Header)
		}
		defer q.Release()
	}
}

func TestPayloadIsThePacketsOwn(t *testing.T) {
	t.Parallel()
	p, q := NewPacket(MaxPacket), NewPacket(MaxPacket)
	for i := range p.Payload {
		p.Payload[i], q.Payload[i] = 1, 2
	}
	if !bytes.Equal(p.Payload, bytes.Repeat([]byte{1}, MaxPacket)) {
		t.Error("two packets share a buffer")
	}
}

// Not parallel: nobody else may take the packet out of the pool in between.
func TestReleaseTwicePanics(t *testing.T) {
	p := NewPacket(1)
	p.Release()
	defer func() {
		if recover() == nil {
			t.Error("a packet was released twice and nobody noticed")
		}
	}()
	p.Release()
}

func TestRecyclingDoesNotAllocate(t *testing.T) {
	NewPacket(1).Release()
	allocs := testing.AllocsPerRun(1000, func() { NewPacket(1200).Release() })
	if allocs >= 1 { // under the race detector the pool forgets some on purpose
		t.Errorf("%v allocations a packet", allocs)
	}
}
