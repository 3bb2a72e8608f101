package load

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestASealShowsEveryChangedByte(t *testing.T) {
	t.Parallel()
	want := seal{sender: 513, source: 1, encoding: 2, number: 70000, sent: 1 << 60}
	payload := vp8Head(nil, 300, true, true, [2]uint16{1280, 720})
	fixed := len(payload) - vp8Open
	head := string(payload)
	payload = append(payload, make([]byte, 900)...)
	want.write(payload[vp8Open:], fixed)
	if string(payload[:len(head)]) != head {
		t.Error("the frame's header was written over")
	}
	if got, err := unseal(payload[vp8Open:]); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := vp8Open; i < len(payload); i++ {
		payload[i] ^= 1
		if _, err := unseal(payload[vp8Open:]); !errors.Is(err, errAltered) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		payload[i] ^= 1
	}
	if _, err := unseal(payload[:sealSize-1]); !errors.Is(err, errShort) {
		t.Errorf("too short: %v", err)
	}
}

// pass plays a schedule for a second, woken late now and then.
func pass(s *schedule, keyAt time.Duration) (all []piece, bursts int) {
	for now := time.Duration(0); now < 999*time.Millisecond; now = max(s.next(), now+time.Microsecond) {
		n := len(all)
		all, _ = s.due(now, now >= keyAt && now < keyAt+time.Second/30, all)
		if len(all) > n {
			bursts++
		}
	}
	return all, bursts
}

func TestAScheduleKeepsItsBitrateInFrames(t *testing.T) {
	t.Parallel()
	all, bursts := pass(newVideo(1_200_000, 30), time.Hour)
	size, frames := 0, 0
	for i, p := range all {
		size += p.size
		if p.first {
			frames++
		}
		if p.size > payloadSize || p.size < payloadSize/2 {
			t.Errorf("a packet of %d bytes", p.size)
		}
		if p.first != (i == 0 || all[i-1].last) || i > 0 && p.first != (p.frame != all[i-1].frame) {
			t.Errorf("packet %d: a frame does not begin where one ends", i)
		}
	}
	if frames != 30 || math.Abs(float64(size*8)-1.2e6) > 30_000 {
		t.Errorf("%d frames, %d bits", frames, size*8)
	}
	if bursts < 2*frames {
		t.Errorf("%d packets in %d bursts: not paced", len(all), bursts)
	}
}

func TestAKeyframeIsLargeAndPaced(t *testing.T) {
	t.Parallel()
	all, _ := pass(newVideo(1_200_000, 30), 500*time.Millisecond)
	keys, size := 0, 0
	for _, p := range all {
		if p.key {
			size += p.size
			if p.first {
				keys++
			}
		}
	}
	if keys != 1 || size != keyframeFactor*1_200_000/8/30 {
		t.Errorf("%d keyframes of %d bytes", keys, size)
	}
}

func TestOpusComesFiftyTimesASecond(t *testing.T) {
	t.Parallel()
	all, _ := pass(newOpus(), time.Hour)
	if len(all) != 50 || all[1].at-all[0].at != opusEvery || !all[0].first || !all[0].last {
		t.Errorf("%d packets, %+v", len(all), all[0])
	}
}

