package sfu

import (
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"sfu/sfu/media"
)

// inlet decrypts what one participant sends, right where it is read: pion's way
// there copies a packet eight times over four goroutines (limit.md, 2).
type inlet struct {
	link *link

	mu     sync.Mutex // guards the fields below: who changes networks is heard by two sockets for a moment
	cipher *srtp.Context
	header rtp.Header // scratch
}

// decrypt returns the packet in b, or nil. ours is false for what pion may know more
// about: packets of an SSRC that has never been heard here, for its numbers may
// have come round since pion heard it first.
func (in *inlet) decrypt(b []byte, at time.Time) (pkt *media.Packet, ours bool) {
	pkt = media.NewPacket(len(b))
	if pkt == nil {
		return nil, false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	plain, err := in.cipher.DecryptRTP(pkt.Payload[:0], b, &in.header)
	if err != nil {
		pkt.Release()
		_, known := in.cipher.ROC(in.header.SSRC)
		return nil, known
	}
	pkt.Payload, pkt.Arrival = plain, at
	pkt.SSRC = in.header.SSRC
	return pkt, true
}

// inlets knows whose media comes from where. What claims to come from an address is
// believed only if its key fits.
type inlets struct {
	mu sync.RWMutex // guards by
	by map[netip.AddrPort]*inlet
}

// move makes packets from an address in's, and no longer those from another; the
// zero address is none.
func (t *inlets) move(in *inlet, from, to netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by[from] == in {
		delete(t.by, from)
	}
	if to.IsValid() {
		t.by[to] = in
	}
}

func (t *inlets) from(addr netip.AddrPort) *inlet {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.by[netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())]
}

// receiver takes media off one socket. The socket's reading goroutine owns it.
type receiver struct {
	inlets *inlets
	woken  []*mediaLoop // those to be woken when what was received at once is handed out
}

// take takes a datagram if it is media of a participant (RFC 7983, 7; RFC 5761, 4).
func (r *receiver) take(b []byte, from netip.AddrPort, at time.Time) bool {
	if len(b) < 12 || b[0]>>6 != 2 || b[1] >= 192 && b[1] < 224 {
		return false
	}
	in := r.inlets.from(from)
	if in == nil {
		return false
	}
	pkt, ours := in.decrypt(b, at)
	lk := in.link
	if pkt == nil {
		if ours {
			lk.loop.tally.set.PacketsRefused[media.DropMalformed].Inc()
		}
		return ours
	}
	s, ok := lk.streams.sink(lk, pkt.SSRC).(*stream)
	if !ok {
		lk.loop.tally.set.PacketsRefused[media.DropUnknown].Inc()
		pkt.Release()
		return true
	}
	if s.put(pkt) {
		r.wake(lk.loop)
	}
	return true
}

// wake remembers whom to wake.
func (r *receiver) wake(l *mediaLoop) {
	for _, known := range r.woken {
		if known == l {
			return
		}
	}
	r.woken = append(r.woken, l)
}

// rest wakes the rooms: everything that was received at once is queued, so that
// what one subscriber gets of it leaves as one.
func (r *receiver) rest() {
	for _, l := range r.woken {
		l.packets.Ring()
	}
	clear(r.woken)
	r.woken = r.woken[:0]
}
