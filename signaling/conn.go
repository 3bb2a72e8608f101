package signaling

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"sfu/metrics"
	"sfu/sfu/part"
	"sfu/signaling/wire"
)

// conn is one WebSocket. Its reader, which is the goroutine of serve, owns all
// fields that say nothing else; its writer owns the sending half of ws, and
// closes ws.
type conn struct {
	ws      *websocket.Conn
	join    join
	session session // nil until the client has joined
	metrics *metrics.Set
	log     *slog.Logger

	out     *outbox       // anyone's
	gone    chan struct{} // closed by the reader: nothing comes any more
	written chan struct{} // closed by the writer: nothing goes any more

	joinTimer *time.Timer
	messages  *rate.Limiter // what the client may send
	mistakes  *rate.Limiter // what it may get wrong
	overloads *rate.Limiter // how often it hears that it sent too much
}

func newConn(h *Handler, ws *websocket.Conn, remote string) *conn {
	return &conn{
		ws:        ws,
		join:      h.join,
		metrics:   h.metrics,
		log:       h.log.With("remote", remote),
		out:       newOutbox(),
		gone:      make(chan struct{}),
		written:   make(chan struct{}),
		messages:  rate.NewLimiter(messagesPerSecond, messageBurst),
		mistakes:  rate.NewLimiter(rate.Every(mistakeForgiven), maxMistakes),
		overloads: rate.NewLimiter(1, 1),
	}
}

// serve runs the connection until both directions are closed and the engine
// knows it.
func (c *conn) serve() {
	part.Signalling.Enter() // until now it was HTTP's
	c.log.Info("socket opened")
	opened := time.Now()
	var err error
	c.joinTimer = time.AfterFunc(joinTimeout, func() {
		c.send(&wire.Error{Code: wire.CodeUnexpected, Message: "no join_room in time", Fatal: true})
	})
	go c.write()
	defer func() {
		c.joinTimer.Stop()
		close(c.gone)
		c.ws.Close() // a writer that waits for the client waits no longer
		<-c.written
		if c.session != nil {
			c.session.Lost()
		}
		c.log.Info("socket closed", "why", c.why(err), "open", time.Since(opened).Round(time.Millisecond))
	}()
	err = c.read()
}

// read takes messages until the socket fails, which it also does some time
// after the writer has said goodbye.
func (c *conn) read() error {
	c.alive()
	c.ws.SetPongHandler(func(string) error {
		c.alive()
		return nil
	})
	for {
		frame, r, err := c.ws.NextReader()
		if err != nil {
			return err
		}
		// Not SetReadLimit: it would send its close frame before our error.
		data, err := io.ReadAll(io.LimitReader(patient{r, c}, wire.MaxMessage+1))
		if err != nil {
			return err
		}
		if c.out.ending() != nil {
			continue
		}
		if refusal := c.take(frame, data); refusal != nil {
			c.refuse(refusal)
		}
	}
}

// alive puts off the time at which the client counts as dead.
func (c *conn) alive() { c.ws.SetReadDeadline(time.Now().Add(deadAfter)) }

// patient keeps a client alive through a long message on a slow uplink, where
// its pongs have to wait behind the message.
type patient struct {
	io.Reader
	c *conn
}

func (p patient) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.c.alive()
	}
	return n, err
}

// take acts on one message, or says why not.
func (c *conn) take(frame int, data []byte) *wire.Error {
	if len(data) > wire.MaxMessage {
		// Its rest is still to come, and is not worth reading.
		c.limited(metrics.LimitMessageSize)
		return &wire.Error{Code: wire.CodeTooLarge, Message: "message too large", Fatal: true}
	}
	if !c.messages.AllowN(time.Now(), 1+len(data)/bytesPerToken) {
		c.limited(metrics.LimitMessages)
		return &wire.Error{Code: wire.CodeRateLimited, Message: "too many messages"}
	}
	if frame != websocket.TextMessage {
		return &wire.Error{Code: wire.CodeBadMessage, Message: "not a text frame"}
	}
	msg, err := wire.Decode(data)
	if err != nil {
		c.metrics.Message(metrics.In, wire.Unknown)
		refusal := asRefusal(err)
		if refusal.Code == wire.CodeTooLarge {
			c.limited(metrics.LimitMessageSize)
		}
		if refusal.Request == "report" {
			c.metrics.Client.Reports[metrics.ReportBad].Inc()
		}
		return refusal
	}
	c.metrics.Message(metrics.In, wire.Type(msg))
	return c.handle(msg)
}

