package nack

import (
	"sfu/sfu/media"
	"sfu/sfu/seqnum"
)

// maxJump is how far from the newest a packet may lie and still belong to the
// stream. RFC 3550 (A.1) allows 3000 ahead and 100 behind; a publisher's
// retransmissions come from further behind, and nobody waits for 3000 packets.
const maxJump = 1000

// Ring holds the newest packets of one encoding. It owns them until they are
// evicted. Numbers only grow: a stream that restarts goes on above all its
// numbers before, so none ever means two packets, and what is left of the old
// stream is evicted one by one like any other packet.
type Ring struct {
	slots  []*media.Packet // by the low bits of ESN
	newest uint64          // 0 before the first packet

	jumped bool   // the last packet offered was a jump...
	next   uint16 // ...and this number would follow it
}

// NewRing returns a ring of size packets; size is a power of two.
func NewRing(size int) *Ring {
	if size <= 0 || size&(size-1) != 0 {
		panic("nack: the size of a ring is not a power of two")
	}
	return &Ring{slots: make([]*media.Packet, size)}
}

// Taken is what became of a packet offered to a Ring.
type Taken struct {
	Drop    media.Drop    // Kept when the ring took it: pkt.ESN is set and the ring owns it
	Restart bool          // the stream began anew: another sequence, not a gap
	Newest  bool          // ESN is above all before it
	Evicted *media.Packet // what it pushed out; the caller releases it
}

// Commit offers pkt. Duplicates are dropped (DropDuplicate), packets older
// than the ring too (DropLate). A packet more than 1000 away from the newest
// is dropped (DropJump) unless it directly follows the one offered before,
// which was dropped for the same reason: then the stream restarted (RFC 3550,
// A.1).
//
// What was evicted may have been committed in the same batch: the caller
// releases it when the batch has been forwarded.
func (r *Ring) Commit(pkt *media.Packet) Taken {
	if r.newest == 0 {
		return r.begin(pkt, 1<<16)
	}
	esn := seqnum.Unwrap(r.newest, pkt.Seq)
	ahead := int64(esn - r.newest)
	if ahead > maxJump || ahead < -maxJump {
		return r.jump(pkt)
	}
	r.jumped = false
	switch {
	case ahead > 0:
		r.newest = esn
	case -ahead >= int64(len(r.slots)):
		return Taken{Drop: media.DropLate}
	case r.Get(esn) != nil:
		return Taken{Drop: media.DropDuplicate}
	}
	return Taken{Newest: ahead > 0, Evicted: r.put(pkt, esn)}
}

// jump takes a packet that is far away from the stream.
func (r *Ring) jump(pkt *media.Packet) Taken {
	if r.jumped && pkt.Seq == r.next {
		// Leave a whole circle out: even a packet that was overtaken by the
		// first ones of the new stream lies above the old stream then.
		t := r.begin(pkt, (r.newest>>16+2)<<16)
		t.Restart = true
		return t
	}
	r.jumped, r.next = true, pkt.Seq+1
	return Taken{Drop: media.DropJump}
}

// begin takes the first packet of a stream; its numbers count from base.
func (r *Ring) begin(pkt *media.Packet, base uint64) Taken {
	r.newest, r.jumped = base+uint64(pkt.Seq), false
	return Taken{Newest: true, Evicted: r.put(pkt, r.newest)}
}

func (r *Ring) put(pkt *media.Packet, esn uint64) (evicted *media.Packet) {
	slot := r.slot(esn)
	evicted, *slot = *slot, pkt
	pkt.ESN = esn
	return evicted
}

func (r *Ring) slot(esn uint64) **media.Packet {
	return &r.slots[esn&uint64(len(r.slots)-1)]
}

// Get returns the packet with number esn, or nil. The ring keeps it.
func (r *Ring) Get(esn uint64) *media.Packet {
	if pkt := *r.slot(esn); pkt != nil && pkt.ESN == esn {
		return pkt
	}
	return nil
}

// Clear empties the ring and hands every packet to release.
func (r *Ring) Clear(release func(*media.Packet)) {
	for i, pkt := range r.slots {
		if pkt != nil {
			release(pkt)
		}
		r.slots[i] = nil
	}
}
