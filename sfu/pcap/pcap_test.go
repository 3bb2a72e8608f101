package pcap

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

var (
	here  = Endpoint{[4]byte{192, 0, 2, 1}, 5004}
	there = Endpoint{[4]byte{192, 0, 2, 2}, 5006}
	at    = time.Unix(1_800_000_000, 123_456_789)
)

// read is a reader of its own, by the format's description: it shares nothing with
// the writer.
func read(t *testing.T, file []byte) (list []Packet) {
	t.Helper()
	le, be := binary.LittleEndian, binary.BigEndian
	if len(file) < 24 || le.Uint32(file) != 0xa1b23c4d || le.Uint16(file[4:]) != 2 || le.Uint16(file[6:]) != 4 || le.Uint32(file[20:]) != 101 {
		t.Fatalf("header % x", file[:min(24, len(file))])
	}
	for b := file[24:]; len(b) > 0; {
		p := Packet{At: time.Unix(int64(le.Uint32(b)), int64(le.Uint32(b[4:])))}
		kept, whole := int(le.Uint32(b[8:])), int(le.Uint32(b[12:]))
		ip := b[16 : 16+kept]
		b = b[16+kept:]
		if ip[0] != 0x45 || ip[9] != 17 || kept != whole || int(be.Uint16(ip[2:])) != whole || int(be.Uint16(ip[24:])) != whole-20 {
			t.Fatalf("IP and UDP headers % x of %d bytes", ip[:28], whole)
		}
		if sum := checksum(ip[:20]); sum != 0 {
			t.Errorf("the IP header's checksum is off by %x", sum)
		}
		copy(p.From.Address[:], ip[12:])
		copy(p.To.Address[:], ip[16:])
		p.From.Port, p.To.Port = be.Uint16(ip[20:]), be.Uint16(ip[22:])
		p.Data = ip[28:]
		list = append(list, p)
	}
	return list
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte{0xab}, 1<<16)
	for _, tc := range []struct {
		name string
		p    Packet
		kept int
	}{
		{"one way", Packet{at, here, there, []byte("media")}, 5},
		{"the other way", Packet{at, there, here, []byte("odd")}, 3},
		{"nothing", Packet{At: at, From: here, To: there}, 0},
		{"too long for IPv4", Packet{at, here, there, long}, 65507},
	} {
		file := AppendPacket(AppendPacket(AppendHeader(nil), &tc.p), &tc.p)
		if want := HeaderSize + 2*(PacketSize+tc.kept); len(file) != want {
			t.Errorf("%s: %d bytes, not %d", tc.name, len(file), want)
		}
		for _, got := range read(t, file) {
			same := got.At.Equal(tc.p.At) && got.From == tc.p.From && got.To == tc.p.To
			if !same || !bytes.Equal(got.Data, tc.p.Data[:tc.kept]) {
				t.Errorf("%s: reads back as %+v", tc.name, got)
			}
		}
	}
}

// The checksum of an IPv4 header that is in many textbooks.
func TestChecksum(t *testing.T) {
	t.Parallel()
	header := []byte{0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 0x01, 0xc0, 0xa8, 0, 0xc7}
	if got := checksum(header); got != 0xb861 {
		t.Errorf("%x, not b861", got)
	}
}
