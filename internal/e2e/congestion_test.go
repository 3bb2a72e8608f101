package e2e

import (
	"encoding/binary"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
)

// settled is when the server knows what a path carries, and believes it.
const settled = 3 * time.Second

// congestion is what an endpoint tells the server of what arrives, as browsers
// do: every 100 ms, all packets by their transport-wide numbers.
type congestion struct {
	recorder *twcc.Recorder
	silent   bool // it tells nothing

	media  uint32 // an SSRC that feedback may be about
	newest uint16 // the last number that came
	lies   uint8  // feedback that was made up
}

func newCongestion() congestion { return congestion{recorder: twcc.NewRecorder(1)} }

// note takes a packet that arrived.
func (c *congestion) note(d *downlink, at time.Time, p *rtp.Packet) {
	st := d.streams[p.SSRC]
	if st == nil {
		st = d.repairs[p.SSRC]
	}
	if st == nil || st.transportID == 0 {
		return
	}
	if number := p.GetExtension(st.transportID); len(number) == 2 {
		c.media, c.newest = st.ssrc, binary.BigEndian.Uint16(number)
		c.recorder.Record(st.ssrc, binary.BigEndian.Uint16(number), at.UnixMicro())
	}
}

// pulse sends the feedback that is due.
func (c *congestion) pulse(e *endpoint) {
	if c.silent || e.pulses%5 != 0 {
		return
	}
	e.sendRTCP(c.recorder.BuildFeedbackPacket()...)
}
