package e2e

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// screen is what one section showed of layered pictures: the packets put
// together to frames, the frames decoded by what their stamps say of them.
type screen struct {
	st     *stream
	shown  []shown
	faults []string
	torn   int // frames that were left unfinished on purpose
	lost   int // packets

	headless bool // it does not begin with a keyframe

	decoded map[frameID]time.Time // since the newest keyframe: when
	damaged bool                  // something is missing since then
}

// frameID names a frame for as long as its uplink lives.
type frameID struct {
	sender       uint16
	source, rank uint8
	number       uint32
}

// frame is what came of a frame, in the order of its packets.
type frame struct {
	frameID
	packets []record
	gap     bool // numbers are missing, or were filled, right before it
	lost    int  // of these, missing
	whole   bool
	came    time.Time // its last packet
}

// shown is a decoded frame.
type shown struct {
	at       time.Time // when it could be decoded
	captured time.Time
	stamp    stamp
	frame    uint32
}

func (f *frame) first() record { return f.packets[0] }
func (f *frame) last() record  { return f.packets[len(f.packets)-1] }

// watch plays everything that a section has received.
func (st *stream) watch() *screen {
	s := &screen{st: st, decoded: make(map[frameID]time.Time)}
	frames := st.frames()
	if len(frames) > 0 {
		first := frames[0].first().stamp
		s.headless = !first.key || !first.first
		s.damaged = s.headless
	}
	for i, f := range frames {
		s.lost += f.lost
		s.checkFrame(f)
		if i > 0 {
			s.checkStep(frames[i-1], f, i == 1 && s.headless)
		}
		s.decode(f, i == len(frames)-1)
	}
	return s
}

// layered reports whether a section has shown layered pictures, whose checks
// are those of a screen.
func (st *stream) layered() bool {
	for _, r := range st.packets {
		if r.stamp.size != (size{}) {
			return true
		}
	}
	return false
}

// frames puts packets together, in the order of their numbers.
func (st *stream) frames() (out []*frame) {
	var open *frame
	gap, next := false, int64(0)
	lost := 0
	for _, n := range slices.Sorted(maps.Keys(st.packets)) {
		r := st.packets[n]
		if next != 0 && n != next {
			gap = true
			lost += int(n - next)
		}
		next = n + 1
		if r.hollow {
			gap = true
			continue
		}
		id := frameID{r.stamp.sender, r.stamp.source, r.stamp.rank, r.stamp.frame}
		if open == nil || open.frameID != id {
			open = &frame{frameID: id, gap: gap}
			out = append(out, open)
		}
		open.packets = append(open.packets, r)
		open.lost += lost
		gap, lost = false, 0
		if r.at.After(open.came) {
			open.came = r.at
		}
	}
	for _, f := range out {
		a, b := f.first().stamp, f.last().stamp
		f.whole = a.first && b.last && int(b.seq-a.seq)+1 == len(f.packets)
	}
	return out
}

func (s *screen) complain(f *frame, format string, args ...any) {
	if len(s.faults) < 10 {
		t := f.first().stamp
		s.faults = append(s.faults, fmt.Sprintf("section %s, number %d, frame %d of peer %d (encoding %d, layer %d.%d, key %t): %s",
			s.st.mid, f.first().seq, f.number, f.sender, f.rank, t.spatial, t.temporal, t.key, fmt.Sprintf(format, args...)))
	}
}

// checkFrame checks what must be one within a frame.
func (s *screen) checkFrame(f *frame) {
	a := f.first()
	for i, r := range f.packets {
		if r.timestamp != a.timestamp || r.picture != a.picture || r.tl0 != a.tl0 {
			s.complain(f, "packet %d has timestamp %d, picture %d, TL0 %d, not %d, %d, %d",
				i, r.timestamp, r.picture, r.tl0, a.timestamp, a.picture, a.tl0)
		}
		if i > 0 && r.stamp.seq <= f.packets[i-1].stamp.seq {
			s.complain(f, "packet %d comes after %d", r.stamp.seq, f.packets[i-1].stamp.seq)
		}
	}
}

// checkStep checks two frames that follow each other; of the first of all, the
// beginning may be what was lost before anything came.
func (s *screen) checkStep(a, b *frame, headless bool) {
	same := a.sender == b.sender && a.source == b.source && a.rank == b.rank
	if same && b.number <= a.number {
		s.complain(b, "comes after frame %d", a.number)
		return
	}
	together := same && a.first().stamp.timestamp == b.first().stamp.timestamp
	if !together && !a.last().marker && a.whole {
		s.complain(a, "is the last of its picture and has no marker")
	}
	if together && a.last().marker {
		s.complain(a, "has a marker, and frame %d of the same picture follows", b.number)
	}
	if !same && !b.gap && !(b.first().stamp.key && b.first().stamp.first) {
		s.complain(b, "follows encoding %d of peer %d, and begins no keyframe", a.rank, a.sender)
	}
	if !b.gap && a.lost == 0 && !a.whole && !headless {
		s.complain(a, "is not whole, and nothing says so")
	}
	if !a.whole && !same && b.lost == 1 {
		// A number is left out so that nobody takes b for the rest of a.
		s.torn++
		s.lost--
	}
	s.checkTime(a, b, same)
	s.checkNumbers(a, b, same, together)
}

