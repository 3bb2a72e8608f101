package e2e

import (
	"fmt"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"sfu/signaling/wire"
)

// audible returns which share of another's sound from one time until another
// came within late of the time that the way takes.
func (p *peer) audible(other *peer, from, to time.Time, late time.Duration) float64 {
	p.w.t.Helper()
	index, base := other.source("microphone").index, 2*oneWay+p.link.lag()+other.link.lag()
	good := ask(p.endpoint, func() (n int) {
		f := p.down.flows[flow{other.ordinal, index}]
		if f == nil {
			return 0
		}
		for _, r := range p.down.byMid[f.mid].packets {
			s := r.stamp
			if s.sender == other.ordinal && !s.captured.Before(from) && s.captured.Before(to) && r.at.Sub(s.captured) <= base+late {
				n++
			}
		}
		return n
	})
	return float64(good) / (to.Sub(from).Seconds() * float64(time.Second/pulseEvery))
}

// lag is what bottlenecks add to the way in one direction, queues aside.
func (l *link) lag() (d time.Duration) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	if l.down.through != nil {
		d = l.down.through.delay
	}
	return d
}

// hearsWell checks that the sound of others from one time until another is whole.
func (p *peer) hearsWell(from, to time.Time, others ...*peer) {
	p.w.t.Helper()
	for _, o := range others {
		if share := p.audible(o, from, to, 200*time.Millisecond); share < 0.97 {
			p.w.t.Errorf("%s hears %.1f %% of what %s says", p.name, 100*share, o.name)
		}
	}
}

