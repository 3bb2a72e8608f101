package udp

import (
	"net/netip"
	"time"
)

const (
	// maxReceived is how many buffers are taken from the kernel at once. More
	// than 16 spill the cache before they are forwarded.
	maxReceived = 16
	// maxCoalesced is how long a received train is at most: the length field of
	// IP allows no more.
	maxCoalesced = 1 << 16
)

// datagram is one received packet. Its data is overwritten by the next receive.
type datagram struct {
	data []byte
	from netip.AddrPort
	at   time.Time
}

// slot is one buffer of the kernel's: a datagram, or a train of datagrams that
// are all segment long but for the last.
type slot struct {
	room    [maxCoalesced]byte
	length  int
	segment int // 0: a datagram alone
	from    netip.AddrPort
	at      time.Time // of a train's first
}

// inbox hands out one by one what was received at once.
type inbox struct {
	slots  [maxReceived]*slot // made when first used
	filled int
	slot   int // that is handed out
	offset int // in it
}

// at returns the i-th slot to be filled.
func (in *inbox) at(i int) *slot {
	if in.slots[i] == nil {
		in.slots[i] = new(slot)
	}
	return in.slots[i]
}

// fill makes the first n slots those that next takes from.
func (in *inbox) fill(n int) { in.filled, in.slot, in.offset = n, 0, 0 }

// next returns the next datagram. Empty ones carry nothing and are passed over.
func (in *inbox) next() (datagram, bool) {
	for in.slot < in.filled {
		s := in.slots[in.slot]
		if in.offset >= s.length {
			in.slot, in.offset = in.slot+1, 0
			continue
		}
		end := s.length
		if s.segment > 0 {
			end = min(end, in.offset+s.segment)
		}
		d := datagram{data: s.room[in.offset:end:end], from: s.from, at: s.at}
		in.offset = end
		return d, true
	}
	return datagram{}, false
}
