package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"

	"sfu/metrics"
	"sfu/sfu/bulk"
	"sfu/sfu/media"
	"sfu/sfu/part"
)

const (
	// Queue bounds for each channel, in bytes of messages. A reliable channel
	// holds no more than is still free of maxDataQueue either, or smallQueue: so
	// there is room for chat whatever the others hold.
	maxReliableQueue = 4 << 20
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
	// A small message waits behind what is in SCTP's buffer, so of bulk no more
	// is put there than goes within bufferedTime, two packets at least. Less
	// than a round trip would be less than the rate.
	bufferedTime  = 300 * time.Millisecond
	leastBuffered = 2 * 1200
	// A lossy channel is for what is out of date soon.
	lossyTime       = 500 * time.Millisecond
	leastLossyQueue = 8 << 10
	// bufferedCheck is how soon the writer looks again when SCTP's buffer is
	// full, and waitCheck how soon when it waits for anything else: the rate
	// may have changed meanwhile, or something been acknowledged.
	bufferedCheck = 20 * time.Millisecond
	waitCheck     = 100 * time.Millisecond
	// leastWait is how long the writer waits at least, so that it does not
	// wake for every byte that it may send.
	leastWait = time.Millisecond
	// messageCost is what a queued message takes besides its bytes.
	messageCost = 64
	// stride is how much has to arrive at a receiver within a sender's patience.
	// The smallest rate there is carries half as much again.
	stride = 4 << 10
)

// dataWriter sends one participant what others wrote on their channels: a
// bounded queue for each channel, one goroutine that takes turns between them,
// small messages first, at the rate that is left beside sound and pictures.
// Nobody waits for anybody here but a sender for its own message (push).
type dataWriter struct {
	count   *metrics.Set
	wake    chan struct{}
	quit    chan struct{}
	done    chan struct{}
	readers sync.WaitGroup // goroutines that read this participant's channels
	gauge   dataGauge

	mu       sync.Mutex // guards the fields below
	path     dataPath
	pace     bulk.Pace
	channels []*downChannel
	last     int // whose turn it was
	bytes    int // in all queues
	closed   bool
}

// dataPath is what is known of the way to the participant.
type dataPath struct {
	buffered func() int // what lies in SCTP's buffer; nil until a channel is open
	written  int        // to SCTP, in all
	mark     int        // what had arrived at moved
	moved    time.Time  // when a stride, or all there was, had arrived
}

// dataGauge is what the media loop and the writer tell each other.
type dataGauge struct {
	rate      atomic.Uint64 // that data may send; 0 while nobody said
	delivered atomic.Int64
	waits     atomic.Bool
}

func newDataWriter(count *metrics.Set) *dataWriter {
	w := &dataWriter{
		count: count,
		wake:  make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// allow sets the rate at which messages may go from now on. Without it there is
// no limit but SCTP's own. It never blocks, and nor do delivered and pending.
func (w *dataWriter) allow(rate media.Bitrate) { w.gauge.rate.Store(uint64(max(rate, 1))) }

// delivered returns how many bytes of messages were acknowledged so far, headers
// not counted. It is what data takes of the path, seen at most 100 ms late.
func (w *dataWriter) delivered() int { return int(w.gauge.delivered.Load()) }

// pending reports whether messages wait because the rate does not allow them.
func (w *dataWriter) pending() bool { return w.gauge.waits.Load() }

// queued returns how many bytes wait in all queues.
func (w *dataWriter) queued() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes
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
		room := w.pace.Within(lossyTime, leastLossyQueue, maxLossyQueue)
		for len(d.queue) > 0 && d.bytes+msg.size() > room {
			w.pop(d)
			w.count.DataDropped[metrics.DataStale].Inc()
		}
	} else if d.bytes+msg.size() > max(smallQueue, min(maxReliableQueue, maxDataQueue-w.bytes)) {
		return false
	}
	d.queue = append(d.queue, msg)
	d.bytes += msg.size()
	w.hold(msg.size())
	w.signal()
	return true
}

// pop takes the oldest message off a queue.
func (w *dataWriter) pop(d *downChannel) message {
	msg := d.queue[0]
	d.queue[0] = message{}
	d.queue = d.queue[1:]
	d.bytes -= msg.size()
	w.hold(-msg.size())
	return msg
}

// hold notes that so many bytes more wait.
func (w *dataWriter) hold(bytes int) {
	w.bytes += bytes
	w.count.Data.QueuedBytes.Add(float64(bytes))
}

