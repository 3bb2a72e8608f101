package nack

import (
	"fmt"
	"strings"
	"testing"

	"sfu/sfu/media"
)

func TestRing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		// new: above all before; old: taken out of order
		{"in order", "5 6 7", "new new new"},
		{"a gap, then the missing one", "5 7 6 8", "new new old new"},
		{"over the wrap", "65534 65535 0 1", "new new new new"},
		{"reordered around the wrap", "65535 1 0 65534", "new new old old"},
		{"what was overtaken by the very first", "5 4", "new old"},
		{"a duplicate, as RTX probes are", "5 6 5 6 7", "new new dup dup new"},
		{"the oldest that a ring of 8 holds", "100 92 93", "new late old"},
		{"a packet that was evicted is no duplicate but late", "1 9 1", "new new late"},
		{"the largest gap", "5 1005", "new new"},
		{"beyond the largest gap", "5 1006 6", "new jump new"},
		{"the furthest behind that is late", "2000 1000 999", "new late jump"},
		{"a lone jump changes nothing", "5 40000 6 7", "new jump new new"},
		{"the next one makes it a restart", "5 40000 40001 40002", "new jump restart new"},
		{"a restart behind", "40000 5 6 7", "new jump restart new"},
		{"a restart over the wrap", "30000 65535 0 1", "new jump restart new"},
		{"only the next one", "5 40000 40002 40003", "new jump jump restart"},
		{"only the next one offered", "5 40000 6 40001 40002", "new jump new jump restart"},
		{"a jump twice", "5 40000 40000 40001", "new jump jump restart"},
		{"the restart's first packet comes again", "5 40000 40001 40000 39999", "new jump restart old old"},
		{"the old stream after a restart", "5 40000 40001 6 40002", "new jump restart jump new"},
		{"a restart there and back", "5 40000 40001 6 7 8", "new jump restart jump restart new"},
	} {
		r := NewRing(8)
		if got := offer(t, r, tt.in); got != tt.want {
			t.Errorf("%s: %s gave %s, want %s", tt.name, tt.in, got, tt.want)
		}
	}
}

// offer commits the sequence numbers in and says what became of each.
func offer(t *testing.T, r *Ring, in string) string {
	t.Helper()
	var out []string
	for _, word := range strings.Fields(in) {
		var seq uint16
		if _, err := fmt.Sscan(word, &seq); err != nil {
			t.Fatal(err)
		}
		out = append(out, outcome(r.Commit(packet(seq))))
	}
	return strings.Join(out, " ")
}

func packet(seq uint16) *media.Packet {
	return &media.Packet{Header: media.Header{Seq: seq}}
}

func outcome(t Taken) string {
	switch {
	case t.Drop == media.DropDuplicate:
		return "dup"
	case t.Drop == media.DropLate:
		return "late"
	case t.Drop == media.DropJump:
		return "jump"
	case t.Drop != media.Kept:
		return t.Drop.String()
	case t.Restart && t.Newest:
		return "restart"
	case t.Newest:
		return "new"
	}
	return "old"
}

func TestRingNumbers(t *testing.T) {
	t.Parallel()
	r := NewRing(8)
	for _, tt := range []struct {
		seq  uint16
		want uint64
	}{
		{65535, 1<<16 + 65535},
		{0, 2 << 16},
		{65534, 1<<16 + 65534},
		{40000, 0}, // a jump has no number
		{40001, 4<<16 + 40001},
		{40000, 4<<16 + 40000},
		{40002, 4<<16 + 40002},
	} {
		pkt := packet(tt.seq)
		r.Commit(pkt)
		if pkt.ESN != tt.want {
			t.Errorf("packet %d got the number %#x, want %#x", tt.seq, pkt.ESN, tt.want)
		}
	}
}

func TestRingGet(t *testing.T) {
	t.Parallel()
	r := NewRing(4)
	if r.Get(0) != nil || r.Get(1<<16) != nil {
		t.Error("an empty ring has a packet")
	}
	first, second := packet(1), packet(3)
	r.Commit(first)
	r.Commit(second)
	for esn, want := range map[uint64]*media.Packet{
		1<<16 + 1: first, 1<<16 + 3: second, 1<<16 + 2: nil, 1<<16 + 5: nil, 2<<16 + 1: nil,
	} {
		if got := r.Get(esn); got != want {
			t.Errorf("Get(%#x) = %v, want %v", esn, got, want)
		}
	}
	fifth := packet(5)
	if got := r.Commit(fifth).Evicted; got != first {
		t.Errorf("the fifth packet pushed out %v, want the first", got)
	}
	if r.Get(1<<16+1) != nil || r.Get(1<<16+5) != fifth {
		t.Error("the fifth packet did not take the place of the first")
	}
}

