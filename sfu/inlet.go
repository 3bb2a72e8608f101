package sfu

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"sfu/metrics"
	"sfu/sfu/media"
)

// inlet decrypts what one participant sends, right where it is read: pion's way
// there copies a packet eight times over four goroutines (limit.md, 2).
type inlet struct {
	link *link

	mu     sync.Mutex // guards the fields below: who changes networks is heard by two sockets for a moment
	cipher *srtp.Context

	header  rtp.Header // scratch, as is
	scratch [media.MaxPacket]byte
}

// decrypt returns the packet in b, or why there is none: unknown for what pion may know
// more about, packets of an SSRC that has never been heard here, for its numbers
// may have come round since pion heard it first. first says that this is the first.
func (in *inlet) decrypt(b []byte, at time.Time) (pkt *media.Packet, first bool, drop media.Drop) {
	pkt = media.NewPacket(len(b))
	if pkt == nil {
		return nil, false, media.DropUnknown
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	pkt.SSRC = binary.BigEndian.Uint32(b[8:])
	_, known := in.cipher.ROC(pkt.SSRC)
	plain, err := in.cipher.DecryptRTP(pkt.Payload[:0], b, &in.header)
	switch {
	case err == nil:
		pkt.Payload, pkt.Arrival = plain, at
		return pkt, !known, media.Kept
	case !known:
		drop = media.DropUnknown
	case errors.Is(err, srtp.ErrFailedToVerifyAuthTag):
		drop = media.DropMalformed
	default:
		drop = media.DropDuplicate
	}
	pkt.Release()
	return nil, false, drop
}

// report decrypts RTCP and queues it, and returns whether it is theirs.
func (in *inlet) report(b []byte, at time.Time) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	_, known := in.cipher.Index(binary.BigEndian.Uint32(b[4:]))
	plain, err := in.cipher.DecryptRTCP(in.scratch[:0], b, nil)
	if err != nil {
		return false
	}
	if !known {
		in.link.streams.name(in.link)
	}
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		in.link.loop.tally.set.ReportsRefused[metrics.ReportMalformed].Inc()
		return true
	}
	in.link.queue(packets, at)
	return true
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

// receiver takes media, and what is TURN's, off one socket. The socket's reading goroutine owns it.
type receiver struct {
	inlets *inlets
	turn   *turnConn    // or nil
	woken  []*mediaLoop // those to be woken when what was received at once is handed out
}

// take takes a datagram if it is of a participant and RTP or RTCP (RFC 7983, 7;
// RFC 5761, 4), or if it is TURN's.
func (r *receiver) take(b []byte, from netip.AddrPort, at time.Time) bool {
	if len(b) < 12 || b[0]>>6 != 2 {
		return r.turn.take(b, from)
	}
	in := r.inlets.from(from)
	if in == nil {
		return false
	}
	if b[1] >= 192 && b[1] < 224 {
		return in.report(b, at)
	}
	pkt, first, drop := in.decrypt(b, at)
	if drop == media.DropUnknown {
		return false
	}
	lk := in.link
	if drop != media.Kept {
		lk.loop.tally.set.PacketsRefused[drop].Inc()
		if drop == media.DropMalformed {
			lk.loop.tally.set.Media.Undecryptable.Inc()
		}
		return true
	}
	s := lk.streams.find(lk, pkt.SSRC, first)
	if s == nil {
		lk.loop.tally.set.PacketsRefused[media.DropUnknown].Inc()
		pkt.Release()
		return true
	}
	if s.put(pkt) && !slices.Contains(r.woken, lk.loop) {
		r.woken = append(r.woken, lk.loop)
	}
	return true
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
