package sfu

import (
	"slices"
	"time"

	"sfu/metrics"
)

const (
	// patience is how long a sender waits for a receiver whose queue is full
	// and at whom nothing arrives: it does not read, or is gone.
	patience = 3 * time.Second
	// maxHold is how long those who could have more wait for those who are slow,
	// in all; a tenth of the time that passes is forgiven.
	maxHold   = time.Minute
	holdEarns = 10
	// pushCheck is how soon a sender that waits looks at all that.
	pushCheck = 100 * time.Millisecond
)

// hold counts how long a channel kept receivers waiting for others. The
// goroutine that reads the channel owns it.
type hold struct {
	spent time.Duration
	at    time.Time
}

// over notes that others waited that long until now, and reports whether it was
// too long.
func (h *hold) over(waited time.Duration, now time.Time) bool {
	h.spent = max(0, h.spent-now.Sub(h.at)/holdEarns) + waited
	h.at = now
	return h.spent > maxHold
}

// push waits for a receiver whose queue is full. One at whom nothing arrives,
// or who keeps others waiting for too long, is cut off the channel and told so;
// one who is slow and harms nobody is waited for as long as it takes.
func (p *participant) push(c *upChannel, d *downChannel, msg message, all []*downChannel) {
	again := time.NewTicker(pushCheck)
	defer again.Stop()
	began := time.Now()
	last := began
	for !d.writer.put(d, msg) {
		select {
		case <-d.space:
			continue
		case <-d.gone:
			return
		case <-p.quit:
			return
		case <-again.C:
		}
		now := time.Now()
		waited := time.Duration(0)
		if slices.ContainsFunc(all, func(d *downChannel) bool { return d.writer.hungry(d) }) {
			waited = now.Sub(last)
		}
		last = now
		if c.hold.over(waited, now) || now.Sub(began) >= patience && d.writer.stuck(d, now) {
			p.cutOff(c, d)
			return
		}
	}
}

// cutOff ends a channel for a receiver that could not follow.
func (p *participant) cutOff(c *upChannel, d *downChannel) {
	p.server.count.DataDropped[metrics.DataCut].Inc()
	p.room.relay.drop(c, d)
	d.writer.cut(d)
	d.to.put(func() { d.to.tellCut(c) })
}