func (c *conn) handle(msg wire.Client) *wire.Error {
	if req, ok := msg.(*wire.JoinRoom); ok {
		return c.enter(req)
	}
	if c.session == nil {
		return &wire.Error{Code: wire.CodeUnexpected, Message: "join_room comes first", Request: wire.Type(msg)}
	}
	c.session.Handle(msg)
	if _, ok := msg.(*wire.Leave); ok {
		c.out.end(goodbye{code: websocket.CloseNormalClosure, reason: "left"})
	}
	return nil
}

func (c *conn) enter(req *wire.JoinRoom) *wire.Error {
	if c.session != nil {
		return &wire.Error{Code: wire.CodeUnexpected, Message: "joined already", Request: wire.Type(req)}
	}
	if !c.joinTimer.Stop() {
		return nil // it has just ended the connection
	}
	s, err := c.join(req, c.send)
	if err != nil {
		refusal := *asRefusal(err)
		refusal.Request = wire.Type(req)
		if refusal.Code == wire.CodeInternal {
			c.log.Error("join failed", "room", req.Room, "err", err)
		}
		return &refusal
	}
	c.session = s
	return nil
}

// asRefusal tells clients no more of an error of ours than that it is ours.
func asRefusal(err error) *wire.Error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	return &wire.Error{Code: wire.CodeInternal, Message: "internal error"}
}

// refuse answers a message that did nothing. A join_room that did nothing is
// the end, and so is one mistake too many.
func (c *conn) refuse(refusal *wire.Error) {
	if refusal.Code == wire.CodeRateLimited && !c.overloads.Allow() {
		return
	}
	answer := *refusal
	answer.Fatal = answer.Fatal || c.session == nil && answer.Request == "join_room"
	if !answer.Fatal && !c.mistakes.Allow() {
		c.limited(metrics.LimitMistakes)
		answer = wire.Error{Code: wire.CodeRateLimited, Message: "too many errors", Fatal: true}
	}
	c.send(&answer)
}

// send queues a message for the client. It never blocks; any goroutine may
// call it at any time. A fatal error ends the connection.
func (c *conn) send(msg wire.Server) {
	data, err := wire.Encode(msg)
	if err != nil {
		c.log.Error("message lost", "err", err)
		c.send(&wire.Error{Code: wire.CodeInternal, Message: "internal error", Fatal: true})
		return
	}
	out := outgoing{wire.Type(msg), data}
	refusal, isError := msg.(*wire.Error)
	switch {
	case isError && refusal.Fatal:
		if c.out.end(goodbyeFor(refusal.Code), out) {
			c.metrics.SignalingError(string(refusal.Code))
			if refusal.Code == wire.CodeSlowConsumer {
				c.limited(metrics.LimitUnread)
			}
		}
	case !c.out.put(out):
		c.send(&wire.Error{Code: wire.CodeSlowConsumer, Message: "too much was left unread", Fatal: true})
	case isError:
		c.metrics.SignalingError(string(refusal.Code))
	}
}

// limited counts that the client ran into a limit.
func (c *conn) limited(limit metrics.Limit) { c.metrics.Door.Limited[limit].Inc() }

// why says in one word or two how the connection came to its end.
func (c *conn) why(err error) string {
	var closed *websocket.CloseError
	switch bye := c.out.ending(); {
	case bye != nil:
		return bye.reason
	case errors.As(err, &closed):
		return "closed by the client"
	case isTimeout(err):
		return "no sign of life"
	case err == nil:
		return "panic"
	}
	return err.Error()
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
