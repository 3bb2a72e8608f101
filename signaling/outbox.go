package signaling

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"sfu/signaling/wire"
)

// outbox is what a connection still has to write: anyone puts, its writer
// takes. It is bounded, and putting never blocks.
type outbox struct {
	ready chan struct{} // holds a token while next has something to return

	mu    sync.Mutex // guards the fields below
	queue []outgoing
	bytes int
	full  bool     // was, once: then nothing but an end is taken
	last  *goodbye // set once: then nothing is taken
}

// outgoing is one encoded message.
type outgoing struct {
	typ  string
	data []byte
}

// goodbye is the close frame that follows the last message.
type goodbye struct {
	code   int
	reason string
	by     time.Time // set by end: when all must be written
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// put queues a message. It reports false if the client is too far behind: what
// was queued is then forgotten, for all that is left to say is why the
// connection ends. After an end it does nothing.
func (o *outbox) put(m outgoing) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return true
	}
	if o.full || len(o.queue) >= maxQueued || o.bytes+len(m.data) > maxQueuedBytes {
		o.full = true
		o.queue, o.bytes = nil, 0
		return false
	}
	o.push(m)
	return true
}

// end queues the last messages and the close frame after them. It reports
// false if the connection was ending already.
func (o *outbox) end(bye goodbye, last ...outgoing) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return false
	}
	bye.by = time.Now().Add(writeTimeout)
	o.last = &bye
	for _, m := range last {
		o.push(m)
	}
	o.signal()
	return true
}

func (o *outbox) push(m outgoing) {
	o.queue = append(o.queue, m)
	o.bytes += len(m.data)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// next takes the oldest message, or, after the last one, the goodbye. It
// returns neither when there is nothing to write.
func (o *outbox) next() (outgoing, *goodbye) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return outgoing{}, o.last
	}
	m := o.queue[0]
	o.queue[0] = outgoing{}
	o.queue = o.queue[1:]
	o.bytes -= len(m.data)
	if len(o.queue) > 0 || o.last != nil {
		o.signal()
	}
	return m, nil
}

// ending returns the goodbye if there is one.
func (o *outbox) ending() *goodbye {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// goodbyeFor is the close frame after a fatal error. Its reason is the code, so
// that a client knows it even when the message was lost.
func goodbyeFor(code wire.Code) goodbye {
	number := websocket.ClosePolicyViolation
	switch code {
	case wire.CodeTooLarge:
		number = websocket.CloseMessageTooBig
	case wire.CodeRoomFull:
		number = websocket.CloseTryAgainLater
	case wire.CodeDraining:
		number = websocket.CloseGoingAway
	case wire.CodeInternal:
		number = websocket.CloseInternalServerErr
	}
	return goodbye{code: number, reason: string(code)}
}
