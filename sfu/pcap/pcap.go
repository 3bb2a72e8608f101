package pcap

import (
	"encoding/binary"
	"time"
)

const (
	magic   = 0xa1b23c4d // times are in nanoseconds
	linkRaw = 101        // LINKTYPE_RAW: a packet begins with its IP header
	ipSize  = 20
	udpSize = 8
	udp     = 17 // IANA's number of the protocol
	ttl     = 64
)

// HeaderSize and PacketSize are what a file, and each packet in it, takes besides
// the packets' own bytes.
const (
	HeaderSize = 24
	PacketSize = 16 + ipSize + udpSize
)

// maxDatagram is the longest that fits IPv4's field for the length.
const maxDatagram = 1<<16 - 1 - ipSize - udpSize

// Endpoint is an IPv4 address and a UDP port.
type Endpoint struct {
	Address [4]byte
	Port    uint16
}

// Packet is one UDP datagram.
type Packet struct {
	At       time.Time
	From, To Endpoint
	Data     []byte
}

// AppendHeader appends what a file begins with.
func AppendHeader(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, magic)
	b = le.AppendUint16(b, 2) // the version of the format is 2.4
	b = le.AppendUint16(b, 4)
	b = le.AppendUint64(b, 0) // UTC, and a field that nobody uses
	b = le.AppendUint32(b, 1<<16)
	return le.AppendUint32(b, linkRaw)
}

// AppendPacket appends one packet. What a datagram has beyond IPv4's longest is
// left out.
func AppendPacket(b []byte, p *Packet) []byte {
	data := p.Data[:min(len(p.Data), maxDatagram)]
	size := ipSize + udpSize + len(data)
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(p.At.Unix()))
	b = le.AppendUint32(b, uint32(p.At.Nanosecond()))
	b = le.AppendUint32(b, uint32(size)) // so much is kept...
	b = le.AppendUint32(b, uint32(size)) // ...of so much
	b = appendIP(b, p, size)
	be := binary.BigEndian
	b = be.AppendUint16(b, p.From.Port)
	b = be.AppendUint16(b, p.To.Port)
	b = be.AppendUint16(b, uint16(size-ipSize))
	b = be.AppendUint16(b, 0) // no checksum (RFC 768)
	return append(b, data...)
}

// appendIP appends an IPv4 header (RFC 791, 3.1).
func appendIP(b []byte, p *Packet, total int) []byte {
	be, start := binary.BigEndian, len(b)
	b = append(b, 0x45, 0) // version 4, a header of five words
	b = be.AppendUint16(b, uint16(total))
	b = append(b, 0, 0, 0x40, 0, ttl, udp, 0, 0) // do not fragment
	b = append(b, p.From.Address[:]...)
	b = append(b, p.To.Address[:]...)
	be.PutUint16(b[start+10:], checksum(b[start:]))
	return b
}

// checksum is that of RFC 1071 over an even number of bytes.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) > 0; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
