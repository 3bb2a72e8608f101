package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// RFC 3711, B.3.
func TestKeysAreDerivedAsTheRFCShows(t *testing.T) {
	t.Parallel()
	key, _ := hex.DecodeString("E1F97A0D3E018BE0D64FA32C06DE4139")
	salt, _ := hex.DecodeString("0EC675AD498AFEEBB6960B3AABE6")
	for label, want := range map[byte]string{
		labelKey:  "c61e7a93744f39ee10734afe3ff7a087",
		labelSalt: "30cbbc08863d8c85d49db34a9ae1",
	} {
		got, err := derive(key, salt, label, len(want)/2)
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("label %d: %x, %v; want %s", label, got, err, want)
		}
	}
	if _, err := New(key[:5], salt); err == nil {
		t.Error("five bytes are a key")
	}
}

// twins are a Sealer and pion's context with the same key.
func twins(tb testing.TB, profile srtp.ProtectionProfile) (*Sealer, *srtp.Context) {
	tb.Helper()
	size, err := profile.KeyLen()
	if err != nil {
		tb.Fatal(err)
	}
	key, salt := bytes.Repeat([]byte{0xa7}, size), bytes.Repeat([]byte{0x3c}, SaltSize)
	ours, err := New(key, salt)
	if err != nil {
		tb.Fatal(err)
	}
	pions, err := srtp.CreateContext(key, salt, profile)
	if err != nil {
		tb.Fatal(err)
	}
	return ours, pions
}

// Over three rounds of the numbers, with losses, packets that overtook others, and
// every kind of header.
func TestPionSealsTheSame(t *testing.T) {
	t.Parallel()
	for _, profile := range []srtp.ProtectionProfile{srtp.ProtectionProfileAeadAes128Gcm, srtp.ProtectionProfileAeadAes256Gcm} {
		ours, pions := twins(t, profile)
		random := rand.New(rand.NewPCG(1, 2))
		for n := uint32(500); n < 3<<16; n += uint32(random.IntN(40)) {
			h := rtp.Header{
				Version: 2, Marker: n%3 == 0, PayloadType: uint8(n % 128), Timestamp: n,
				SequenceNumber: uint16(n - uint32(random.IntN(400))), SSRC: []uint32{7, 0xfedcba98}[n/7%2],
			}
			if n%5 == 0 {
				h.CSRC = []uint32{1, 2}
			}
			for id := range uint8(random.IntN(4)) {
				_ = h.SetExtension(id+1, make([]byte, 1+random.IntN(16)))
			}
			plain, err := (&rtp.Packet{Header: h, Payload: make([]byte, random.IntN(100))}).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			want, err := pions.EncryptRTP(nil, plain, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := ours.Seal(append(make([]byte, 0, len(plain)+TagSize), plain...))
			if !bytes.Equal(got, want) {
				t.Fatalf("profile %d, number %d of %#x:\n%x, want\n%x", profile, n, h.SSRC, got, want)
			}
		}
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	ours, _ := twins(t, srtp.ProtectionProfileAeadAes128Gcm)
	packet := example()
	ours.Seal(packet)
	if n := testing.AllocsPerRun(100, func() { ours.Seal(packet) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// example is a packet of 1100 bytes with room for the tag.
func example() []byte {
	b := make([]byte, 1100, 1100+TagSize)
	b[0] = 2 << 6
	binary.BigEndian.PutUint32(b[8:], 1)
	return b
}

func BenchmarkSeal(b *testing.B) {
	ours, pions := twins(b, srtp.ProtectionProfileAeadAes128Gcm)
	packet := example()
	b.Run("ours", func(b *testing.B) {
		for i := range b.N {
			binary.BigEndian.PutUint16(packet[2:], uint16(i))
			ours.Seal(packet)
		}
	})
	b.Run("pion", func(b *testing.B) {
		var h rtp.Header
		for i := range b.N {
			binary.BigEndian.PutUint16(packet[2:], uint16(i))
			if _, err := pions.EncryptRTP(packet[:0], packet, &h); err != nil {
				b.Fatal(err)
			}
		}
	})
}
