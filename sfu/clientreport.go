package sfu

import (
	"time"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// clientReportEvery is how often a report of one client is counted at most. Clients
// send one in ten seconds.
const clientReportEvery = 5 * time.Second

// told is what a client has said of itself. It stays zero unless its user agreed.
type told struct {
	at      time.Time     // when the last report was taken
	steps   bool          // how its join went is known
	watched time.Duration // that pictures were to move, all of them together
	frozen  time.Duration // that they stood still in it
}

// due reports whether a report at now is to be taken, and notes it if so.
func (t *told) due(now time.Time) bool {
	if !t.at.IsZero() && now.Sub(t.at) < clientReportEvery {
		return false
	}
	t.at = now
	return true
}

// applyReport counts what a client saw and heard. wire has checked that it is
// possible; nothing else depends on it.
func (p *participant) applyReport(m *wire.Report) {
	t, count := &p.presence.told, &p.server.count.Client
	if !t.due(time.Now()) {
		count.Reports[metrics.ReportLimited].Inc()
		return
	}
	count.Reports[metrics.ReportTaken].Inc()
	if m.Steps != nil && !t.steps {
		t.steps = true
		countSteps(count, m.Steps)
	}
	for i := range m.Pictures {
		t.watched += millis(m.Pictures[i].Watched)
		t.frozen += countPicture(count, &m.Pictures[i])
	}
	for _, s := range m.Sounds {
		observeShare(count.Concealed, s.Concealed, s.Samples)
	}
}

func countSteps(count *metrics.ClientMetrics, s *wire.JoinSteps) {
	for step, took := range map[metrics.ClientStep]*int{
		metrics.ClientDevices: s.Devices, metrics.ClientSocket: s.Socket, metrics.ClientWelcome: s.Welcome,
		metrics.ClientConnected: s.Connected, metrics.ClientPicture: s.Picture, metrics.ClientSound: s.Sound,
	} {
		if took != nil {
			count.JoinStep[step].Observe(millis(*took).Seconds())
		}
	}
}

// countPicture returns for how long the picture stood still, as far as is known.
func countPicture(count *metrics.ClientMetrics, p *wire.PictureReport) (frozen time.Duration) {
	if p.Watched > 0 {
		count.FramesPerSecond.Observe(float64(p.Frames) / millis(p.Watched).Seconds())
	}
	if p.Undecoded != nil {
		count.DecodeFailures.Add(float64(*p.Undecoded))
	}
	if p.Freezes != nil {
		count.Freezes.Add(float64(*p.Freezes))
	}
	if p.Frozen == nil {
		return 0
	}
	observeShare(count.Frozen, *p.Frozen, p.Watched)
	return millis(*p.Frozen)
}

// observeShare observes a part of a whole; nothing of nothing tells nothing.
func observeShare(h interface{ Observe(float64) }, part, whole int) {
	if whole > 0 {
		h.Observe(float64(part) / float64(whole))
	}
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }
