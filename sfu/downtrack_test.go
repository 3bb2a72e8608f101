package sfu

import (
	"testing"

	"github.com/pion/srtp/v3"

	"sfu/sfu/header"
)

// A receiver counts for itself how often the numbers came round. It is right although
// the first thousand packets do not arrive, and those that do in the wrong order.
func TestTheFirstPacketsMayGetLost(t *testing.T) {
	t.Parallel()
	const lost = 1000
	for range 500 {
		seq := firstSeq()
		sealer := newSealer(t)
		receiver, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
		if err != nil {
			t.Fatal(err)
		}
		var sent [lost + 1][]byte
		for i := range sent {
			w := header.Begin(make([]byte, 0, 64), &header.Fixed{Seq: seq + uint16(i), SSRC: 1}, false)
			sent[i] = sealer.Seal(append(w.End(), "picture"...))
		}
		for _, i := range []int{lost, 0} {
			if _, err := receiver.DecryptRTP(nil, sent[i], nil); err != nil {
				t.Fatalf("first %d, packet %d: %v", seq, i, err)
			}
		}
	}
}
