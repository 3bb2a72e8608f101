package load

import "time"

const (
	// A browser's pacer sends what is queued every 5 ms, at 2.5 times the rate
	// of the encoder: a frame leaves as a few small bursts.
	paceEvery  = 5 * time.Millisecond
	paceFactor = 2.5

	keyframeFactor = 4    // how much larger a keyframe is
	payloadSize    = 1100 // of the largest packet
	opusEvery      = 20 * time.Millisecond
	opusSize       = 80
)

// piece is one packet that is to be sent.
type piece struct {
	frame       uint32
	at          time.Duration // when its frame was captured
	size        int           // of the payload
	key         bool
	first, last bool // packet of its frame
}

// schedule says when the packets of one encoding leave. Times count from when
// the source began.
type schedule struct {
	every  time.Duration // from frame to frame
	frames int           // bytes of a frame
	burst  int           // bytes in paceEvery; 0: all at once

	frame    uint32
	captured time.Duration // of the next frame
	paced    time.Duration // of the next burst
	queue    []piece
}

// newVideo plans frames of a bitrate, paced as browsers do.
func newVideo(bitrate, fps int) *schedule {
	return &schedule{
		every: time.Second / time.Duration(fps), frames: max(2*sealSize, bitrate/8/fps),
		burst: int(float64(bitrate) / 8 * paceFactor * paceEvery.Seconds()),
	}
}

// newOpus plans 50 packets a second.
func newOpus() *schedule { return &schedule{every: opusEvery, frames: opusSize} }

// next is when something is due.
func (s *schedule) next() time.Duration {
	if len(s.queue) > 0 {
		return min(s.paced, s.captured)
	}
	return s.captured
}

// due appends what leaves at now to list. If key is set, the next frame is a
// keyframe; keyed reports whether there was a next frame.
func (s *schedule) due(now time.Duration, key bool, list []piece) (_ []piece, keyed bool) {
	for s.captured <= now {
		if len(s.queue) == 0 {
			s.paced = max(s.paced, s.captured)
		}
		s.enqueue(key && !keyed)
		keyed = key
	}
	for len(s.queue) > 0 && s.paced <= now {
		left := s.burst
		for len(s.queue) > 0 && (left > 0 || s.burst == 0) {
			left -= s.queue[0].size
			list = append(list, s.queue[0])
			s.queue = s.queue[1:]
		}
		s.paced += paceEvery
	}
	return list, keyed
}

// skip lets what is due at now pass by unsent.
func (s *schedule) skip(now time.Duration) {
	s.queue = s.queue[:0]
	for s.captured <= now {
		s.captured += s.every
	}
	s.paced = s.captured
}

// enqueue cuts the next frame into packets of about equal size, as libwebrtc
// does.
func (s *schedule) enqueue(key bool) {
	size := s.frames
	if key {
		size *= keyframeFactor
	}
	n := (size + payloadSize - 1) / payloadSize
	s.frame++
	for i := range n {
		s.queue = append(s.queue, piece{
			frame: s.frame, at: s.captured, size: size*(i+1)/n - size*i/n,
			key: key, first: i == 0, last: i == n-1,
		})
	}
	s.captured += s.every
}