// A restart evicts nothing at once: the old packets leave as the new ones come.
func TestRestartEvictsOneByOne(t *testing.T) {
	t.Parallel()
	r := NewRing(4)
	offer(t, r, "1 2 3 4 40000")
	for seq := range uint16(4) {
		if got := r.Commit(packet(40001 + seq)).Evicted; got == nil || got.Seq > 4 {
			t.Errorf("packet %d of the new stream pushed out %v, want one of the old", seq, got)
		}
	}
	if got := r.Commit(packet(40005)).Evicted; got == nil || got.Seq != 40001 {
		t.Errorf("then %v was pushed out, want 40001", got)
	}
}

func TestRingClear(t *testing.T) {
	t.Parallel()
	r := NewRing(4)
	offer(t, r, "1 2 4 6")
	var seqs []uint16
	release := func(pkt *media.Packet) { seqs = append(seqs, pkt.Seq) }
	r.Clear(release)
	if got := fmt.Sprint(seqs); got != "[4 1 6]" {
		t.Errorf("released %s, want what was held", got)
	}
	r.Clear(release)
	if len(seqs) != 3 || r.Get(1<<16+4) != nil {
		t.Error("a cleared ring still holds packets")
	}
}

func TestRingSizeIsAPowerOfTwo(t *testing.T) {
	t.Parallel()
	for _, size := range []int{-8, 0, 3, 100} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewRing(%d) did not panic", size)
				}
			}()
			NewRing(size)
		}()
	}
}

// FuzzRing offers packets a signed step apart and checks the books: no number
// is given twice, none that is newest runs backwards, and each packet is at
// any time with the ring or with the caller.
func FuzzRing(f *testing.F) {
	f.Add(uint16(65530), []byte{1, 1, 1, 2, 255, 1, 0, 1})
	f.Add(uint16(0), []byte{1, 128, 1, 1, 128, 1, 1})
	f.Add(uint16(7), []byte{127, 1, 1, 1, 129, 1})
	f.Fuzz(func(t *testing.T, seq uint16, steps []byte) {
		r := NewRing(16)
		held := map[*media.Packet]bool{}
		given := map[uint64]bool{}
		var newest uint64
		for _, step := range steps {
			pkt := packet(seq)
			taken := r.Commit(pkt)
			if taken.Drop != media.Kept {
				if taken != (Taken{Drop: taken.Drop}) || pkt.ESN != 0 {
					t.Fatalf("packet %d was dropped, yet %+v with the number %d", seq, taken, pkt.ESN)
				}
			} else {
				held[pkt] = true
				if given[pkt.ESN] || uint16(pkt.ESN) != seq {
					t.Fatalf("packet %d got the number %#x (before: %v)", seq, pkt.ESN, given[pkt.ESN])
				}
				given[pkt.ESN] = true
				if taken.Newest != (pkt.ESN > newest) || taken.Restart && !taken.Newest {
					t.Fatalf("number %#x after %#x: %+v", pkt.ESN, newest, taken)
				}
				newest = max(newest, pkt.ESN)
				if r.Get(pkt.ESN) != pkt {
					t.Fatalf("number %#x was taken and cannot be got", pkt.ESN)
				}
			}
			if e := taken.Evicted; e != nil {
				if !held[e] || e.ESN >= pkt.ESN {
					t.Fatalf("number %#x pushed out %#x", pkt.ESN, e.ESN)
				}
				delete(held, e)
			}
			if len(held) > 16 {
				t.Fatalf("a ring of 16 holds %d packets", len(held))
			}
			seq += stride(step)
		}
		r.Clear(func(pkt *media.Packet) {
			if !held[pkt] {
				t.Fatalf("number %#x was not with the ring", pkt.ESN)
			}
			delete(held, pkt)
		})
		if len(held) != 0 {
			t.Fatalf("%d packets are nobody's", len(held))
		}
	})
}

// stride makes small steps of small bytes and large ones of the rest.
func stride(b byte) uint16 {
	if s := int8(b); s > -64 && s < 64 {
		return uint16(int16(s))
	}
	return uint16(b) << 8
}

func TestCommitDoesNotAllocate(t *testing.T) {
	r, pkt, spare := NewRing(512), new(media.Packet), make([]*media.Packet, 513)
	for i := range spare {
		spare[i] = new(media.Packet)
	}
	var i int
	allocs := testing.AllocsPerRun(2000, func() {
		pkt = spare[i%len(spare)]
		pkt.Seq = uint16(i)
		r.Commit(pkt)
		i++
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

func BenchmarkCommit(b *testing.B) {
	r, spare := NewRing(512), make([]*media.Packet, 1024)
	for i := range spare {
		spare[i] = new(media.Packet)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		pkt := spare[i%len(spare)]
		pkt.Seq = uint16(i)
		r.Commit(pkt)
	}
}
