package quality

import (
	"math"
	"time"

	"sfu/sfu/media"
)

// Score is how good a connection is: from 1, bad, to 5, as good as it gets. Its
// five values are the five classes of G.109.
type Score uint8

// The ends of the scale.
const (
	Bad  Score = 1
	Best Score = 5
)

// Input is what is known of a connection, over the last second or few.
type Input struct {
	RTT      time.Duration // 0 while unknown
	LossUp   float64       // of what the participant sent, 0 to 1
	LossDown float64       // of what it was sent

	Estimate media.Bitrate // what its downlink carries; 0 while unknown
	Wanted   media.Bitrate // what all that it wishes for would cost

	Disconnected bool // nothing comes through at all, any more
}

// Loss returns the loss of the worse direction: who cannot be heard and who
// cannot hear are equally out of the conversation.
func (in Input) Loss() float64 { return max(ratio(in.LossUp), ratio(in.LossDown)) }

// ratio bounds what a participant reports, which may be anything.
func ratio(x float64) float64 {
	if !(x > 0) { // or it is NaN
		return 0
	}
	return min(x, 1)
}

// News is who should hear of a connection now.
type News uint8

// Each kind of news includes those before it.
const (
	Nothing News = iota
	Figures      // the participant: the score stands, what it was told is old
	Changed      // everyone: another score
)

const (
	// R follows what is measured with these time constants: down slowly enough
	// to pass over a second of Wi-Fi at its worst, and up more slowly, so that
	// nobody is told that all is well in the middle of it.
	falling = 3 * time.Second
	rising  = 8 * time.Second

	// band is how far R must fall below a class to leave it. A band above would
	// keep good connections out of the highest.
	band = 4

	// An estimate begins low and has to be found first; until then it says
	// nothing about the connection.
	finding = 5 * time.Second

	// Everyone hears of a score at most this often, unless it fell by two.
	changeEvery = 2 * time.Second
	// The participant has its figures renewed this often.
	figuresEvery = 5 * time.Second
)

// Meter keeps the score of one connection. The zero Meter is ready to use: its
// connection is as good as it gets until something is known of it, and nobody
// need be told so.
type Meter struct {
	rated time.Time // when it was last; zero before the first time
	sunk  float64   // how far R is below the best
	found time.Time // since when there has been an estimate

	below   uint8     // how far the score is below the best
	told    uint8     // the same, as everyone was told
	toldAt  time.Time // when
	figures time.Time // when the participant last heard its figures
}

// Score returns the score that everyone was told.
func (m *Meter) Score() Score { return Best - Score(m.told) }

// Update takes what is known now, and returns who is to hear of it. It is made
// for about one call a second, and right for any other number.
func (m *Meter) Update(in Input, now time.Time) News {
	if in.Disconnected && m.rated.IsZero() {
		return Nothing // it is only coming about
	}
	m.rate(in, now)
	m.grade()
	switch {
	case m.below != m.told && (m.below >= m.told+2 || now.Sub(m.toldAt) >= changeEvery):
		m.told, m.toldAt, m.figures = m.below, now, now
		return Changed
	case now.Sub(m.figures) >= figuresEvery:
		m.figures = now
		return Figures
	}
	return Nothing
}

// rate lets R follow what is measured.
func (m *Meter) rate(in Input, now time.Time) {
	var past time.Duration
	if now.After(m.rated) {
		if !m.rated.IsZero() {
			past = now.Sub(m.rated)
		}
		m.rated = now
	}
	if in.Disconnected {
		m.sunk, m.found = best-worst, time.Time{}
		return
	}
	switch {
	case in.Estimate == 0:
		m.found = time.Time{}
	case m.found.IsZero():
		m.found = now
	}
	if now.Sub(m.found) < finding {
		in.Estimate = 0
	}
	target, within := best-rating(in), falling
	if target < m.sunk {
		within = rising
	}
	m.sunk += (target - m.sunk) * (1 - math.Exp(-past.Seconds()/within.Seconds()))
}

// grade finds the class of R (G.109 table 1), from 90 down in steps of ten.
func (m *Meter) grade() {
	r := best - m.sunk
	for m.below < uint8(Best-Bad) && r < floor(m.below)-band {
		m.below++
	}
	for m.below > 0 && r >= floor(m.below-1) {
		m.below--
	}
}

// floor is the lowest R of the class so far below the best.
func floor(below uint8) float64 { return 90 - 10*float64(below) }
