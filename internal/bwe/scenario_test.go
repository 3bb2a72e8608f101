package bwe

import (
	"math"
	"math/rand/v2"
	"time"
)

// scenario is a network, and who is on it.
type scenario struct {
	name    string
	steps   []step
	length  time.Duration
	rtt     time.Duration
	lose    func(*rand.Rand) bool
	cameras []int           // the encoding that is asked for of each
	joins   []time.Duration // when the downlinks begin
	rival   bool            // a download over TCP joins them
	steady  bool            // changes of pictures are counted
	quick   bool            // played by every go test
	spared  []string        // columns that are shown and not judged; docs/allocation.md says why
}

const (
	voices  = 2
	queue   = 300 * time.Millisecond
	rivals  = 10 * time.Second // when the competition begins
	settled = 20 * time.Second // then the start is over
)

var (
	grid  = []int{2, 2, 2, 2, 2} // five cameras, all as large as can be
	alone = []time.Duration{0}
	ms50  = 50 * time.Millisecond
	ms150 = 150 * time.Millisecond
)

func constant(rate float64) []step { return []step{{0, rate}} }

func upAndDown() []step {
	return []step{{0, 1e6}, {20 * time.Second, 2.5e6}, {40 * time.Second, 0.6e6}, {60 * time.Second, 1e6}}
}

// scenarios are made anew for each play: the losses of some have a memory.
func scenarios() []scenario {
	const short, long = 80 * time.Second, 140 * time.Second
	return []scenario{
		{name: "1.0, 2.5, 0.6, 1.0 Mbit/s; 50 ms", steps: upAndDown(), length: short, rtt: ms50, cameras: grid, joins: alone, quick: true, spared: []string{used, frozen}},
		{name: "1.0, 2.5, 0.6, 1.0 Mbit/s; 150 ms", steps: upAndDown(), length: short, rtt: ms150, cameras: grid, joins: alone, spared: []string{used, frozen}},
		{name: "2 Mbit/s; 50 ms", steps: constant(2e6), length: long, rtt: ms50, cameras: grid, joins: alone, quick: true, steady: true},
		{name: "2 Mbit/s; 150 ms", steps: constant(2e6), length: long, rtt: ms150, cameras: grid, joins: alone, steady: true},
		{name: "1 % loss", steps: constant(2e6), length: long, rtt: ms50, lose: randomLoss(0.01), cameras: grid, joins: alone, steady: true},
		{name: "5 % loss", steps: constant(2e6), length: long, rtt: ms50, lose: randomLoss(0.05), cameras: grid, joins: alone, quick: true, steady: true},
		{name: "2 % loss in bursts of 5", steps: constant(2e6), length: long, rtt: ms50, lose: gilbert(0.02, 5), cameras: grid, joins: alone, steady: true},
		{name: "two downlinks on 4 Mbit/s", steps: constant(4e6), length: long, rtt: ms50, cameras: grid, joins: []time.Duration{0, 10 * time.Second}, spared: []string{used}},
		{name: "TCP on 4 Mbit/s", steps: constant(4e6), length: long, rtt: ms50, cameras: grid, joins: alone, rival: true, spared: []string{elastic, used, queued, dropped, frozen}},
		{name: "one small picture on 1 Mbit/s", steps: constant(1e6), length: 40 * time.Second, rtt: ms50, cameras: []int{1}, joins: alone, quick: true, steady: true},
	}
}

// outcome is what became of a scenario, by column; what it does not show is
// missing.
type outcome map[string]float64

// play runs a scenario with an estimator for every downlink.
func (s *scenario) play(estimator func() estimator, seed uint64) outcome {
	w := newWorld(seed)
	l := &link{w: w, steps: s.steps, queue: queue, delay: s.rtt / 2, lose: s.lose}
	var downlinks []*downlink
	for _, at := range s.joins {
		w.run(at)
		downlinks = append(downlinks, join(w, l, estimator(), s.cameras, voices))
	}
	var other *rival
	if s.rival {
		other = compete(w, l, rivals)
	}
	w.run(s.length)
	return s.judge(l, downlinks, other)
}

