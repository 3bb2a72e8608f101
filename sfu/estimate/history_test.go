package estimate

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/pion/rtcp"
)

// sendMany sends n packets, 10 ms apart and numbered from 0.
func sendMany(h *History, n int) {
	for i := range n {
		h.Sent(Packet{At: began.Add(time.Duration(i) * 10 * time.Millisecond), Size: 100 + i%1000})
	}
}

// story tells results as "+7@20" for packet 7 that arrived at 20 ms and "-8"
// for packet 8 that was lost.
func story(results []Result) string {
	var words []string
	for _, r := range results {
		if r.Received {
			words = append(words, fmt.Sprintf("+%d@%d", r.Seq, r.Arrival.Milliseconds()))
		} else {
			words = append(words, fmt.Sprintf("-%d", r.Seq))
		}
	}
	return strings.Join(words, " ")
}

const ms = time.Millisecond

func TestHistoryTellsWhatBecameOfPackets(t *testing.T) {
	t.Parallel()
	const lost = -1
	fb := func(first uint16, arrivals ...time.Duration) *rtcp.TransportLayerCC {
		return feedback(first, arrivals...)
	}
	for _, tt := range []struct {
		name      string
		sent      int
		feedbacks []*rtcp.TransportLayerCC
		want      string // results of one feedback after the other
	}{
		{"all arrive", 3, []*rtcp.TransportLayerCC{fb(0, 64*ms, 74*ms, 84*ms)}, "+0@0 +1@10 +2@20"},
		{"one is lost, which the next feedback confirms", 5, []*rtcp.TransportLayerCC{
			fb(0, 64*ms, lost, 84*ms), fb(3, 94*ms, 104*ms)}, "+0@0 +2@20 | -1 +3@30 +4@40"},
		{"one is only late", 5, []*rtcp.TransportLayerCC{
			fb(0, 64*ms, lost, 84*ms), fb(1, 90*ms), fb(3, 94*ms)}, "+0@0 +2@20 | +1@26 | +3@30"},
		{"one is late after it was given up", 6, []*rtcp.TransportLayerCC{
			fb(0, 64*ms, lost, 84*ms), fb(3, 94*ms), fb(1, 100*ms)}, "+0@0 +2@20 | -1 +3@30 | "},
		{"the same again", 3, []*rtcp.TransportLayerCC{
			fb(0, 64*ms, 74*ms), fb(0, 64*ms, 74*ms), fb(1, 74*ms, 84*ms)}, "+0@0 +1@10 |  | +2@20"},
		{"feedback that overtook another", 4, []*rtcp.TransportLayerCC{
			fb(2, 128*ms, 138*ms), fb(0, 64*ms, 74*ms)}, "+2@0 +3@10 | +0@-64 +1@-54"},
		{"a feedback that was lost tells of no loss", 6, []*rtcp.TransportLayerCC{
			fb(0, 64*ms), fb(4, 128*ms, 138*ms)}, "+0@0 | +4@64 +5@74"},
		{"numbers from the future", 3, []*rtcp.TransportLayerCC{
			fb(2, 64*ms, 74*ms, 84*ms), fb(3, 84*ms), fb(1000, 90*ms), fb(1, 70*ms)}, "+2@0 |  |  | +1@6"},
		{"numbers from before the start", 3, []*rtcp.TransportLayerCC{
			fb(65533, 64*ms, 65*ms, 66*ms, 74*ms)}, "+0@10"},
		{"before anything was sent", 0, []*rtcp.TransportLayerCC{fb(0, 64*ms)}, ""},
		{"what is forgotten", maxHistory + 5, []*rtcp.TransportLayerCC{fb(3, 64*ms, 65*ms, 66*ms)}, "+5@2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var h History
			sendMany(&h, tt.sent)
			var got []string
			for i, f := range tt.feedbacks {
				got = append(got, story(h.Feedback(f, began.Add(time.Duration(i)*100*ms), nil)))
			}
			if told := strings.Join(got, " | "); told != tt.want {
				t.Errorf("told %q, not %q", told, tt.want)
			}
		})
	}
}

// The number goes round several times, and the packet that a result is about
// stays the one that was sent.
func TestHistoryKeepsPacketsApart(t *testing.T) {
	t.Parallel()
	var h History
	for i := range 140_000 {
		p := Packet{At: began.Add(time.Duration(i) * ms), Size: 1 + i%1400, Probe: i % 7, Kind: Kind(i % 3)}
		seq := h.Sent(p)
		if seq != uint16(i) {
			t.Fatalf("packet %d has the number %d", i, seq)
		}
		if i%25 != 0 {
			continue
		}
		got := h.Feedback(feedback(seq, time.Duration(i)*ms), p.At, nil)
		if len(got) != 1 || got[0].Packet != p || got[0].Seq != seq {
			t.Fatalf("packet %d, %+v, came back as %+v", i, p, got)
		}
		// The receiver's clock has a resolution of 0.25 ms, and goes round every
		// 12 days; here it does not jump.
		if want := time.Duration(i) * ms; got[0].Arrival != want {
			t.Fatalf("packet %d arrived at %v, not %v", i, got[0].Arrival, want)
		}
	}
}