// checkTime checks that the clock goes as the publisher's: exactly within an
// encoding, and across encodings of one person as near as sender reports tell.
func (s *screen) checkTime(a, b *frame, same bool) {
	moved := b.first().timestamp - a.first().timestamp
	from, to := a.first().stamp, b.first().stamp
	// Of what was lost before a keyframe, all may have been of another encoding.
	if same && from.epoch == to.epoch && !(b.lost > 0 && to.key) {
		if want := to.timestamp - from.timestamp; moved != want {
			s.complain(b, "moves the timestamp by %d, not %d", moved, want)
		}
		return
	}
	slack := 150 * time.Millisecond
	if a.sender == b.sender && a.source == b.source {
		slack = 40 * time.Millisecond
	}
	elapsed := max(to.captured.Sub(from.captured), 0) // a keyframe may be older than the last picture of what it replaces
	if d := time.Duration(int32(moved)) * time.Second / 90000; d <= 0 || (d-elapsed).Abs() > slack {
		s.complain(b, "moves the timestamp by %v in %v", d, elapsed)
	}
}

// checkNumbers checks the numbers of pictures (VP8, VP9) or frames (AV1). Those
// of VP8 go on one by one, whatever was left out (RFC 7741, 4.2). By those of
// the others receivers reckon what a frame refers to, so they move as the
// publisher's within an encoding.
func (s *screen) checkNumbers(a, b *frame, same, together bool) {
	from, to := a.first(), b.first()
	if to.temporal != to.stamp.temporal {
		s.complain(b, "says temporal layer %d", to.temporal)
	}
	if b.lost > 0 {
		return
	}
	mask, want := uint16(0x7fff), uint16(1)
	same = same && from.stamp.epoch == to.stamp.epoch
	switch {
	case to.format == formatAV1:
		mask = 0xffff
		if same {
			want = uint16(b.number - a.number)
		}
	case together:
		want = 0
	case to.format == formatVP9 && same:
		want = uint16((to.stamp.timestamp - from.stamp.timestamp) / 90 / uint32(pulsesPerFrame*pulseEvery/time.Millisecond))
	}
	if d := (to.picture - from.picture) & mask; d != want {
		s.complain(b, "moves the picture id by %d, not %d", d, want)
	}
	want = 0
	if to.format != formatAV1 && to.temporal == 0 && !together {
		want = 1
	}
	if d := to.tl0 - from.tl0; uint16(d) != want {
		s.complain(b, "moves TL0PICIDX by %d, not %d", d, want)
	}
}

// decode shows f if it can be decoded. Frames are never missing but for what
// the network lost and what was torn at a switch.
func (s *screen) decode(f *frame, newest bool) {
	t := f.first().stamp
	if t.key && t.spatial == 0 && f.whole {
		clear(s.decoded)
		s.damaged = false
	} else if f.lost > 0 {
		s.damaged = true
	}
	if !f.whole {
		if !newest && s.st.kind == webrtc.RTPCodecTypeVideo {
			s.damaged = true
		}
		return
	}
	at := f.came
	for _, back := range t.refs {
		if back == 0 {
			continue
		}
		need := f.frameID
		need.number -= uint32(back)
		when, here := s.decoded[need]
		if !here {
			if !s.damaged {
				s.complain(f, "needs frame %d, which was not forwarded", need.number)
			}
			return
		}
		if when.After(at) {
			at = when
		}
	}
	s.decoded[f.frameID] = at
	s.shown = append(s.shown, shown{at: at, captured: t.captured, stamp: t, frame: f.number})
}

// longestFreeze returns the longest time between two new pictures, from since
// to until.
func (s *screen) longestFreeze(since, until time.Time) (longest time.Duration, at time.Time) {
	before := since
	note := func(now time.Time) {
		if d := now.Sub(before); d > longest {
			longest, at = d, before
		}
		before = now
	}
	for _, p := range s.shown {
		if p.at.After(before) && !p.at.After(until) {
			note(p.at)
		}
	}
	note(until)
	return longest, at
}

// screenOf plays the section in which p receives a source of another's.
func (p *peer) screenOf(other *peer, source string) *screen {
	p.w.t.Helper()
	index := other.source(source).index
	return ask(p.endpoint, func() *screen {
		f := p.down.flows[flow{other.ordinal, index}]
		if f == nil {
			return &screen{}
		}
		return p.down.byMid[f.mid].watch()
	})
}

// p99 returns what all durations but one in a hundred keep within; of fewer
// than two hundred, all but one.
func p99(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	if n := len(sorted); n > 1 {
		return sorted[n-1-max(1, n/100)]
	}
	return 0
}