// playElastic runs a scenario with sources that send as much as the estimate
// says, and returns which share of what there is they get.
func (s *scenario) playElastic(estimator func() estimator, seed uint64) outcome {
	if s.limited() {
		return nil
	}
	w := newWorld(seed)
	l := &link{w: w, steps: s.steps, queue: queue, delay: s.rtt / 2, lose: s.lose}
	var sources []*downlink
	for _, at := range s.joins {
		w.run(at)
		sources = append(sources, follow(w, l, estimator()))
	}
	if s.rival {
		compete(w, l, rivals)
	}
	w.run(s.length)
	bits := 0.0
	for _, d := range sources {
		bits += total(d.trace.carried, settled/2)
	}
	return outcome{elastic: 100 * bits / l.carried(settled/2, s.length)}
}

func (s *scenario) judge(l *link, downlinks []*downlink, other *rival) outcome {
	o := outcome{}
	if len(downlinks) == 1 && other == nil {
		s.judgeSteps(o, downlinks[0])
		s.judgeEstimate(o, l, downlinks[0])
	}
	bits, sent, lost := 0.0, 0, 0
	for _, d := range downlinks {
		bits += total(d.trace.carried, settled)
		sent += len(d.trace.sent)
		lost += len(d.trace.dropped)
		o[queued] = max(o[queued], 1000*percentile(d.trace.queued, 0.95))
		for _, screen := range d.screens {
			o[frozen] = max(o[frozen], 100*screen.share(s.length))
		}
	}
	if other != nil {
		bits += total(other.carried, settled)
	}
	o[dropped] = 100 * float64(lost) / float64(sent)
	if !s.limited() {
		o[used] = 100 * bits / l.carried(settled, s.length)
	}
	if s.steady {
		o[changes] = float64(since(downlinks[0].trace.changes, settled)) / (s.length - settled).Minutes()
	}
	return o
}

// limited reports that less is sent than the link carries.
func (s *scenario) limited() bool { return len(s.cameras) == 1 }

// judgeEstimate compares the estimate with the truth.
func (s *scenario) judgeEstimate(o outcome, l *link, d *downlink) {
	sum, n := 0.0, 0
	for _, e := range d.trace.estimates {
		share := e.value / l.capacity(e.at)
		if s.limited() || len(s.steps) == 1 && e.at >= settled {
			o[claimed] = max(o[claimed], share)
		}
		if !s.limited() && e.at >= settled/2 {
			sum += min(share, 1)
			n++
			o[offered] = 100 * sum / float64(n)
		}
	}
}

// judgeSteps finds how long the estimate takes to follow the capacity, the
// first time from nothing.
func (s *scenario) judgeSteps(o outcome, d *downlink) {
	last := 0.0
	for i, step := range s.steps {
		end := s.length
		if i+1 < len(s.steps) {
			end = s.steps[i+1].from
		}
		column, there := up, func(e float64) bool { return e >= 0.8*step.rate }
		if step.rate < last {
			column, there = down, func(e float64) bool { return e <= step.rate }
		}
		o[column] = max(o[column], when(d.trace.estimates, step.from, end, there))
		last = step.rate
	}
}

// median returns for each column the median of some outcomes.
func median(outcomes []outcome) outcome {
	all := map[string][]sample{}
	for _, o := range outcomes {
		for column, value := range o {
			all[column] = append(all[column], sample{value: value})
		}
	}
	m := outcome{}
	for column, values := range all {
		m[column] = percentile(values, 0.5)
	}
	return m
}

// column is one measure, and its target.
type column struct {
	name    string
	target  float64
	atLeast bool // else at most
	digits  int
	slow    bool // judged over several long plays only
}

// The names of the columns.
const (
	up      = "80 % up, s"
	down    = "down, s"
	offered = "estimate, %"
	elastic = "elastic, %"
	used    = "used, %"
	queued  = "queue p95, ms"
	dropped = "dropped, %"
	claimed = "claimed, ×"
	changes = "changes/min"
	frozen  = "frozen, %"
)

// columns with the targets of the issue that this package was made for.
var columns = []column{
	{name: up, target: 4, digits: 1},
	{name: down, target: 1, digits: 1},
	{name: offered, target: 85, atLeast: true},
	{name: elastic, target: 85, atLeast: true},
	{name: used, target: 85, atLeast: true, slow: true},
	{name: queued, target: 100},
	{name: dropped, target: 2, digits: 1},
	{name: claimed, target: 2, digits: 2},
	{name: changes, target: 4, digits: 1, slow: true},
	{name: frozen, target: 1, digits: 1, slow: true},
}

// missed reports whether a value misses the target.
func (c column) missed(value float64) bool {
	if c.atLeast {
		return value < c.target || math.IsNaN(value)
	}
	return !(value <= c.target)
}
