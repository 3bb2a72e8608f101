package load

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// Whole is what went through the bots from the first join to the end, for
// comparison with what the server counted meanwhile. Payloads are those of bots
// that verify: nobody else knows how much of a packet is padding.
type Whole struct {
	Sent         uint64 `json:"sent"`          // media packets, those for repair and on purpose lost not among them
	SentBytes    uint64 `json:"sent_bytes"`    // of their payload
	Packets      uint64 `json:"packets"`       // on SSRCs of media, each as often as it came
	Bytes        uint64 `json:"bytes"`         // of their payload
	Repairs      uint64 `json:"repairs"`       // on SSRCs of repeats and probes
	Strange      uint64 `json:"strange"`       // on SSRCs that no description had named yet
	MessagesSent uint64 `json:"messages_sent"` // on data channels
	MessagesGot  uint64 `json:"messages_got"`
}

// life counts what goes through one bot in all its life.
type life struct {
	sent, sentBytes           atomic.Uint64
	packets, repairs, strange atomic.Uint64
	bytes                     atomic.Uint64
	messagesSent, messagesGot atomic.Uint64
}

// whole adds up the lives of all bots.
func (f *fleet) whole() (w Whole) {
	for _, b := range f.all() {
		l := &b.life
		w.Sent += l.sent.Load()
		w.SentBytes += l.sentBytes.Load()
		w.Packets += l.packets.Load()
		w.Bytes += l.bytes.Load()
		w.Repairs += l.repairs.Load()
		w.Strange += l.strange.Load()
		w.MessagesSent += l.messagesSent.Load()
		w.MessagesGot += l.messagesGot.Load()
	}
	return w
}

// chatter is what a bot says on its data channel.
const (
	chatterLabel = "load"
	chatterSize  = 200
)

// openChatter opens the channel that a publishing bot talks on, before its first
// offer; what others say comes on channels that the server opens.
func (b *bot) openChatter() error {
	if b.cfg.Messages == 0 {
		return nil
	}
	b.pc.OnDataChannel(func(c *webrtc.DataChannel) {
		c.OnMessage(func(webrtc.DataChannelMessage) { b.life.messagesGot.Add(1) })
	})
	if !b.publishes() {
		return nil
	}
	c, err := b.pc.CreateDataChannel(chatterLabel, nil)
	if err != nil {
		return err
	}
	c.OnOpen(func() { b.chatter.Store(c) })
	return nil
}

// chat sends messages until the fleet closes.
func (f *fleet) chat(b *bot) {
	tick := time.NewTicker(time.Second / time.Duration(f.cfg.Messages))
	defer tick.Stop()
	text := make([]byte, chatterSize)
	for n := uint64(0); ; n++ {
		select {
		case <-tick.C:
		case <-f.closing:
			return
		}
		c := b.chatter.Load()
		if c == nil || f.silent.Load() {
			continue
		}
		binary.BigEndian.PutUint64(text, n)
		if c.Send(text) == nil {
			b.life.messagesSent.Add(1)
		}
	}
}
