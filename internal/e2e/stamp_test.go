package e2e

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// stampSize is the length of a stamp in bytes.
const stampSize = 42

// stamp ends every media payload that a peer sends, so that whoever receives it
// knows whose it is, what came before, and that no byte changed on the way.
type stamp struct {
	sender    uint16   // the ordinal of the peer
	source    uint8    // index into the peer's uplinks
	rank      uint8    // of the simulcast encoding, from the smallest
	spatial   uint8    // layer
	temporal  uint8    // layer
	size      size     // of the picture; zero where the source is not layered
	refs      [2]uint8 // the frames that its frame needs, so many back; 0 is none
	key       bool     // of a keyframe
	first     bool     // packet of its frame
	last      bool     // packet of its frame
	level     uint8    // loudness, as the header says
	epoch     uint16   // counts the mutes: numbers may jump when it changes
	seq       uint32   // counts the source's packets
	frame     uint32   // counts the source's frames
	timestamp uint32   // as the publisher wrote it
	captured  time.Time
}

var (
	errShortStamp = errors.New("payload is too short for a stamp")
	errBadSum     = errors.New("payload was altered on the way")
)

// seal returns head, size bytes of filler and the stamp. The checksum is over
// all of it.
func (s stamp) seal(head []byte, size int) []byte {
	b := make([]byte, len(head)+size, len(head)+size+stampSize)
	copy(b, head)
	for i := len(head); i < len(b); i++ {
		b[i] = byte(uint32(i)*2654435761 + s.seq*40503>>3)
	}
	var flags byte
	for i, set := range []bool{s.key, s.first, s.last} {
		if set {
			flags |= 1 << i
		}
	}
	b = binary.BigEndian.AppendUint16(b, s.sender)
	b = append(b, s.source, flags)
	b = binary.BigEndian.AppendUint16(b, s.epoch)
	b = append(b, s.level, s.rank<<6|s.spatial<<4|s.temporal, s.refs[0], s.refs[1])
	b = binary.BigEndian.AppendUint16(b, s.size.width)
	b = binary.BigEndian.AppendUint16(b, s.size.height)
	b = binary.BigEndian.AppendUint32(b, s.seq)
	b = binary.BigEndian.AppendUint32(b, s.frame)
	b = binary.BigEndian.AppendUint32(b, s.timestamp)
	b = binary.BigEndian.AppendUint64(b, uint64(s.captured.UnixNano()))
	b = append(b, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// unseal reads the stamp at the end of b.
func unseal(b []byte) (stamp, error) {
	if len(b) < stampSize {
		return stamp{}, errShortStamp
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum) {
		return stamp{}, errBadSum
	}
	b = b[len(b)-stampSize:]
	flags := b[3]
	return stamp{
		sender:    binary.BigEndian.Uint16(b),
		source:    b[2],
		key:       flags&1 != 0,
		first:     flags&2 != 0,
		last:      flags&4 != 0,
		epoch:     binary.BigEndian.Uint16(b[4:]),
		level:     b[6],
		rank:      b[7] >> 6,
		spatial:   b[7] >> 4 & 3,
		temporal:  b[7] & 15,
		refs:      [2]uint8{b[8], b[9]},
		size:      size{binary.BigEndian.Uint16(b[10:]), binary.BigEndian.Uint16(b[12:])},
		seq:       binary.BigEndian.Uint32(b[14:]),
		frame:     binary.BigEndian.Uint32(b[18:]),
		timestamp: binary.BigEndian.Uint32(b[22:]),
		captured:  time.Unix(0, int64(binary.BigEndian.Uint64(b[26:]))),
	}, nil
}
