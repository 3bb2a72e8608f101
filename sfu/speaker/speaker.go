package speaker

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// threshold is the quietest level that counts as speech, in -dBov.
	threshold = 35
	// floor is the level whose loudness is zero; above it loudness is linear in
	// decibels, as hearing roughly is.
	floor = 40
	// share of an interval that has to be above the threshold. A cough is less.
	share = 0.4
	// hangover keeps a speaker through the pauses between words: two intervals
	// of 300 ms, and room for their jitter.
	hangover = 700 * time.Millisecond
	// cover is the most that one packet speaks for: the longest frame that
	// browsers send. The time before it was silence that DTX did not send.
	cover = 60 * time.Millisecond
	// smoothing is the weight of the newest interval in a speaker's loudness.
	smoothing = 0.5
	// step is how finely loudness is told: finer would be news at every Update.
	step = 1.0 / 8
	// stick is how far loudness must be from what was told last before that
	// changes. Half a step is where the next one begins; the rest is hysteresis.
	stick = 0.75 * step
	// maxSources bounds the memory of one room.
	maxSources = 256
)

// Key names one audio source.
type Key uint32

// Detector follows the audio levels of one room. The zero Detector is ready to
// use.
type Detector struct {
	sources       map[Key]*source
	dominant      *source    // nil before anyone spoke
	since         time.Time  // when the interval began
	current, last []Speaking // swapped by every Update
}

// Speaking is one who speaks; Level runs from 0 to 1.
type Speaking struct {
	Key   Key
	Level float64
}

// Observe takes the RFC 6464 level of one packet: 0 is loudest, 127 silence.
// Whether the sender sees a voice in it does not count: setting that bit is
// optional (RFC 6464, 4). Above maxSources a new source is not heard.
func (d *Detector) Observe(key Key, level uint8, voice bool, now time.Time) {
	s := d.sources[key]
	if s == nil {
		if s = d.add(key); s == nil {
			return
		}
	}
	if d.since.IsZero() {
		d.since = now
	}
	s.observe(level, now)
	if s.activity.observe(level, now) {
		d.challenge(s, now)
	}
}

func (d *Detector) add(key Key) *source {
	if len(d.sources) >= maxSources {
		return nil
	}
	if d.sources == nil {
		d.sources = make(map[Key]*source)
	}
	s := &source{key: key}
	d.sources[key] = s
	return s
}

// Remove forgets a source.
func (d *Detector) Remove(key Key) {
	if d.dominant != nil && d.dominant.key == key {
		d.dominant = nil
	}
	delete(d.sources, key)
}

// Update closes the interval that ends at now and returns who speaks, loudest
// first, but the dominant speaker before all if it is among them; changed is false when nothing is new since the last Update. The slice
// is valid until the next call. Intervals should be long against a packet and
// short against hangover, some 300 ms.
func (d *Detector) Update(now time.Time) (speaking []Speaking, changed bool) {
	interval := now.Sub(d.since)
	d.since = now
	d.current, d.last = d.last[:0], d.current
	for key, s := range d.sources {
		s.close(interval, now)
		if s.told > 0 {
			d.current = append(d.current, Speaking{Key: key, Level: s.told})
		}
	}
	slices.SortFunc(d.current, louder)
	d.front()
	return d.current, !slices.Equal(d.current, d.last)
}

// front moves the dominant speaker to the front.
func (d *Detector) front() {
	for i, s := range d.current {
		if d.dominant != nil && s.Key == d.dominant.key {
			copy(d.current[1:], d.current[:i])
			d.current[0] = s
			return
		}
	}
}

func louder(a, b Speaking) int {
	return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(a.Key, b.Key))
}

// source is what is known of one source.
type source struct {
	key      Key
	activity activity
	heard    time.Time // its last packet

	// Of the running interval: how many seconds were above the threshold, and
	// the loudness of each of them, summed up.
	active, sum float64

	spoke    time.Time // end of the last interval that was speech
	loudness float64   // smoothed over the intervals that were speech
	told     float64   // loudness in steps; 0 while it does not speak
}

// observe lets a packet speak for the time since the one before it.
func (s *source) observe(level uint8, now time.Time) {
	covered := min(max(now.Sub(s.heard), 0), cover).Seconds()
	s.heard = now
	if level > threshold {
		return
	}
	s.active += covered
	s.sum += covered * (1 - float64(level)/floor)
}

// close ends an interval. A pause within the hangover leaves the loudness as
// it is: a speaker is as loud as the words, not as the gaps between them.
func (s *source) close(interval time.Duration, now time.Time) {
	active, sum := s.active, s.sum
	s.active, s.sum = 0, 0
	if active == 0 || active < share*interval.Seconds() {
		if now.Sub(s.spoke) > hangover {
			s.told = 0
		}
		return
	}
	s.spoke = now
	if s.told == 0 {
		s.loudness = sum / active
	} else {
		s.loudness += (sum/active - s.loudness) * smoothing
	}
	if math.Abs(s.loudness-s.told) > stick {
		s.told = math.Round(s.loudness/step) * step
	}
}
