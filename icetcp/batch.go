package icetcp

import "encoding/binary"

// maxBatch bounds the bytes that leave in one write.
const maxBatch = 16 << 10

// batch collects datagrams as frames, one behind the other.
type batch struct {
	buf    [maxBatch]byte
	used   int
	frames int
}

func (b *batch) bytes() []byte { return b.buf[:b.used] }

func (b *batch) clear() { b.used, b.frames = 0, 0 }

// room is where the next datagram goes: one byte more than a frame has, so that a
// longer one is not taken for one; nil if there is none left.
func (b *batch) room() []byte {
	at := b.used + lengthBytes
	if len(b.buf)-at <= maxFrame {
		return nil
	}
	return b.buf[at : at+maxFrame+1]
}

// add makes a frame of the n bytes that were put into the room. A datagram that is
// longer than a frame may be is dropped; the engine sends none.
func (b *batch) add(n int) {
	if n == 0 || n > maxFrame {
		return
	}
	binary.BigEndian.PutUint16(b.buf[b.used:], uint16(n))
	b.used += lengthBytes + n
	b.frames++
}
