package sfu

import (
	"time"

	"sfu/sfu/media"
)

// account is what a participant's connection came to.
type account struct {
	path     path
	up, down traffic
	starved  time.Duration
}

// recount says in one line how the session was that has just ended: where it came
// from, how long it lasted, how much passed, and how well.
func (p *participant) recount(way origin, lasted time.Duration) {
	told := make(chan account, 1)
	lk := p.link
	lk.loop.do(func() { told <- account{lk.path, lk.up.traffic, lk.out.traffic, lk.out.starved} })
	var a account
	select {
	case a = <-told:
	case <-lk.loop.done: // the room does not end before its participants
	}
	pr := &p.presence
	fields := []any{"name", p.name, "reason", pr.reason.String(), "duration_seconds", seconds(lasted)}
	if pr.ever {
		over := lasted - pr.media
		fields = append(fields,
			"joined_after_seconds", seconds(pr.media), "path", way.path.String(), "remote", way.remote,
			"received_bytes", a.up.bytes, "received_bps", average(a.up.bytes, over), "loss_up", ratio(a.up.loss()),
			"sent_bytes", a.down.bytes, "sent_bps", average(a.down.bytes, over), "loss_down", ratio(a.down.loss()),
			"nacks_up", a.up.nacks, "nacks_down", a.down.nacks,
			"keyframe_requests_up", a.up.keyframes, "keyframe_requests_down", a.down.keyframes,
			"paused_for_bandwidth_seconds", seconds(a.starved))
	}
	if n := a.path.times; n > 0 {
		fields = append(fields,
			"rtt_last_ms", milliseconds(a.path.last), "rtt_mean_ms", milliseconds(a.path.sum/time.Duration(n)))
	}
	if t := &pr.told; !t.at.IsZero() { // its user agreed to tell
		fields = append(fields, "watched_seconds", seconds(t.watched), "frozen_seconds", seconds(t.frozen))
	}
	p.log.Info("session ended", fields...)
}

// average is the bitrate of so many bytes in so much time.
func average(bytes uint64, over time.Duration) media.Bitrate {
	if over <= 0 {
		return 0
	}
	return media.Bitrate(float64(8*bytes) / over.Seconds())
}
