package bwe

import "time"

// pacer spreads bursts of pictures: no more leaves in one tick than a multiple
// of the estimate, of each picture in turn, so that the keyframe of one does
// not hold up the others. Sound does not wait for it.
type pacer struct {
	turn   int     // which screen is next
	credit float64 // bits
	filled time.Duration
}

const (
	pacerTick = 5 * time.Millisecond
	pacerRate = 1.1 // times the estimate
)

// repeat sends a packet again, at once: a picture waits for it. What it takes is
// missing for the others.
func (d *downlink) repeat(p packet) {
	d.pacer.credit -= float64(8 * p.bytes)
	d.send(p)
}

func (d *downlink) pace() {
	p := &d.pacer
	rate := pacerRate * float64(d.est.bitrate())
	most := rate*pacerTick.Seconds() + 8*mtu // what a packet too large leaves is not lost
	p.credit = min(p.credit+rate*(d.w.now-p.filled).Seconds(), most)
	p.filled = d.w.now
	for idle := 0; idle < len(d.screens); {
		s := d.screens[p.turn%len(d.screens)]
		if len(s.queue) == 0 {
			idle++
			p.turn++
			continue
		}
		next := s.queue[0]
		if p.credit < float64(8*next.bytes) {
			return
		}
		idle = 0
		p.turn++
		s.queue = s.queue[1:]
		p.credit -= float64(8 * next.bytes)
		d.send(next)
	}
}
