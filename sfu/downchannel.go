package sfu

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu/part"
	"sfu/signaling/wire"
)

// message is one data channel message; data is shared and never written to.
type message struct {
	data []byte
	text bool
	at   time.Time // when it came
}

// size is what the message counts against a queue's bound.
func (m message) size() int { return len(m.data) + messageCost }

// smallQueue is how much may wait on a channel that is not bulk.
const smallQueue = 4 << 10

// downChannel is one participant's copy of a channel that another one opened.
type downChannel struct {
	to     *participant
	writer *dataWriter // to's
	lossy  bool
	space  chan struct{} // one token: there may be room again
	gone   chan struct{} // closed when nothing can be sent any more

	// Guarded by writer.mu.
	raw      datachannel.ReadWriteCloser // nil until it is open
	queue    []message
	bytes    int
	finished bool // close once the queue is empty
	closed   bool
}

func newDownChannel(to *participant, c *upChannel) *downChannel {
	return &downChannel{
		to: to, writer: to.data, lossy: c.lossy,
		space: make(chan struct{}, 1), gone: make(chan struct{}),
	}
}

// small reports whether what waits is little: chat, cursors, the state of a
// game. What a channel is for nobody knows, but a file keeps its queue full, and
// so does a flood of small messages. The caller holds writer.mu.
func (d *downChannel) small() bool { return d.bytes <= smallQueue }

// applyRelay opens the participant's copy of a channel, with the label and the
// reliability of the original and its sender in the protocol.
func (p *participant) applyRelay(c *upChannel, d *downChannel) {
	if p.presence.left {
		return
	}
	if !p.data.add(d) {
		p.server.count.DataDropped[metrics.DataRefused].Inc()
		p.server.count.Door.Limited[metrics.LimitChannels].Inc()
		p.room.relay.drop(c, d)
		return
	}
	ordered, protocol := c.dc.Ordered(), "from="+string(c.owner.id)
	dc, err := p.pc.CreateDataChannel(c.dc.Label(), &webrtc.DataChannelInit{
		Ordered: &ordered, Protocol: &protocol,
		MaxRetransmits: c.dc.MaxRetransmits(), MaxPacketLifeTime: c.dc.MaxPacketLifeTime(),
	})
	if err != nil {
		p.log.Warn("data channel not relayed", "error", err)
		p.room.relay.drop(c, d)
		p.data.cut(d)
		return
	}
	dc.SetBufferedAmountLowThreshold(lowBuffered)
	dc.OnBufferedAmountLow(p.data.signal)
	dc.OnOpen(func() {
		raw, err := dc.Detach()
		if err != nil || !p.data.opened(d, raw, dc.Transport().BufferedAmount) {
			_ = dc.Close()
			return
		}
		p.put(func() {
			if !p.presence.left {
				p.data.readers.Go(func() { p.watchRelay(c, d, raw) })
			}
		})
	})
}

// watchRelay reads a down channel, on which nobody should write, until its
// receiver closes it.
func (p *participant) watchRelay(c *upChannel, d *downChannel, raw datachannel.ReadWriteCloser) {
	part.Data.Enter()
	buf := make([]byte, MaxDataMessage)
	for {
		_, _, err := raw.ReadDataChannel(buf)
		if err != nil && !isShortBuffer(err) {
			break
		}
		p.server.count.DataDropped[metrics.DataReply].Inc()
	}
	p.room.relay.drop(c, d)
	select {
	case <-d.gone: // we closed it
	default:
		p.data.cut(d)
	}
}

// tellCut tells a receiver that it was too slow for a channel.
func (p *participant) tellCut(c *upChannel) {
	p.send(complain(wire.CodeSlowConsumer, "",
		fmt.Sprintf("Data channel %q of %s was closed: its messages took too long to get here.", c.dc.Label(), c.owner.id)))
}

func isShortBuffer(err error) bool { return errors.Is(err, io.ErrShortBuffer) }
