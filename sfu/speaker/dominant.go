package speaker

import (
	"math/bits"
	"time"
)

// Who dominates is decided as in Volfin and Cohen, "Dominant Speaker
// Identification for Multipoint Videoconferencing" (Computer Speech & Language
// 27, 2013): by how much of the time somebody speaks, on three time scales at
// once, and never by how loudly, or the best microphone would win. The lengths
// are those of the implementations that work on RFC 6464 levels, jitsi-utils
// and mediasoup, which take 20 ms, 5 x 20 ms and 10 x 100 ms.
//
// The paper scores each scale by the likelihood of speech and asks that the
// logarithm of the ratio of both scores exceed C1 = 3, C2 = 2 and C3 = 0. A
// level says only whether its frame is speech, and then these come down to what
// beats compares; a test holds it to the formula.
const (
	frame  = 20 * time.Millisecond // the immediate scale
	medium = 5                     // frames are a block
	long   = 10                    // blocks

	longest = int(cover / frame) // frames of a packet

	// most frames of a block make the block speech. The implementations want
	// all of them, which no speech with plosives or jitter has.
	most = 3
	// cough is how many blocks anybody may make without being listened to. The
	// paper would let a burst take over from silence.
	cough = 4
	// lead is by how many blocks one has to speak more than the dominant.
	lead = 3

	// noiseWindow and headroom tell speech from a fan: it is louder than the
	// quietest that the source was lately. Both are jitsi-utils' (15 s, a tenth
	// of the range of levels).
	noiseWindow = 15 * time.Second
	headroom    = 10
	// silence is the quietest level (RFC 6464, 3).
	silence = 127
)

// Dominant returns who has the floor: who spoke until another spoke instead.
// It is false before anyone has, and after the dominant speaker was removed.
func (d *Detector) Dominant() (Key, bool) {
	if d.dominant == nil {
		return 0, false
	}
	return d.dominant.key, true
}

// challenge lets s, whose last packet was speech, take the floor. Nobody can
// begin to beat the dominant speaker but with such a packet, so each is the
// time to decide; a clock, every 300 ms in the paper, would often look at the
// moment between two words.
func (d *Detector) challenge(s *source, now time.Time) {
	if s == d.dominant {
		return
	}
	var held history
	if d.dominant != nil {
		held = d.dominant.activity.recent(now)
	}
	if s.activity.recent(now).beats(held) {
		d.dominant = s
	}
}

// history is a second and more of frames, the newest in the lowest bit; a frame
// that was speech is set.
type history uint64

// beats reports whether h takes the floor from dominant: it speaks now, the
// dominant speaker has not for a block, and it spoke more of the last second.
func (h history) beats(dominant history) bool {
	const block = 1<<medium - 1
	return h&1 != 0 && dominant&block == 0 && h.blocks() > max(cough, dominant.blocks()+lead)
}

// blocks counts the blocks of the long scale that are speech.
func (h history) blocks() (n int) {
	for range long {
		if bits.OnesCount64(uint64(h&(1<<medium-1))) >= most {
			n++
		}
		h >>= medium
	}
	return n
}

// activity is when one source spoke.
type activity struct {
	frames history
	newest time.Time // when its newest frame began

	// The quietest levels of this window and the one before.
	quietest, before uint8
	window           time.Time // when it began
}

// observe takes the level of a packet and reports whether it is speech. The
// packet speaks for the time since the one before, as in the loudness.
func (a *activity) observe(level uint8, now time.Time) (speech bool) {
	passed := a.passed(now)
	if passed >= medium*long {
		a.newest, a.frames = now, 0
	} else {
		a.newest = a.newest.Add(time.Duration(passed) * frame)
		a.frames <<= passed
	}
	noise := a.noise(level, passed > longest, now)
	if level > threshold || level+headroom > noise {
		return false
	}
	a.frames |= 1<<min(passed, longest) - 1
	return true
}

// noise returns how loud the source is when nobody speaks, after taking another
// level; paused tells that nothing was sent before it, which is silence.
func (a *activity) noise(level uint8, paused bool, now time.Time) uint8 {
	if a.window.IsZero() {
		a.before, a.window = silence, now
	}
	if now.Sub(a.window) > noiseWindow {
		a.before, a.quietest, a.window = a.quietest, 0, now
	}
	a.quietest = max(a.quietest, min(level, silence))
	if paused {
		a.quietest = silence
	}
	return max(a.before, a.quietest)
}

// recent returns the frames that end at now.
func (a *activity) recent(now time.Time) history { return a.frames << a.passed(now) }

// passed counts the whole frames since the newest.
func (a *activity) passed(now time.Time) int { return int(max(now.Sub(a.newest), 0) / frame) }
