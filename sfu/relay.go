package sfu

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/part"
	"sfu/signaling/wire"
)

const (
	// maxDataChannels is how many channels one participant may have open.
	maxDataChannels = 16
	// maxLabel bounds label and protocol of a channel, in bytes.
	maxLabel = 256
)

// relay knows the open data channels of a room and who is there to receive
// them.
type relay struct {
	count *metrics.Set

	mu       sync.Mutex // guards the fields below and every upChannel.receivers
	members  []*participant
	channels []*upChannel
}

func newRelay(count *metrics.Set) *relay { return &relay{count: count} }

// upChannel is a data channel that a participant opened: the source of one
// down channel at every receiver. Its reader goroutine ends with it.
type upChannel struct {
	owner *participant
	dc    *webrtc.DataChannel
	to    media.ParticipantID // the only receiver; empty for everyone
	lossy bool
	hold  hold

	receivers []*downChannel // guarded by relay.mu
}

// acceptData runs in pion's callback for a channel that the participant
// opened.
func (p *participant) acceptData(dc *webrtc.DataChannel) {
	dc.OnOpen(func() {
		raw, err := dc.Detach()
		if err != nil {
			p.log.Debug("data channel lost", "error", err)
			return
		}
		p.put(func() { p.applyData(dc, raw) })
	})
}

// applyData publishes a channel to the room and starts reading it.
func (p *participant) applyData(dc *webrtc.DataChannel, raw datachannel.ReadWriteCloser) {
	if p.presence.left {
		_ = raw.Close()
		return
	}
	c := &upChannel{owner: p, dc: dc, lossy: dc.MaxRetransmits() != nil || dc.MaxPacketLifeTime() != nil}
	if to, ok := strings.CutPrefix(dc.Protocol(), "to="); ok {
		c.to = media.ParticipantID(to)
	}
	if refusal := p.room.relay.open(c); refusal != nil {
		p.server.count.DataDropped[metrics.DataRefused].Inc()
		p.send(refusal)
		_ = raw.Close()
		return
	}
	p.data.readers.Go(func() { p.readData(c, raw) })
}

// open adds a channel and makes a down channel for everyone who is to get it.
func (r *relay) open(c *upChannel) *wire.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch open := r.openedBy(c.owner); {
	case open >= maxDataChannels:
		r.count.Door.Limited[metrics.LimitChannels].Inc()
		return complain(wire.CodeTooLarge, "", fmt.Sprintf("A participant may have %d data channels open.", maxDataChannels))
	case len(c.dc.Label()) > maxLabel || len(c.dc.Protocol()) > maxLabel:
		r.count.Door.Limited[metrics.LimitChannels].Inc()
		return complain(wire.CodeTooLarge, "", fmt.Sprintf("Label and protocol of a data channel hold %d bytes.", maxLabel))
	case c.to != "" && !slices.ContainsFunc(r.members, func(m *participant) bool { return m.id == c.to }):
		return complain(wire.CodeNotFound, "", fmt.Sprintf("No participant %q is there to receive data channel %q.", c.to, c.dc.Label()))
	}
	r.channels = append(r.channels, c)
	r.count.DataChannels.Inc()
	for _, m := range r.members {
		r.connect(c, m)
	}
	return nil
}

func (r *relay) openedBy(p *participant) int {
	n := 0
	for _, c := range r.channels {
		if c.owner == p {
			n++
		}
	}
	return n
}

// connect gives m a down channel of c, if m is to have one. From now on
// messages queue for it, even while the channel is still opening.
func (r *relay) connect(c *upChannel, m *participant) {
	if m == c.owner || c.to != "" && c.to != m.id {
		return
	}
	down := newDownChannel(m, c)
	c.receivers = append(c.receivers, down)
	m.put(func() { m.applyRelay(c, down) })
}

// enter lets p receive: every channel that is open now, and those to come.
func (r *relay) enter(p *participant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, p)
	for _, c := range r.channels {
		r.connect(c, p)
	}
}

// leave takes p out. Its own channels end when their readers do.
func (r *relay) leave(p *participant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = slices.DeleteFunc(r.members, func(m *participant) bool { return m == p })
	for _, c := range r.channels {
		c.receivers = slices.DeleteFunc(c.receivers, func(d *downChannel) bool { return d.to == p })
	}
}

// close ends a channel at all its receivers, after what is queued.
func (r *relay) close(c *upChannel) {
	r.mu.Lock()
	r.channels = slices.DeleteFunc(r.channels, func(other *upChannel) bool { return other == c })
	receivers := c.receivers
	c.receivers = nil
	r.mu.Unlock()
	for _, d := range receivers {
		d.writer.finish(d)
	}
	r.count.DataChannels.Dec()
}

// drop ends c for one receiver.
func (r *relay) drop(c *upChannel, d *downChannel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.receivers = slices.DeleteFunc(c.receivers, func(other *downChannel) bool { return other == d })
}

// receivers returns who gets c's messages now, in buf.
func (r *relay) receivers(c *upChannel, buf []*downChannel) []*downChannel {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(buf[:0], c.receivers...)
}

// readData reads a channel until it ends.
func (p *participant) readData(c *upChannel, raw datachannel.ReadWriteCloser) {
	part.Data.Enter()
	relay, count := p.room.relay, p.server.count
	defer relay.close(c)
	defer raw.Close()
	buf := make([]byte, MaxDataMessage)
	var receivers []*downChannel
	for {
		n, text, err := raw.ReadDataChannel(buf)
		if err != nil {
			if isShortBuffer(err) {
				count.DataDropped[metrics.DataTooLarge].Inc()
				p.put(func() {
					p.send(complain(wire.CodeTooLarge, "", fmt.Sprintf("Data channel %q was closed: messages hold %d bytes.", c.dc.Label(), MaxDataMessage)))
				})
			}
			return
		}
		count.DataMessages[metrics.In].Inc()
		count.DataBytes[metrics.In].Add(float64(n))
		msg := message{data: slices.Clone(buf[:n]), text: text, at: time.Now()} // one copy, shared by all receivers
		receivers = relay.receivers(c, receivers)
		for _, d := range receivers {
			if !d.writer.put(d, msg) {
				p.push(c, d, msg, receivers)
			}
		}
	}
}
