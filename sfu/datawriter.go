package sfu

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/signaling/wire"
)

const (
	// Queue bounds for each channel, in bytes of messages.
	maxReliableQueue = 1 << 20
	maxLossyQueue    = 64 << 10
	// maxDownChannels bounds the channels that one participant is sent, and so
	// its queues as a whole.
	maxDownChannels = 256
	// maxDataQueue bounds all queues of one participant together.
	maxDataQueue = 8 << 20
	// maxBuffered is how much may lie in SCTP's own buffer, which has no
	// bound: what is in there cannot be dropped, and goes before anything else.
	maxBuffered = 256 << 10
	lowBuffered = 16 << 10 // of one channel: below it the writer is woken
	// bufferedCheck is how soon the writer looks again when many channels that
	// are each below lowBuffered fill the buffer together.
	bufferedCheck = 20 * time.Millisecond
	// messageCost is what a queued message takes besides its bytes.
	messageCost = 64
)

// message is one data channel message; data is shared and never written to.
type message struct {
	data []byte
	text bool
}

// size is what the message counts against a queue's bound.
func (m message) size() int { return len(m.data) + messageCost }

// downChannel is one participant's copy of a channel that another one opened.
type downChannel struct {
	to     *participant
	writer *dataWriter // to's
	lossy  bool
	space  chan struct{} // one token: there may be room again
	gone   chan struct{} // closed when nothing can be sent any more

	// Guarded by writer.mu.
	dc       *webrtc.DataChannel // nil until it is open
	raw      datachannel.ReadWriteCloser
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

// dataWriter sends one participant what others wrote on their channels: a
// bounded queue for each channel, one goroutine that takes turns between them.
// Nobody waits for anybody here but a sender for its own message (push).
type dataWriter struct {
	count   *metrics.Set
	wake    chan struct{}
	quit    chan struct{}
	done    chan struct{}
	readers sync.WaitGroup // goroutines that read this participant's channels

	mu       sync.Mutex // guards the fields below
	channels []*downChannel
	next     int // whose turn it is
	bytes    int // in all queues
	closed   bool
}

func newDataWriter(count *metrics.Set) *dataWriter {
	w := &dataWriter{
		count: count,
		wake:  make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// close stops the writer and waits for it and for the readers, which end when
// the connection does.
func (w *dataWriter) close() {
	w.mu.Lock()
	w.closed = true
	for _, d := range w.channels {
		w.end(d)
	}
	w.channels = nil
	w.mu.Unlock()
	close(w.quit)
	<-w.done
	w.readers.Wait()
}

// add takes a channel in; false means that there are too many.
func (w *dataWriter) add(d *downChannel) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.channels) >= maxDownChannels {
		return false
	}
	w.channels = append(w.channels, d)
	return true
}

// put queues a message. It reports false when a reliable channel is full; a
// lossy one makes room by dropping its oldest messages.
func (w *dataWriter) put(d *downChannel, msg message) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.closed || d.finished {
		return true // nobody to send it to is no reason to wait
	}
	if d.lossy {
		for len(d.queue) > 0 && d.bytes+msg.size() > maxLossyQueue {
			w.pop(d)
			w.count.DataDropped[metrics.DataStale].Inc()
		}
	} else if d.bytes+msg.size() > maxReliableQueue || w.bytes+msg.size() > maxDataQueue {
		return false
	}
	d.queue = append(d.queue, msg)
	d.bytes += msg.size()
	w.bytes += msg.size()
	w.signal()
	return true
}

// pop takes the oldest message off a queue.
func (w *dataWriter) pop(d *downChannel) message {
	msg := d.queue[0]
	d.queue[0] = message{}
	d.queue = d.queue[1:]
	d.bytes -= msg.size()
	w.bytes -= msg.size()
	return msg
}

func (w *dataWriter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// opened takes the channel's own data channel, ready to be written.
func (w *dataWriter) opened(d *downChannel, dc *webrtc.DataChannel, raw datachannel.ReadWriteCloser) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.closed || w.closed {
		return false
	}
	d.dc, d.raw = dc, raw
	w.signal()
	return true
}

// finish closes a channel once its queue is empty: its sender closed it.
func (w *dataWriter) finish(d *downChannel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.finished = true
	w.signal()
}

// cut closes a channel at once: its receiver is too slow, or has closed it.
func (w *dataWriter) cut(d *downChannel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end(d)
}

// end forgets what is queued and closes the channel. The caller holds mu.
func (w *dataWriter) end(d *downChannel) {
	if d.closed {
		return
	}
	d.closed = true
	w.bytes -= d.bytes
	d.queue, d.bytes = nil, 0
	close(d.gone)
	if d.raw != nil {
		_ = d.raw.Close()
	}
	w.signal()
}

func (w *dataWriter) run() {
	defer close(w.done)
	again := time.NewTimer(bufferedCheck)
	defer again.Stop()
	for {
		for w.sendOne() {
		}
		if w.blocked() {
			again.Reset(bufferedCheck)
		}
		select {
		case <-w.wake:
		case <-again.C:
		case <-w.quit:
			return
		}
	}
}

// blocked reports whether messages wait for SCTP's buffer to drain.
func (w *dataWriter) blocked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes > 0 && w.buffered() >= maxBuffered
}

// sendOne writes one message of the channel whose turn it is; false means that
// there is nothing to do now.
func (w *dataWriter) sendOne() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep()
	if w.buffered() >= maxBuffered {
		return false
	}
	for range w.channels {
		w.next++
		d := w.channels[w.next%len(w.channels)]
		if d.raw == nil || len(d.queue) == 0 {
			continue
		}
		w.write(d)
		return true
	}
	return false
}

// write sends the oldest message of d. The caller holds mu.
func (w *dataWriter) write(d *downChannel) {
	msg := w.pop(d)
	if _, err := d.raw.WriteDataChannel(msg.data, msg.text); err != nil {
		w.end(d)
		return
	}
	w.count.DataMessages[metrics.Out].Inc()
	w.count.DataBytes[metrics.Out].Add(float64(len(msg.data)))
	select {
	case d.space <- struct{}{}:
	default:
	}
}

// sweep lets go of channels that are over.
func (w *dataWriter) sweep() {
	kept := w.channels[:0]
	for _, d := range w.channels {
		if d.finished && len(d.queue) == 0 && d.raw != nil {
			w.end(d)
		}
		if !d.closed {
			kept = append(kept, d)
		}
	}
	clear(w.channels[len(kept):])
	w.channels = kept
}

// buffered is what lies in SCTP's buffer for all channels.
func (w *dataWriter) buffered() uint64 {
	var sum uint64
	for _, d := range w.channels {
		if d.dc != nil {
			sum += d.dc.BufferedAmount()
		}
	}
	return sum
}

// applyRelay opens the participant's copy of a channel, with the label and the
// reliability of the original and its sender in the protocol.
func (p *participant) applyRelay(c *upChannel, d *downChannel) {
	if p.presence.left {
		return
	}
	if !p.data.add(d) {
		p.server.count.DataDropped[metrics.DataRefused].Inc()
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
		if err != nil || !p.data.opened(d, dc, raw) {
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
		fmt.Sprintf("Data channel %q of %s was closed: its messages were not read.", c.dc.Label(), c.owner.id)))
}

func isShortBuffer(err error) bool { return errors.Is(err, io.ErrShortBuffer) }