func TestAScheduleSkipsWhatIsNotSent(t *testing.T) {
	t.Parallel()
	s := newVideo(1_200_000, 30)
	_, _ = s.due(0, true, nil) // a keyframe waits to be paced out
	s.skip(time.Second)
	if all, _ := s.due(time.Second, false, nil); len(all) != 0 || s.next() <= time.Second {
		t.Errorf("%d packets after a silence, next at %v", len(all), s.next())
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var h, other histogram
	for i := range 100 {
		h.add(time.Duration(i+1) * time.Millisecond)
	}
	near := func(got, want time.Duration) {
		t.Helper()
		if math.Abs(float64(got-want)) > 0.03*float64(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	near(h.quantile(0.5), 50*time.Millisecond)
	near(h.quantile(0.99), 99*time.Millisecond)
	for range 300 {
		other.add(time.Second)
	}
	h.merge(&other)
	near(h.quantile(0.5), time.Second)
	other.add(-time.Second) // clocks may step
	other.add(1 << 62)
	if (&histogram{}).quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestStatOfAProcess(t *testing.T) {
	t.Parallel()
	const line = "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 9 0 100 12345678 2560 18446744073709551615 1 1"
	got, err := parseStat([]byte(line), 4096)
	if want := (usage{cpu: 2 * time.Second, rss: 2560 * 4096}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "42 x S 1", "42 (x) S 1 2", "42 (x) S 1 42 42 0 -1 4194560 1 2 3 4 x 50 7 8 20 0 9 0 100 1 2 3 4"} {
		if _, err := parseStat([]byte(bad), 4096); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	busy, err := parseBusy([]byte("cpu  100 20 30 9999 888 1 2 77 0 0\ncpu0 1 2 3\n"))
	if err != nil || busy != 1530*time.Millisecond {
		t.Errorf("%v, %v", busy, err)
	}
	if _, err := parseBusy([]byte("intr 1 2 3 4 5 6 7 8\n")); err == nil {
		t.Error("read what is not of all cores")
	}
}

// TestAStreamCounts plays sequence numbers.
func TestAStreamCounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                           string
		numbers                        []uint16
		arrived, again, behind, passed uint64
	}{
		{"in order", []uint16{1, 2, 3}, 3, 0, 0, 3},
		{"a gap", []uint16{1, 2, 5}, 3, 0, 0, 5},
		{"filled later", []uint16{1, 2, 5, 4, 3}, 5, 0, 2, 5},
		{"twice", []uint16{1, 2, 2, 1, 3}, 3, 2, 0, 3},
		{"over the top", []uint16{65534, 65535, 0, 1, 65535}, 4, 1, 0, 4},
		{"a far jump forgets what was there", []uint16{1, 20001, 20001 - 4096}, 2, 1, 0, 20001},
		{"a jump over the whole memory", []uint16{7, 7 + 4096, 8 + 4096, 7 + 4096}, 3, 1, 0, 4098},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var s stream
			for _, n := range tc.numbers {
				s.note(n, 10)
			}
			if s.arrived != tc.arrived || s.again != tc.again || s.behind != tc.behind || s.numbered() != tc.passed {
				t.Errorf("%d arrived, %d again, %d behind, %d passed", s.arrived, s.again, s.behind, s.numbered())
			}
			if s.restart(); s.arrived+s.numbered()+s.bytes != 0 {
				t.Error("the new window is not empty")
			}
		})
	}
}

func TestAnExtensionIsFoundOnTheWire(t *testing.T) {
	t.Parallel()
	packet := func(ext ...byte) []byte {
		b := make([]byte, 16, 64)
		b[0], b[12], b[13], b[15] = 0x90, 0xbe, 0xde, byte(len(ext)/4)
		return append(b, ext...)
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"first", packet(0x31, 1, 2, 0), "\x01\x02"},
		{"after padding and another", packet(0, 0x10, 9, 0, 0x31, 1, 2, 0), "\x01\x02"},
		{"longer than the packet says", packet(0x3f, 1, 2, 0), ""},
		{"absent", packet(0x11, 1, 2, 0), ""},
		{"no extensions", make([]byte, 12), ""},
		{"cut off", packet(0x31, 1, 2, 0)[:18], ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := extension(tc.raw, 3); string(got) != tc.want {
				t.Errorf("%x", got)
			}
		})
	}
}

func TestASearchEndsBetweenGoodAndBad(t *testing.T) {
	t.Parallel()
	for _, limit := range []float64{45_000, 200_000, 777_777} {
		var s Search
		tries, best := 0, 0.0
		for rate := s.Next(); rate > 0; rate = s.Next() {
			if tries++; tries > 15 {
				t.Fatal("no end")
			}
			s.Tried(rate, rate <= limit)
			if rate <= limit {
				best = max(best, rate)
			}
		}
		if best > limit || best < limit/searchUntil {
			t.Errorf("%.0f of %.0f after %d tries", best, limit, tries)
		}
	}
	var s Search
	s.Tried(s.Next(), false)
	if s.Next() != 0 {
		t.Error("goes on although nothing is good")
	}
}

func TestRatiosSayWhatIsMissed(t *testing.T) {
	t.Parallel()
	report := func(rate, cost, delay float64) *Report {
		return &Report{Traffic: Traffic{PacketRate: rate}, Server: &Server{PacketMicros: cost}, Latency: Spread{P99: delay}}
	}
	results := []Result{
		{name50k, report(0, 3, 0), report(0, 10, 0)},
		{nameMeeting, report(0, 6, 0), report(0, 10, 0)},
		{nameRooms, report(0, 5, 0), report(0, 10, 0)},
		{nameFull, report(800, 0, 0), report(200, 0, 0)},
		{nameHalf, report(0, 0, 1.5), report(0, 0, 1)},
		{nameSame, report(0, 0, 2), report(0, 0, 4)},
	}
	line, missed := Ratios(results, 1.9)
	if want := "ratios saturation=4.00 cpu50k=0.30 meeting=0.60 rooms3=0.50 cores2=1.90 latency=0.50 latency_ms=1.50"; line != want {
		t.Errorf("%s", line)
	}
	if len(missed) != 1 || missed[0] != "meeting" {
		t.Errorf("missed %v", missed)
	}
	results = append(results, Result{nameTwo, report(1200, 0, 0), nil})
	if line, missed := Ratios(results, 0); len(missed) != 2 || !strings.Contains(line, "cores2=1.50") {
		t.Errorf("with three cores %s, missed %v", line, missed)
	}
	if _, missed := Ratios(nil, 0); len(missed) != 7 {
		t.Errorf("of nothing, missed only %v", missed)
	}
}
