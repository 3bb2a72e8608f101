package load

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
)

// sealSize is the length of a seal in bytes.
const sealSize = 20

// seal ends the payload of every packet that a bot sends, so that whoever
// receives it knows whose it is, when it was sent, and that no byte changed.
type seal struct {
	sender   uint16 // the bot's index
	source   uint8  // index into its sources
	encoding uint8  // of simulcast, from the smallest
	number   uint32 // counts the packets of this source and encoding
	sent     int64  // Unix time in nanoseconds
}

var (
	errShort   = errors.New("a payload is too short to be sealed")
	errAltered = errors.New("a payload was altered on the way")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // the processor computes this one

// filler is what packets are filled with: noise, and from another place in each
// packet, so that a mixed-up buffer does not look right by chance.
var filler = func() (b [4096]byte) {
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(b[:])
	return b
}()

// write fills b, whose first fixed bytes stay as they are, and seals all of it.
func (s seal) write(b []byte, fixed int) {
	body := b[fixed : len(b)-sealSize]
	for at := int(s.number*61) % (len(filler) / 2); len(body) > 0; {
		n := copy(body, filler[at:])
		body, at = body[n:], 0
	}
	end := b[len(b)-sealSize:]
	binary.BigEndian.PutUint16(end, s.sender)
	end[2], end[3] = s.source, s.encoding
	binary.BigEndian.PutUint32(end[4:], s.number)
	binary.BigEndian.PutUint64(end[8:], uint64(s.sent))
	binary.BigEndian.PutUint32(end[16:], crc32.Checksum(b[:len(b)-4], castagnoli))
}

// unseal checks every byte of b and returns its seal.
func unseal(b []byte) (seal, error) {
	if len(b) < sealSize {
		return seal{}, errShort
	}
	if crc32.Checksum(b[:len(b)-4], castagnoli) != binary.BigEndian.Uint32(b[len(b)-4:]) {
		return seal{}, errAltered
	}
	end := b[len(b)-sealSize:]
	return seal{
		sender: binary.BigEndian.Uint16(end), source: end[2], encoding: end[3],
		number: binary.BigEndian.Uint32(end[4:]), sent: int64(binary.BigEndian.Uint64(end[8:])),
	}, nil
}
