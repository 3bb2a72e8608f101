package e2e

import (
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// channels are the data channels that the server opened to a peer.
type channels struct {
	mu   sync.Mutex // guards what is below: pion calls from goroutines of its own
	in   []*inChannel
	gate chan struct{} // closed while the peer reads
}

// inChannel is one of them, and what came on it.
type inChannel struct {
	dc       *webrtc.DataChannel
	messages []webrtc.DataChannelMessage
	bytes    int
	closed   bool
}

func (c *channels) accept(p *peer, dc *webrtc.DataChannel) {
	in := &inChannel{dc: dc}
	c.mu.Lock()
	c.in = append(c.in, in)
	c.mu.Unlock()
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		c.mu.Lock()
		gate := c.gate
		c.mu.Unlock()
		<-gate
		c.mu.Lock()
		defer c.mu.Unlock()
		in.messages = append(in.messages, m)
		in.bytes += len(m.Data)
	})
	dc.OnClose(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		in.closed = true
	})
}

// stall makes the peer stop reading its channels, and release read on.
func (c *channels) stall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = make(chan struct{})
}

func (c *channels) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.gate:
	default:
		close(c.gate)
	}
}

// channelFrom returns the channel with this label that another peer opened, or nil.
func (p *peer) channelFrom(other *peer, label string) *inChannel {
	p.data.mu.Lock()
	defer p.data.mu.Unlock()
	for _, in := range p.data.in {
		if in.dc.Label() == label && in.dc.Protocol() == "from="+other.me.ID {
			return in
		}
	}
	return nil
}

// heard returns what came on a channel, as strings.
func (p *peer) heard(from *peer, label string) (out []string) {
	in := p.channelFrom(from, label)
	if in == nil {
		return nil
	}
	p.data.mu.Lock()
	defer p.data.mu.Unlock()
	for _, m := range in.messages {
		out = append(out, string(m.Data))
	}
	return out
}

// countHeard returns how many messages came on a channel.
func (p *peer) countHeard(from *peer, label string) int {
	in := p.channelFrom(from, label)
	if in == nil {
		return 0
	}
	p.data.mu.Lock()
	defer p.data.mu.Unlock()
	return len(in.messages)
}

// channelClosed reports whether a channel was there and is closed.
func (p *peer) channelClosed(from *peer, label string) bool {
	in := p.channelFrom(from, label)
	p.data.mu.Lock()
	defer p.data.mu.Unlock()
	return in != nil && in.closed
}

// opens opens a data channel and waits until it is open.
func (p *peer) opens(label string, init *webrtc.DataChannelInit) *webrtc.DataChannel {
	p.w.t.Helper()
	dc, err := p.pc.CreateDataChannel(label, init)
	check(p.w.t, err)
	open := make(chan struct{})
	dc.OnOpen(func() { close(open) })
	select {
	case <-open:
	case <-time.After(5 * time.Second):
		p.w.t.Fatalf("%s: data channel %q does not open", p.name, label)
	}
	return dc
}