func (w *dataWriter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// opened takes what a channel is written to, and how to know what lies in
// SCTP's buffer for all channels of the participant.
func (w *dataWriter) opened(d *downChannel, raw datachannel.ReadWriteCloser, buffered func() int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.closed || w.closed {
		return false
	}
	d.raw, w.path.buffered = raw, buffered
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
	w.hold(-d.bytes)
	d.queue, d.bytes = nil, 0
	close(d.gone)
	if d.raw != nil {
		_ = d.raw.Close()
	}
	w.signal()
}

// hungry reports whether everything that was put into a channel is on its way.
func (w *dataWriter) hungry(d *downChannel) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return d.raw != nil && !d.closed && len(d.queue) == 0
}

// stuck reports whether next to nothing of what was sent has arrived within
// patience, or there is nothing yet to send it on. To wait for the rate is not to
// be stuck: then nothing is on its way.
func (w *dataWriter) stuck(d *downChannel, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look(now)
	return d.raw == nil || now.Sub(w.path.moved) >= patience
}

func (w *dataWriter) run() {
	part.Data.Enter()
	defer close(w.done)
	again := time.NewTimer(waitCheck)
	defer again.Stop()
	for {
		wait := w.sendAll()
		if wait > 0 {
			again.Reset(max(leastWait, min(wait, waitCheck)))
		}
		select {
		case <-w.wake:
		case <-again.C:
		case <-w.quit:
			return
		}
	}
}

// sendAll writes what may go now, and returns how long to wait; 0 means until
// there is something new. It lets go of the lock after each message.
func (w *dataWriter) sendAll() time.Duration {
	for {
		if wait, sent := w.sendOne(time.Now()); !sent {
			return wait
		}
	}
}

// sendOne writes the message whose turn it is. If there is none that may go, it
// returns how long to wait.
func (w *dataWriter) sendOne(now time.Time) (wait time.Duration, sent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep()
	w.pace.Fill(media.Bitrate(w.gauge.rate.Load()), now)
	buffered := w.look(now)
	if buffered > 0 {
		wait = waitCheck // to see it arrive
	}
	waits := false
	for _, small := range [...]bool{true, false} {
		d := w.turn(small)
		if d == nil {
			continue
		}
		pause, late := w.pause(small, buffered)
		if pause == 0 {
			w.write(d, small, now)
			return 0, true
		}
		if wait == 0 || pause < wait {
			wait = pause
		}
		waits = waits || late
	}
	w.gauge.waits.Store(waits)
	return wait, false
}

// pause returns how long a message has to wait, and whether it is the rate that
// it waits for.
func (w *dataWriter) pause(small bool, buffered int) (pause time.Duration, late bool) {
	room := maxBuffered
	if !small {
		room = w.pace.Within(bufferedTime, leastBuffered, maxBuffered)
	}
	if buffered >= room {
		return bufferedCheck, false
	}
	pause = w.pace.Wait(small)
	return pause, pause > 0
}

// turn returns the channel whose turn it is, of those with little to send or of
// the others.
func (w *dataWriter) turn(small bool) *downChannel {
	for i := range w.channels {
		d := w.channels[(w.last+1+i)%len(w.channels)]
		if d.raw != nil && len(d.queue) > 0 && d.small() == small {
			return d
		}
	}
	return nil
}

// write sends the oldest message of d. The caller holds mu.
func (w *dataWriter) write(d *downChannel, small bool, now time.Time) {
	w.last = slices.Index(w.channels, d)
	msg := w.pop(d)
	if _, err := d.raw.WriteDataChannel(msg.data, msg.text); err != nil {
		w.end(d)
		return
	}
	w.path.written += len(msg.data)
	w.pace.Take(len(msg.data), small)
	w.count.Data.QueueSeconds.Observe(since(msg.at, now))
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

// look returns what lies in SCTP's buffer: what was not sent yet or not
// acknowledged, of channels that are over too. It notes what has arrived.
func (w *dataWriter) look(now time.Time) (buffered int) {
	p := &w.path
	if p.buffered != nil {
		buffered = p.buffered()
	}
	// pion's own messages, which open channels, are in there too: they count as
	// not arrived.
	arrived := p.written - buffered
	w.gauge.delivered.Store(max(w.gauge.delivered.Load(), int64(arrived)))
	if buffered == 0 || arrived-p.mark >= stride {
		p.mark, p.moved = arrived, now
	}
	return buffered
}
