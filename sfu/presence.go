package sfu

import (
	"errors"
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// applyState re-reads the connection's state: pion's handlers may come late
// and in any order, so their argument is not to be trusted.
func (p *participant) applyState() {
	if p.presence.left {
		return
	}
	state := p.pc.ConnectionState()
	up := state == webrtc.PeerConnectionStateConnected
	if state == webrtc.PeerConnectionStateFailed {
		p.countFailure()
	}
	if up == p.presence.connected {
		return
	}
	p.presence.connected = up
	if up && p.in == nil {
		if err := p.open(); err != nil {
			p.fail(wire.CodeInternal, "The server could not take up the media connection. Join again.", err)
			return
		}
	}
	since, lk := time.Time{}, p.link
	rtt, measured := time.Duration(0), false
	if up {
		since = time.Now()
		rtt, measured = p.roundTrip()
	}
	lk.loop.do(func() {
		lk.up.up = since
		if measured && !lk.path.measured {
			lk.path.note(rtt)
		}
	})
	if !up {
		p.presence.mediaLost = time.Now()
		p.log.Info("media lost", "state", state)
		return
	}
	if !p.presence.ever {
		p.presence.ever = true
		took := time.Since(p.presence.joined)
		p.presence.media = took
		count := p.server.count
		count.Joins[metrics.JoinConnected].Inc()
		p.step(metrics.StepDTLS)
		metrics.ObserveOf(count.JoinSeconds, took.Seconds(), string(p.id))
		count.ICE[metrics.Connected].Inc()
		count.DTLS[metrics.Connected].Inc()
		p.log.Info("media connected", "after", took.Round(time.Millisecond),
			"path", p.origin.path.String(), "remote", p.origin.remote)
		p.room.relay.enter(p)
	} else {
		p.log.Info("media is back", "after", time.Since(p.presence.mediaLost).Round(time.Millisecond))
	}
	p.assignSlots()
}

// applyICEState notes when ICE has connected.
func (p *participant) applyICEState() {
	switch p.pc.ICEConnectionState() {
	case webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted:
		p.step(metrics.StepICE)
	}
}

// step notes that a step of the join is done, and those before it.
func (p *participant) step(done metrics.JoinStep) {
	for ; p.presence.stepped <= done; p.presence.stepped++ {
		p.server.count.Session.JoinStep[p.presence.stepped].Observe(time.Since(p.presence.joined).Seconds())
	}
}

// roundTrip returns the round trip that ICE measured. Reports tell more of it, but
// only about what a participant is sent: one who is alone gets nothing.
func (p *participant) roundTrip() (rtt time.Duration, ok bool) {
	stats, ok := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	rtt = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
	return rtt, ok && rtt > 0
}

// countFailure tells which handshake failed.
func (p *participant) countFailure() {
	outcome := &p.server.count.ICE
	if p.pc.ICEConnectionState() != webrtc.ICEConnectionStateFailed {
		outcome = &p.server.count.DTLS
	}
	outcome[metrics.Failed].Inc()
}

// applyLost notes that the socket is gone without a goodbye.
func (p *participant) applyLost() {
	p.session = nil
	p.room.reach(p, false)
	p.presence.socketAt = time.Now()
	p.log.Info("socket lost")
}

// watch gives up a participant that is not coming back.
func (p *participant) watch(now time.Time) {
	deadline, message := p.deadline()
	switch {
	case deadline.IsZero() || now.Before(deadline):
	case p.session == nil:
		p.leave(metrics.LeaveLost)
	default:
		p.fail(wire.CodeNegotiationFailed, message, errNoMedia)
	}
}

var errNoMedia = errors.New("no media connection")

// deadline returns when the participant is given up, and what to tell a client
// that still listens; zero is never.
//
// A lost socket alone is not a lost participant, and neither is lost media
// alone: a browser restarts ICE. Without both nobody is there.
func (p *participant) deadline() (time.Time, string) {
	pr := &p.presence
	switch {
	case p.session == nil && !pr.connected:
		return pr.socketAt, ""
	case p.session == nil:
		return pr.socketAt.Add(p.server.cfg.ResumeTime), ""
	case !pr.ever:
		return pr.joined.Add(connectWithin), "No media connection came about. Check that UDP reaches the server, then join again."
	case !pr.connected:
		return pr.mediaLost.Add(mediaGrace), "The media connection was lost. Join again."
	}
	return time.Time{}, ""
}

// nextDeadline returns how long the loop may sleep.
func (p *participant) nextDeadline(now time.Time) time.Duration {
	const never = time.Hour
	wait := never
	if at, _ := p.deadline(); !at.IsZero() {
		wait = at.Sub(now)
	}
	if at := p.talks.state.Next(); !at.IsZero() && p.session != nil {
		wait = min(wait, at.Sub(now))
	}
	return max(wait, 0)
}
