package e2e

import (
	"time"

	"sfu/signaling/wire"
)

// wish tells the server what the peer wants of tracks.
func (p *peer) wish(wishes ...wire.TrackWish) {
	p.do(func() { p.send(&wire.Subscribe{Tracks: wishes}) })
}

// trackOf returns the id under which p knows a source of another's.
func (p *peer) trackOf(other *peer, source string) string {
	p.w.t.Helper()
	id := ask(p.endpoint, func() string {
		for _, t := range p.roster.rows[other.me.ID].Tracks {
			if t.Source == source {
				return t.ID
			}
		}
		return ""
	})
	if id == "" {
		p.w.t.Errorf("%s knows no %s of %s", p.name, source, other.name)
	}
	return id
}

// tile wishes for another's camera in a tile of this size.
func (p *peer) tile(other *peer, width, height int) {
	p.w.t.Helper()
	p.wish(wire.TrackWish{Track: p.trackOf(other, "camera"), Width: width, Height: height})
}

// sees returns the size of the newest picture of another's camera.
func (p *peer) sees(other *peer) size {
	index := other.source("camera").index
	return ask(p.endpoint, func() size {
		if f := p.down.flows[flow{other.ordinal, index}]; f != nil {
			return f.size
		}
		return size{}
	})
}

// shows waits until the newest picture of another's camera is so wide.
func (p *peer) shows(other *peer, width uint16, within time.Duration) {
	p.w.t.Helper()
	p.w.await(within, p.name+" sees "+other.name+" in the size it wished for", func() bool {
		return p.sees(other).width == width
	})
}

// stateOf returns what p was told of another's camera.
func (p *peer) stateOf(other *peer) wire.TrackState {
	id := p.trackOf(other, "camera")
	return ask(p.endpoint, func() wire.TrackState { return p.states[id] })
}
