package signaling

import (
	"time"

	"github.com/gorilla/websocket"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// write sends what is queued, and pings, until the client is gone or there is
// nothing left to say.
func (c *conn) write() {
	defer close(c.written)
	defer c.ws.Close() // wakes the reader
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		var done bool
		var err error
		select {
		case <-c.gone:
			return
		case <-ping.C:
			err = c.ws.WriteControl(websocket.PingMessage, nil, c.deadline())
		case <-c.out.ready:
			done, err = c.writeNext()
		}
		switch {
		case err != nil:
			c.writeFailed(err)
			return
		case done:
			c.awaitClose()
			return
		}
	}
}

// writeNext writes one message, or the close frame: that was the last.
func (c *conn) writeNext() (last bool, err error) {
	m, bye := c.out.next()
	switch {
	case bye != nil:
		frame := websocket.FormatCloseMessage(bye.code, bye.reason)
		return true, c.ws.WriteControl(websocket.CloseMessage, frame, bye.by)
	case m.data == nil:
		return false, nil
	}
	c.ws.SetWriteDeadline(c.deadline())
	if err := c.ws.WriteMessage(websocket.TextMessage, m.data); err != nil {
		return false, err
	}
	c.metrics.Message(metrics.Out, m.typ)
	return false, nil
}

// deadline is when the frame at hand must be written. A client that reads
// slowly cannot draw out the end message by message.
func (c *conn) deadline() time.Time {
	if bye := c.out.ending(); bye != nil {
		return bye.by
	}
	return time.Now().Add(writeTimeout)
}

// writeFailed remembers why, if it was the client that did not read: in the
// middle of a frame nothing else can be said, not even goodbye.
func (c *conn) writeFailed(err error) {
	if isTimeout(err) && c.out.end(goodbyeFor(wire.CodeSlowConsumer)) {
		c.metrics.SignalingError(string(wire.CodeSlowConsumer))
		c.limited(metrics.LimitUnread)
	}
}

// awaitClose gives the client time to read the end and to answer the close
// frame (RFC 6455 section 7.1.1): closing at once, with something of its unread,
// would reset the connection, and the reason might be lost on the way.
func (c *conn) awaitClose() {
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-c.gone:
	case <-grace.C:
	}
}