// frozen returns for which share of the time the picture stood still, as
// browsers count it (webrtc-stats, freezeCount): a picture that comes later than
// three times the usual, and later than that by 150 ms.
func (s *screen) frozen(from, to time.Time) float64 {
	var frozen, usual time.Duration
	var before time.Time
	count := func(until time.Time) {
		gap := until.Sub(before)
		if usual == 0 {
			usual = gap
		}
		if gap <= max(3*usual, usual+150*time.Millisecond) {
			usual += (gap - usual) / 30
			return
		}
		frozen += max(0, until.Sub(later(before, from)))
	}
	for _, p := range s.shown {
		if p.at.After(to) {
			break
		}
		if !before.IsZero() && p.at.After(before) {
			count(p.at)
		}
		before = later(before, p.at)
	}
	if before.IsZero() {
		return 1
	}
	count(to)
	return float64(frozen) / float64(to.Sub(from))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// changes counts how often what was shown changed in size or in the number of
// its frames.
func (s *screen) changes(from, to time.Time) (n int) {
	const round = 8 * pulsesPerFrame * pulseEvery
	var rank, temporal, top int
	var began time.Time
	for _, p := range s.shown {
		if p.at.Before(from) || p.at.After(to) {
			continue
		}
		switch {
		case began.IsZero(), int(p.stamp.rank) != rank:
			if !began.IsZero() {
				n++
			}
			rank, temporal, top, began = int(p.stamp.rank), -1, 0, p.captured
		case p.captured.Sub(began) >= round:
			if temporal >= 0 && top != temporal {
				n++
			}
			temporal, top, began = top, 0, p.captured
		}
		top = max(top, int(p.stamp.temporal))
	}
	return n
}

// ignores makes a peer receive no picture of others: who only publishes.
func (p *peer) ignores(others ...*peer) {
	p.w.t.Helper()
	for _, o := range others {
		if o != p {
			p.wish(wire.TrackWish{Track: p.trackOf(o, "camera"), Paused: true})
		}
	}
}

// estimated adds up what the server has thought of downlinks, in bit/s, and says
// how many times: once a second for each whose browser sends feedback.
func (w *world) estimated() (sum float64, times uint64) {
	var out dto.Metric
	check(w.t, w.count.Estimate.Write(&out))
	h := out.GetHistogram()
	return 8 * h.GetSampleSum(), h.GetSampleCount()
}

// estimates lets time pass and returns what the server thinks of the downlinks
// each second: of one, if only one tells it anything.
func (w *world) estimates(seconds int) (each []float64) {
	w.t.Helper()
	for range seconds {
		before, n := w.estimated()
		w.run(time.Second)
		after, m := w.estimated()
		each = append(each, (after-before)/float64(max(m-n, 1)))
	}
	return each
}

// theatre is a room of which one watches all others through a bottleneck.
type theatre struct {
	*world
	cast   []*peer // with cameras; the first two speak
	bob    *peer
	narrow *bottleneck
}

// theatre lets as many publish as are to and bob watch. What they have told the
// server of their downlinks is nothing: only bob's is estimated.
func (w *world) theatre(cameras int, rate float64, rtt time.Duration) *theatre {
	w.t.Helper()
	w.allowed.loss = true
	th := &theatre{world: w}
	for i := range cameras {
		sources := []string{"microphone", "camera"}
		if i > 1 {
			sources = sources[1:]
		}
		p := w.stranger(fmt.Sprintf("actor%d", i+1), filming(costly), sending(sources...))
		p.endpoint.hears.silent = true
		th.cast = append(th.cast, p)
		p.dial("")
	}
	for _, p := range th.cast {
		w.await(5*time.Second, p.name+" connects", func() bool {
			return ask(p.endpoint, func() bool { return p.connected })
		})
	}
	for _, p := range th.cast {
		p.ignores(th.cast...)
	}
	th.bob = w.stranger("bob", sending(), places(cameras))
	th.bob.down.prompt = true
	th.narrow = narrow(rate, rtt, th.bob.link)
	th.bob.dial("")
	w.await(5*time.Second, "bob connects", func() bool {
		return ask(th.bob.endpoint, func() bool { return th.bob.connected })
	})
	return th
}

// voices are those who speak.
func (th *theatre) voices() []*peer { return th.cast[:min(2, len(th.cast))] }

// queueStaysShort checks what waited and what was dropped at the bottleneck.
func (th *theatre) queueStaysShort(from, to time.Time) {
	th.t.Helper()
	tr := th.narrow.between(from, to)
	th.t.Logf("queue: p95 %v, worst %v, %.2f %% dropped, %.0f kbit/s carried", tr.p95, tr.worst, 100*tr.dropped, tr.carried/1e3)
	if tr.p95 > 100*time.Millisecond || tr.dropped > 0.02 {
		th.t.Errorf("of all packets, 5 %% waited for more than %v, and %.1f %% were dropped", tr.p95, 100*tr.dropped)
	}
}

// picturesMove checks that no picture stands still for more than this share of
// the time.
func (th *theatre) picturesMove(from, to time.Time, most float64) {
	th.t.Helper()
	for _, p := range th.cast {
		if share := th.bob.screenOf(p, "camera").frozen(from, to); share > most {
			th.t.Errorf("%s is frozen for %.1f %% of %v", p.name, 100*share, to.Sub(from))
		}
	}
}

// frozen returns for which share of the time a picture stood still, on average.
func (th *theatre) frozen(from, to time.Time) (share float64) {
	for _, p := range th.cast {
		share += th.bob.screenOf(p, "camera").frozen(from, to) / float64(len(th.cast))
	}
	return share
}

// changes counts how often the pictures changed.
func (th *theatre) changes(from, to time.Time) (n int) {
	for _, p := range th.cast {
		n += th.bob.screenOf(p, "camera").changes(from, to)
	}
	return n
}

// reaches returns after how many seconds of these an estimate is at least want.
func reaches(each []float64, want float64) int {
	if i := slices.IndexFunc(each, func(e float64) bool { return e >= want }); i >= 0 {
		return i + 1
	}
	return len(each) + 1
}

// average returns the average.
func average(each []float64) (m float64) {
	for _, e := range each {
		m += e / float64(len(each))
	}
	return m
}

// kilobits is for people.
func kilobits(each []float64) (out []int) {
	for _, e := range each {
		out = append(out, int(e/1e3))
	}
	return out
}