func TestClockUnwraps(t *testing.T) {
	t.Parallel()
	var c clock
	at := began
	for _, tt := range []struct {
		name string
		raw  uint32
		past time.Duration
		want time.Duration
	}{
		{"the zero", 1<<24 - 2, 0, 0},
		{"over the wrap", 3, 320 * ms, 320 * ms},
		{"one from before", 2, 10 * ms, 256 * ms},
		{"and on", 4, 54 * ms, 384 * ms},
		{"another clock", 9_000_000, time.Second, 1384 * ms},
		{"which goes on", 9_000_001, 64 * ms, 1448 * ms},
		{"and is set back by days", 1, time.Minute, 61448 * ms},
	} {
		at = at.Add(tt.past)
		if got := c.reference(tt.raw, at); got != tt.want {
			t.Errorf("%s: %v, not %v", tt.name, got, tt.want)
		}
	}
}

// Feedback as a stranger would write it: chunks and deltas that do not agree.
func TestHistoryTakesInNonsense(t *testing.T) {
	t.Parallel()
	var h History
	sendMany(&h, 100)
	long := &rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 8191}
	for name, fb := range map[string]*rtcp.TransportLayerCC{
		"nothing":          {},
		"no deltas":        {PacketStatusCount: 10, PacketChunks: []rtcp.PacketStatusChunk{long}},
		"a delta of none":  {PacketStatusCount: 10, PacketChunks: []rtcp.PacketStatusChunk{long}, RecvDeltas: []*rtcp.RecvDelta{nil}},
		"no such chunk":    {PacketStatusCount: 10, PacketChunks: []rtcp.PacketStatusChunk{nil}},
		"reserved symbols": {PacketStatusCount: 10, PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: 3, RunLength: 10}}},
		"too few chunks":   {PacketStatusCount: 65535, PacketChunks: []rtcp.PacketStatusChunk{&rtcp.StatusVectorChunk{SymbolList: []uint16{0}}}},
	} {
		if got := h.Feedback(fb, began, nil); len(got) != 0 {
			t.Errorf("%s tells %q", name, story(got))
		}
	}
}

// FuzzFeedback lets strangers answer: nothing panics, no packet is reported
// twice, and the estimate stays within what was sent.
func FuzzFeedback(f *testing.F) {
	for _, fb := range []*rtcp.TransportLayerCC{
		feedback(0, 64*ms, -1, 84*ms, 94*ms),
		feedback(65530, 64*ms, 65*ms, 500*ms, 8*time.Second),
		feedback(90, 64*ms, 63*ms, 5*time.Second, 1*ms),
	} {
		fb.Header = rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: uint16(fb.MarshalSize()/4 - 1)}
		raw, err := fb.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, uint16(1))
		f.Add(append(raw[:len(raw):len(raw)], raw...), uint16(40))
	}
	f.Fuzz(func(t *testing.T, raw []byte, pace uint16) {
		var h History
		e := New(Config{})
		told := map[uint16]bool{}
		now := began
		for len(raw) > 4 {
			n := min(4*(int(binary.BigEndian.Uint16(raw[2:]))+1), len(raw))
			var fb rtcp.TransportLayerCC
			if fb.Unmarshal(raw[:n]) == nil {
				answer(t, &h, e, &fb, now, told)
			}
			raw = raw[n:]
			now = now.Add(time.Duration(pace) * ms)
		}
	})
}

func answer(t *testing.T, h *History, e *Estimator, fb *rtcp.TransportLayerCC, now time.Time, told map[uint16]bool) {
	for i := range 20 { // 20 packets of 100 bytes in 20 ms: 800 kbit/s
		p := Packet{At: now.Add(time.Duration(i) * ms), Size: 100}
		delete(told, h.Sent(p))
		e.Sent(p)
	}
	results := h.Feedback(fb, now, nil)
	for _, r := range results {
		if told[r.Seq] {
			t.Fatalf("packet %d is reported twice", r.Seq)
		}
		told[r.Seq] = true
	}
	e.Feedback(results, now)
	e.Tick(now)
	if b := e.Bitrate(); b < defaultMin || b > 2_000_000 {
		t.Fatalf("%d bit/s, of 800,000 sent at most", b)
	}
}

// There is one for each subscriber, and its times, which go round in 71 minutes,
// are right all day.
func TestHistoryIsSmall(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(History{}); size > 100<<10 {
		t.Errorf("it takes %d bytes", size)
	}
	var h History
	for i := range 24 * 60 {
		p := Packet{At: began.Add(time.Duration(i)*time.Minute + 7*time.Microsecond), Size: 100}
		seq := h.Sent(p)
		h.Sent(Packet{At: p.At.Add(20 * time.Second), Size: 100})
		if got := h.Feedback(feedback(seq, time.Second), p.At, nil); len(got) != 1 || !got[0].At.Equal(p.At) {
			t.Fatalf("after %d minutes: %+v, sent %v", i, got, p.At)
		}
	}
}
