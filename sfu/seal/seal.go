package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"sfu/sfu/seqnum"
)

const (
	// TagSize is how many bytes a sealed packet is longer.
	TagSize = 16
	// SaltSize is that of a master salt, in bytes (RFC 7714, 12).
	SaltSize = 12

	fixedHeader = 12

	// What is derived from a master key (RFC 3711, 4.3.1).
	labelKey  = 0
	labelSalt = 2
)

// Sealer encrypts. One goroutine may use it at a time, and there may be but one
// with the same key.
type Sealer struct {
	aead    cipher.AEAD
	salt    [SaltSize]byte
	nonce   [SaltSize]byte // scratch
	streams map[uint32]*stream
	newest  *stream // the last packet's: the next one is mostly of the same
}

// stream counts how often the numbers of an SSRC came round.
type stream struct {
	ssrc  uint32
	index uint64 // the highest so far (RFC 3711, 3.3.1)
}

// New makes a Sealer from what DTLS agreed upon: a key of 16 or 32 bytes, and a
// salt of SaltSize.
func New(masterKey, masterSalt []byte) (*Sealer, error) {
	key, err := derive(masterKey, masterSalt, labelKey, len(masterKey))
	if err != nil {
		return nil, err
	}
	salt, err := derive(masterKey, masterSalt, labelSalt, SaltSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s := &Sealer{streams: make(map[uint32]*stream)}
	copy(s.salt[:], salt)
	s.aead, err = cipher.NewGCM(block)
	return s, err
}

// derive returns n bytes for one use of a master key: the key stream of AES in
// counter mode (RFC 3711, 4.3.3), whose counter begins with the salt and the label.
func derive(masterKey, masterSalt []byte, label byte, n int) ([]byte, error) {
	block, err := aes.NewCipher(masterKey)
	if err != nil {
		return nil, err
	}
	var counter [aes.BlockSize]byte
	copy(counter[:aes.BlockSize-2], masterSalt)
	counter[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(block, counter[:]).XORKeyStream(out, out)
	return out, nil
}

// Seal encrypts an RTP packet of ours where it lies, which has to have room for
// TagSize bytes more, and returns it with them. A number may be sealed once for each
// SSRC, ever: two packets under the same number would give away each other, and the
// key by which they are authenticated (RFC 7714, 8.4).
func (s *Sealer) Seal(packet []byte) []byte {
	ssrc, seq := binary.BigEndian.Uint32(packet[8:]), binary.BigEndian.Uint16(packet[2:])
	index := s.stream(ssrc).next(seq)
	// The salt, and in it two empty bytes, the SSRC, and how often the numbers came
	// round with the number (RFC 7714, 8.1).
	n := &s.nonce
	*n = s.salt
	binary.BigEndian.PutUint64(n[4:], binary.BigEndian.Uint64(n[4:])^uint64(ssrc)<<48^index)
	binary.BigEndian.PutUint32(n[:], binary.BigEndian.Uint32(n[:])^ssrc>>16)
	header := headerSize(packet)
	return s.aead.Seal(packet[:header], n[:], packet[header:], packet[:header])
}

// headerSize returns how long the header of a packet is: all of it stays readable
// (RFC 3550, 5.1 and 5.3.1).
func headerSize(packet []byte) int {
	size := fixedHeader + 4*int(packet[0]&0x0f)
	if packet[0]&0x10 != 0 {
		size += 4 + 4*int(binary.BigEndian.Uint16(packet[size+2:]))
	}
	return size
}

func (s *Sealer) stream(ssrc uint32) *stream {
	if s.newest != nil && s.newest.ssrc == ssrc {
		return s.newest
	}
	st := s.streams[ssrc]
	if st == nil {
		st = &stream{ssrc: ssrc}
		s.streams[ssrc] = st
	}
	s.newest = st
	return st
}

// next returns the index of the packet with number seq: the numbers without end.
func (st *stream) next(seq uint16) uint64 {
	index := seqnum.Unwrap(st.index, seq)
	st.index = max(st.index, index)
	return index
}
