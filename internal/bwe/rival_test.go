package bwe

import "time"

// rival is a download over TCP Reno on the same link.
type rival struct {
	w        *world
	link     *link
	window   float64 // packets
	slow     float64 // start until here
	flying   int
	recovers time.Duration // losses before this time are the same event
	carried  []sample
}

const segment = 1500 // bytes on the wire

func compete(w *world, l *link, from time.Duration) *rival {
	r := &rival{w: w, link: l, window: 10, slow: 1e9}
	w.after(from, r.fill)
	return r
}

func (r *rival) fill() {
	for ; float64(r.flying) < r.window; r.flying++ {
		sent := r.w.now
		r.link.send(segment, func(time.Duration) {
			r.carried = append(r.carried, sample{r.w.now, 8 * segment})
			r.w.after(r.link.delay, r.acked)
		}, func(bool) {
			r.w.after(r.link.delay, func() { r.lost(sent) })
		})
	}
}

func (r *rival) acked() {
	r.flying--
	if r.window < r.slow {
		r.window++
	} else {
		r.window += 1 / r.window
	}
	r.fill()
}

func (r *rival) lost(sent time.Duration) {
	r.flying--
	if sent >= r.recovers {
		r.window = max(r.window/2, 2)
		r.slow, r.recovers = r.window, r.w.now
	}
	r.fill()
}
