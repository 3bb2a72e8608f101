package codec

// VP8 and VP9 code their picture ids alike (RFC 7741, 4.2; RFC 9628, 4.2).
const longPictureID = 0x80 // M: 15 bits, not 7

// pictureID returns a picture id and how many bits wide it is.
func (r *reader) pictureID() (id uint16, bits uint8) {
	first := r.byte()
	if first&longPictureID == 0 {
		return uint16(first), 7
	}
	return uint16(first&^longPictureID)<<8 | uint16(r.byte()), 15
}

// putPictureID writes a picture id, bits wide, to the front of to and returns
// how many bytes it takes.
func putPictureID(to []byte, id uint16, bits uint8) int {
	switch bits {
	case 7:
		to[0] = uint8(id) &^ longPictureID
		return 1
	case 15:
		to[0] = uint8(id>>8) | longPictureID
		to[1] = uint8(id)
		return 2
	}
	return 0
}
