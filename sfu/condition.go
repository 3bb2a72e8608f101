package sfu

import (
	"math"
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/quality"
	"sfu/signaling/wire"
)

// condition is how the participant's connection does, for its quality mark.
func (lk *link) condition(lossUp float64) quality.Input {
	o := &lk.out
	in := quality.Input{LossUp: lossUp, LossDown: o.estimator.Loss(), Wanted: o.budget.wanted()}
	if lk.path.measured {
		in.RTT = lk.path.rtt
	}
	if o.known {
		in.Estimate = o.estimator.Bitrate()
	}
	return in
}

// wanted is what it would cost to grant all that is wished for, as far as is
// known.
func (s *budget) wanted() media.Bitrate {
	sum := s.sound.last
	for i := range s.claims {
		if c := &s.claims[i]; !c.Wish.Paused && c.Option < len(c.Costs) {
			sum += c.Costs[c.Option][c.Temporal]
		}
	}
	return sum
}

// observe takes what a downlink carries and what its pictures are into the
// metrics, once a second.
func (lk *link) observe(now time.Time) {
	if !lk.out.known {
		return
	}
	count := lk.loop.tally.set
	count.Media.PacerDelay.Observe(lk.heldFor(now).Seconds())
	count.Estimate.Observe(float64(lk.out.estimator.Bitrate()) / 8)
	for _, d := range lk.down.tracks {
		if d.track == nil || d.kind != media.Video || d.track.muted || d.paused() {
			continue
		}
		wanted, granted, flowing := d.heights(now)
		count.PictureHeight[metrics.Wanted].Observe(float64(wanted))
		count.PictureHeight[metrics.Granted].Observe(float64(granted))
		count.PictureHeight[metrics.Flowing].Observe(float64(flowing))
	}
}

// heights returns how high, in pixels, the picture is that the subscriber wants,
// the one that its path has room for, and the one that flows; 0 is none, or one
// whose size is not known yet.
func (d *downTrack) heights(now time.Time) (wanted, granted, flowing int) {
	options := d.track.supply.options
	if i, ok := d.chooser.Want(d.wish, options); ok {
		wanted = int(options[i].Size.Height)
	}
	if i, _, ok := d.granted(); ok {
		granted = int(options[i].Size.Height)
	}
	return wanted, granted, d.state(now).Height
}

// applyCondition rates the participant's connection, and tells everyone when it
// became better or worse.
func (p *participant) applyCondition(in quality.Input) {
	if p.presence.left || !p.presence.ever {
		return
	}
	in.Disconnected = !p.presence.connected
	meter := &p.presence.meter
	news := meter.Update(in, time.Now())
	if news == quality.Changed {
		p.room.rate(p, meter.Score())
	}
	if news != quality.Nothing {
		p.send(&wire.Quality{Participant: string(p.id), Score: int(meter.Score()), Figures: figures(in)})
	}
}

func figures(in quality.Input) *wire.Figures {
	return &wire.Figures{
		Bitrate: uint64(in.Estimate), Loss: math.Round(in.Loss()*1000) / 1000, RTT: int(in.RTT.Milliseconds()),
	}
}

// sendScores tells a client that came, or came back, whose connection is not as
// good as it gets.
func (p *participant) sendScores() {
	for id, score := range p.room.scores() {
		p.send(&wire.Quality{Participant: string(id), Score: int(score)})
	}
}
