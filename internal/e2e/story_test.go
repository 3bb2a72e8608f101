package e2e

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// piece says which packet of which source of which peer.
type piece struct {
	sender uint16
	source uint8
	seq    uint32
}

// story checks everything that one stream received, in the order of its
// sequence numbers, against what an honest relay would have sent. It returns
// what is wrong with it and how many packets never came. Where datagrams were
// lost, the first one of a section may be among them.
func (st *stream) story(lossy bool) (faults []string, lost int) {
	complain := func(r record, format string, args ...any) {
		if len(faults) < 10 {
			what := fmt.Sprintf(format, args...)
			faults = append(faults, fmt.Sprintf("section %s, packet %d of peer %d source %d (number %d): %s",
				st.mid, r.stamp.seq, r.stamp.sender, r.stamp.source, r.seq, what))
		}
	}
	seen := make(map[piece]bool)
	var before record
	for i, n := range slices.Sorted(maps.Keys(st.packets)) {
		r := st.packets[n]
		if id := (piece{r.stamp.sender, r.stamp.source, r.stamp.seq}); seen[id] {
			complain(r, "was forwarded twice")
		} else {
			seen[id] = true
		}
		if st.kind == webrtc.RTPCodecTypeVideo && r.marker != r.stamp.last {
			complain(r, "has marker %t", r.marker)
		}
		if i == 0 {
			if !lossy && st.mustStartOnKeyframe(r) {
				complain(r, "begins the section, but no keyframe")
			}
			before = r
			continue
		}
		lost += int(r.seq - before.seq - 1)
		for _, fault := range st.step(before, r) {
			complain(r, "%s", fault)
		}
		before = r
	}
	return faults, lost
}

func (st *stream) mustStartOnKeyframe(r record) bool {
	return st.kind == webrtc.RTPCodecTypeVideo && !(r.stamp.key && r.stamp.first)
}

// step checks two packets that follow each other; some may be missing between.
func (st *stream) step(a, b record) (faults []string) {
	hole := b.seq != a.seq+1
	moved := b.timestamp - a.timestamp
	if a.stamp.sender != b.stamp.sender || a.stamp.source != b.stamp.source {
		if !hole && st.mustStartOnKeyframe(b) {
			faults = append(faults, "follows a switch, but begins no keyframe")
		}
		return append(faults, st.checkElapsed(a, b, moved)...)
	}
	if b.stamp.seq <= a.stamp.seq {
		return append(faults, fmt.Sprintf("comes after number %d", a.stamp.seq))
	}
	if resumed := a.stamp.epoch != b.stamp.epoch; resumed || !hole && b.stamp.seq != a.stamp.seq+1 {
		// Packets were left out on purpose, so decoding must start anew.
		if !resumed && !st.picky && st.kind == webrtc.RTPCodecTypeAudio {
			faults = append(faults, fmt.Sprintf("follows number %d without a hole", a.stamp.seq))
		}
		if !hole && st.mustStartOnKeyframe(b) {
			faults = append(faults, fmt.Sprintf("follows number %d, but begins no keyframe", a.stamp.seq))
		}
		return append(faults, st.checkElapsed(a, b, moved)...)
	}
	if want := b.stamp.timestamp - a.stamp.timestamp; moved != want {
		faults = append(faults, fmt.Sprintf("moves the timestamp by %d, not %d", moved, want))
	}
	if st.kind == webrtc.RTPCodecTypeVideo {
		want := uint16(b.stamp.frame-a.stamp.frame) & 0x7fff
		if got := (b.picture - a.picture) & 0x7fff; got != want {
			faults = append(faults, fmt.Sprintf("moves the picture id by %d, not %d", got, want))
		}
	}
	return faults
}

// checkElapsed checks a step to other media: time goes on, and a frame is
// followed by the next one.
func (st *stream) checkElapsed(a, b record, moved uint32) (faults []string) {
	const slack = 500 * time.Millisecond // what waits to be paced comes late
	rate := uint32(48000)
	if st.kind == webrtc.RTPCodecTypeVideo {
		rate = 90000
	}
	elapsed := b.stamp.captured.Sub(a.stamp.captured)
	if d := time.Duration(moved) * time.Second / time.Duration(rate); moved == 0 || d > max(elapsed, 0)+slack || d < elapsed-slack {
		faults = append(faults, fmt.Sprintf("moves the timestamp by %v in %v", d, elapsed))
	}
	if hole := b.seq != a.seq+1; st.kind == webrtc.RTPCodecTypeVideo && !hole {
		if got := (b.picture - a.picture) & 0x7fff; got != 1 {
			faults = append(faults, fmt.Sprintf("moves the picture id by %d at a new start", got))
		}
	}
	return faults
}
