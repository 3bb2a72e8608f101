package header

import "encoding/binary"

// Fixed is what every packet has.
type Fixed struct {
	Marker      bool
	PayloadType uint8
	Seq         uint16
	Timestamp   uint32
	SSRC        uint32
}

const (
	fixedLen = 12
	wordLen  = 4 // of the extensions' own header, and what they are padded to

	profileOneByte = 0xbede // RFC 8285, 4.2
	profileTwoByte = 0x1000 // RFC 8285, 4.3

	// longestOneByte is what the one-byte form can hold, lastOneByte the highest
	// id that it has.
	longestOneByte = 16
	lastOneByte    = 14
)

// Narrow reports whether an extension fits the one-byte form. All of a packet
// have the same form, so one that does not fit makes all of them two-byte ones.
func Narrow(id uint8, length int) bool {
	return id <= lastOneByte && length >= 1 && length <= longestOneByte
}

// Writer builds one header. Its zero value is of no use: Begin makes one.
type Writer struct {
	b    []byte
	wide bool
}

// Begin writes what f says to the start of b, whose capacity has to hold the
// whole packet. wide says that the extensions need the two-byte form.
func Begin(b []byte, f *Fixed, wide bool) Writer {
	b = b[:fixedLen]
	b[0] = 2 << 6
	b[1] = f.PayloadType
	if f.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], f.Seq)
	binary.BigEndian.PutUint32(b[4:], f.Timestamp)
	binary.BigEndian.PutUint32(b[8:], f.SSRC)
	return Writer{b, wide}
}

// Extension adds one of n bytes and returns where in the packet they are to be
// written, at once or before the packet leaves. An id of 0 was not negotiated:
// nothing is added, and 0 returned.
func (w *Writer) Extension(id uint8, n int) (at int) {
	if id == 0 || !w.wide && !Narrow(id, n) {
		return 0
	}
	if len(w.b) == fixedLen {
		w.b = w.b[:fixedLen+wordLen]
	}
	end := len(w.b)
	if w.wide {
		w.b = append(w.b, id, byte(n))
	} else {
		w.b = append(w.b, id<<4|byte(n-1))
	}
	at = end + 1
	if w.wide {
		at++
	}
	w.b = w.b[:at+n]
	return at
}

// Value adds an extension with its value.
func (w *Writer) Value(id uint8, value []byte) {
	if at := w.Extension(id, len(value)); at > 0 {
		copy(w.b[at:], value)
	}
}

// Byte adds an extension of one byte.
func (w *Writer) Byte(id, value uint8) {
	if at := w.Extension(id, 1); at > 0 {
		w.b[at] = value
	}
}

// End closes the header and returns it: the packet's payload comes behind it.
func (w *Writer) End() []byte {
	if len(w.b) == fixedLen {
		return w.b
	}
	for len(w.b)%wordLen != 0 {
		w.b = append(w.b, 0)
	}
	profile := uint16(profileOneByte)
	if w.wide {
		profile = profileTwoByte
	}
	w.b[0] |= 1 << 4
	binary.BigEndian.PutUint16(w.b[fixedLen:], profile)
	binary.BigEndian.PutUint16(w.b[fixedLen+2:], uint16((len(w.b)-fixedLen-wordLen)/wordLen))
	return w.b
}

// Pad appends n bytes of padding to a packet; 0 leaves it as it is.
func Pad(packet []byte, n uint8) []byte {
	if n == 0 {
		return packet
	}
	end := len(packet) + int(n)
	packet = packet[:end]
	clear(packet[end-int(n):])
	packet[end-1] = n
	packet[0] |= 1 << 5
	return packet
}
