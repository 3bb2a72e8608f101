package sfu

import (
	"net/netip"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"sfu/sfu/media"
	"sfu/sfu/seal"
	"sfu/sfu/udp"
)

// maxOutgoing is the longest packet that leaves, encrypted: the longest that
// comes, the header extensions that we add (no more than 255 bytes of dependency
// descriptor, and seven short ones), the number that a repeat begins with, and the
// tag.
const maxOutgoing = media.MaxPacket + 384 + 2 + seal.TagSize

// way is how packets leave for one subscriber. The media loop owns it.
type way interface {
	// room returns where the next packet is built; it is good until the next call.
	room() []byte
	// send takes the packet that was built there. A sequence number may be sent
	// once for each SSRC, ever: the same number under the same key would give away
	// both packets (RFC 7714, 8.4).
	send(packet []byte) error
}

// outlet encrypts packets into what its room's loop sends in this turn.
type outlet struct {
	egress *egress // whose fan has the batches
	socket int     // that the subscriber is connected to
	to     netip.AddrPort
	sealer *seal.Sealer  // for RTP; nil where its profile is not AES-GCM...
	cipher *srtp.Context // ...which then encrypts that too
	header rtp.Header    // scratch
}

// rtcpOverhead is what encryption adds to RTCP: the index and the longest tag
// (RFC 3711, 3.4; RFC 7714, 9).
const rtcpOverhead = 4 + 16

// WriteRTCP lets reports leave with the media. Nobody else may encrypt RTCP of the
// connection, for the index would begin anew.
func (o *outlet) WriteRTCP(packets []rtcp.Packet) error {
	raw, err := rtcp.Marshal(packets)
	if err != nil {
		return err
	}
	batch := o.batch()
	sealed, err := o.cipher.EncryptRTCP(batch.Room(len(raw)+rtcpOverhead), raw, nil)
	if err != nil {
		return err
	}
	batch.Append(o.to, sealed)
	return nil
}

func (o *outlet) batch() *udp.Batch { return o.egress.fan.out.on(o.socket) }

func (o *outlet) room() []byte { return o.batch().Room(maxOutgoing) }

func (o *outlet) send(packet []byte) error {
	if o.sealer != nil {
		o.batch().Append(o.to, o.sealer.Seal(packet))
		return nil
	}
	sealed, err := o.cipher.EncryptRTP(packet[:0], packet, &o.header)
	if err != nil {
		return err
	}
	o.batch().Append(o.to, sealed)
	return nil
}
