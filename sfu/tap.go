package sfu

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/mailbox"
)

const (
	// maxTapped bounds the packets that wait to be written down, in all 8 MB. What
	// comes on top is left out of the capture, and counted.
	maxTapped = 4096
	// keptPayload is how much a capture keeps of each payload that it is not to
	// keep: what codecs and RTX put before the media itself.
	keptPayload = 16
)

// direction is a way that packets go, or both.
type direction uint8

const (
	up direction = 1 << iota
	down
)

// tap copies the packets of one participant for a Capture. Its link's loop, and the
// fan that serves the link, put packets in, one at a time; they never wait.
type tap struct {
	ways   direction
	whole  bool // with payloads
	mail   *mailbox.Mailbox[tapped]
	missed atomic.Int64
	ended  chan struct{} // closed by the loop when the participant is gone
}

// tapped is one packet, decrypted.
type tapped struct {
	at   time.Time
	way  direction
	data []byte
}

func newTap(ways direction, whole bool) *tap {
	return &tap{ways: ways, whole: whole, mail: mailbox.New[tapped](maxTapped), ended: make(chan struct{})}
}

// end says that nothing more will come. The loop calls it once, with the link's end.
func (t *tap) end() { close(t.ended) }

// packet takes one RTP packet.
func (t *tap) packet(raw []byte, way direction, at time.Time) {
	if t.ways&way == 0 {
		return
	}
	data := append([]byte(nil), raw...)
	if !t.whole {
		blank(data)
	}
	t.put(data, way, at)
}

// reports takes one compound RTCP packet. There is no media in it.
func (t *tap) reports(packets []rtcp.Packet, way direction, at time.Time) {
	if t.ways&way == 0 {
		return
	}
	if raw, err := rtcp.Marshal(packets); err == nil {
		t.put(raw, way, at)
	}
}

func (t *tap) put(data []byte, way direction, at time.Time) {
	if !t.mail.Add(tapped{at, way, data}) {
		t.missed.Add(1)
	}
}

// blank wipes the payload of an RTP packet but for its beginning. The packet keeps its
// length, and the number of padding bytes at its end: Wireshark cannot read one with
// padding that is cut short.
func blank(packet []byte) {
	end := len(packet)
	if end > 0 && packet[0]&0x20 != 0 {
		end--
	}
	clear(packet[min(rtpHeader(packet)+keptPayload, end):end])
}

// rtpHeader returns how long the header of an RTP packet is, with its extensions
// (RFC 3550, 5.1 and 5.3.1). The packet has been parsed, or made, here.
func rtpHeader(raw []byte) int {
	if len(raw) < 12 {
		return len(raw)
	}
	n := 12 + 4*int(raw[0]&0xf)
	if raw[0]&0x10 != 0 && len(raw) >= n+4 {
		n += 4 + 4*int(binary.BigEndian.Uint16(raw[n+2:]))
	}
	return min(n, len(raw))
}
