package report

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	start := time.Unix(5000, 0)
	ntp := NTP(start)
	for _, c := range []struct {
		name  string
		after time.Duration // of the report's arrival
		clock uint32
		want  uint32
		ok    bool
	}{
		{"at the report", 0, 90000, 1000, true},
		{"a second later", time.Second, 90000, 91000, true},
		{"by another clock", 20 * time.Millisecond, 48000, 1960, true},
		{"before it", -time.Second / 10, 90000, 1<<32 - 8000, true},
		{"a minute later", time.Minute, 90000, 5401000, true},
		{"later than that", time.Minute + 1, 90000, 0, false},
		{"long before", -time.Minute - 1, 90000, 0, false},
	} {
		var clock Clock
		var l Timeline
		clock.Note(ntp, start)
		l.Note(ntp, 1000)
		l.Note(0, 5) // a report without a time tells nothing
		rtp, ok := l.At(&clock, start.Add(c.after), c.clock)
		if rtp != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v, want %d, %v", c.name, rtp, ok, c.want, c.ok)
		}
	}
}

func TestTimelineNeedsBoth(t *testing.T) {
	t.Parallel()
	start := time.Unix(5000, 0)
	var clock Clock
	var l Timeline
	if _, ok := l.At(&clock, start, 90000); ok {
		t.Error("a timestamp before any report")
	}
	l.Note(NTP(start), 1)
	if _, ok := l.At(&clock, start, 90000); ok {
		t.Error("a timestamp before the publisher's clock is known")
	}
	clock.Note(NTP(start), start)
	if _, ok := l.At(&clock, start, 90000); !ok {
		t.Error("no timestamp after a report")
	}
	l.Reset()
	if _, ok := l.At(&clock, start, 90000); ok {
		t.Error("a timestamp after a reset")
	}
}

// A publisher sends audio and video that it captured together, and reports on
// both, which queues delay by 0 to 50 ms. Our reports on them must say what was
// captured together: within 1 ms when both are written at once, and within 20
// when one is older, which nobody sees (ITU-R BT.1359: 45 ms and more).
func TestLipSync(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			lipSync(t, rand.New(rand.NewPCG(seed, 3)))
		})
	}
}

func lipSync(t *testing.T, r *rand.Rand) {
	start := time.Unix(5000, 0)
	offset, skew := r.Uint64(), 1+(r.Float64()-0.5)/5000 // up to 100 ppm
	shows := func(captured time.Duration) uint64 {
		return offset + uint64(captured.Seconds()*skew*(1<<32))
	}
	var clock Clock
	audio := &source{rate: 48000, first: r.Uint32()}
	video := &source{rate: 90000, first: r.Uint32()}
	for second := range 120 {
		captured := time.Duration(second) * time.Second
		jitter := time.Duration(r.IntN(50_000)) * time.Microsecond
		for _, s := range []*source{audio, video} {
			if s == audio && second%5 != 0 {
				continue
			}
			clock.Note(shows(captured), start.Add(captured+jitter))
			s.line.Note(shows(captured), s.rtp(captured))
		}
		now := captured + 300*time.Millisecond
		video.write(t, &clock, start, now)
		if older := audio.apart(video); second > 60 && older > 20*time.Millisecond {
			t.Fatalf("second %d: our reports part the streams by %v", second, older)
		}
		audio.write(t, &clock, start, now)
		if apart := audio.apart(video); apart > time.Millisecond {
			t.Fatalf("second %d: reports written at once part the streams by %v", second, apart)
		}
		if second%5 != 0 {
			audio.forget()
		}
	}
}

// source is one stream of a publisher and our last two reports on it.
type source struct {
	rate, first uint32
	line        Timeline

	written, kept time.Duration // the capture time of what our report calls "now", less that now
}

func (s *source) rtp(captured time.Duration) uint32 {
	return s.first + uint32(captured.Microseconds()*int64(s.rate)/1e6)
}

// write writes a report at now: it says which media is captured then.
func (s *source) write(t *testing.T, c *Clock, start time.Time, now time.Duration) {
	t.Helper()
	rtp, ok := s.line.At(c, start.Add(now), s.rate)
	if !ok {
		t.Fatal("no report to write")
	}
	s.kept = s.written
	s.written = time.Duration(rtp-s.first)*time.Second/time.Duration(s.rate) - now
}

// forget takes the last report back, as if it was not sent.
func (s *source) forget() { s.written = s.kept }

func (s *source) apart(o *source) time.Duration { return (s.written - o.written).Abs() }
