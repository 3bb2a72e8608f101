package e2e

import (
	"math"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v5/vnet"
	"github.com/prometheus/client_golang/prometheus"

	"sfu/metrics"
	"sfu/sfu/media"
)

// observed checks how often a histogram has observed something, and that the mean lies
// between least and most.
func (w *world) observed(what string, h prometheus.Collector, times int, least, most float64) {
	w.t.Helper()
	if m, n := mean(w.t, h); n != uint64(times) || n > 0 && (m < least || m > most) {
		w.t.Errorf("%s: %d times, %.4f on average; not %d times and %.4f to %.4f", what, n, m, times, least, most)
	}
}

func TestAJoinIsTimedStepByStep(t *testing.T) {
	play(t, func(w *world) {
		steps := &w.count.Session.JoinStep
		w.join("ann")
		w.run(time.Second)
		w.observed("first media of one who is alone", w.count.Session.FirstMedia, 0, 0, 0)
		w.observed("media of one who is alone", steps[metrics.StepMedia], 1, 2*oneWay.Seconds(), 1)
		bob := w.join("bob", sending())
		bob.receives(time.Second, w.peers[0])
		w.observed("first media", w.count.Session.FirstMedia, 1, 2*oneWay.Seconds(), 1)
		w.join("cas", in("elsewhere"), muted("camera", "microphone"))
		w.join("dan", in("elsewhere"))
		w.run(time.Second)
		w.observed("first media where everybody is muted", w.count.Session.FirstMedia, 1, 0, 1)
		w.observed("media", steps[metrics.StepMedia], 4, 2*oneWay.Seconds(), 1) // cas is sent dan's, bob ann's
		before := 0.0
		for step, trip := range []time.Duration{0, 2 * oneWay, 2 * oneWay} { // a check, and a handshake, have to go there and back
			m, n := mean(t, steps[step])
			if n != 4 || m < before+trip.Seconds() || m > 1 {
				t.Errorf("step %d: %d times, %.3f s on average, %.3f s until the one before", step, n, m, before)
			}
			before = m
		}
		connected, _ := mean(t, w.count.JoinSeconds)
		w.observed("keys", steps[metrics.StepDTLS], 4, connected, connected+1e-9)
	})
}

func TestWhatLastsIsTimedWhenItEnds(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.run(10 * time.Second)
		bob := w.join("bob")
		w.observed("rooms", w.count.Room.Seconds, 0, 0, 0)
		ann.leave()
		w.run(10 * time.Second)
		w.observed("sessions", w.count.Session.Seconds, 1, 10, 11)
		bob.leave()
		w.run(time.Second)
		w.observed("sessions", w.count.Session.Seconds, 2, 10, 11)
		w.observed("rooms", w.count.Room.Seconds, 1, 20, 22)
		w.observed("room sizes", w.count.Room.Peak, 1, 2, 2)
		if n := value(w.count.Room.Opened); n != 1 {
			t.Errorf("%v rooms were opened", n)
		}
		if value(w.count.Room.Draining) != 0 {
			t.Error("it drains")
		}
		w.server.Drain("", 0)
		if value(w.count.Room.Draining) != 1 {
			t.Error("it does not drain")
		}
	})
}

// rob loses every n-th RTP packet of a payload type on a line, and counts them.
func (w *world) rob(l *link, up bool, pt uint8, n int) (stolen *atomic.Int64, stop func()) {
	stolen = new(atomic.Int64)
	var stopped atomic.Bool
	seen := 0 // the router's goroutine alone runs this
	w.net.router.AddChunkFilter(func(c vnet.Chunk) bool {
		end := c.DestinationAddr()
		if up {
			end = c.SourceAddr()
		}
		b := c.UserData()
		if stopped.Load() || w.net.links[host(end)] != l || len(b) < 12 || b[0]>>6 != 2 || b[1]&0x7f != pt {
			return true
		}
		if seen++; seen%n == 0 {
			stolen.Add(1)
			return false
		}
		return true
	})
	return stolen, func() { stopped.Store(true) }
}

func TestLostPacketsAreThoseThatTheNetworkLost(t *testing.T) {
	for d, name := range map[metrics.Direction]string{metrics.In: "up", metrics.Out: "down"} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.allowed.loss = true
				ann, bob := w.join("ann"), w.join("bob", sending())
				bob.receives(time.Second, ann)
				w.run(2 * time.Second) // reports have to begin
				line := ann.link
				if d == metrics.Out {
					line = bob.link
				}
				stolen, stop := w.rob(line, d == metrics.In, chromium.vp8, 17)
				w.run(10 * time.Second)
				stop()
				w.run(3 * time.Second)
				if got, want := value(w.count.Media.Lost[d]), float64(stolen.Load()); want < 30 || math.Abs(got-want) > 1 {
					t.Errorf("%v packets are said to be lost, %v were", got, want)
				}
				// What is repaired just when a report is written counts as lost there.
				if n := value(w.count.Media.Lost[1-d]); n > 5 {
					t.Errorf("%v packets are said to be lost the other way", n)
				}
			})
		})
	}
}

func TestJitterIsThatOfTheLine(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob", sending())
		bob.receives(time.Second, ann)
		w.run(5 * time.Second)
		for d, h := range w.count.Media.Jitter {
			if m, n := mean(t, h); n < 5 || m > 0.001 {
				t.Errorf("direction %d: %d times, %.4f s on an even line", d, n, m)
			}
		}
	})
}

func TestMessagesThatWaitAreCounted(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		chat := ann.opens("chat", nil)
		bob.finds(ann, "chat")
		w.run(settled)
		bob.link.lossy(0, 1)
		w.allowed.loss = true
		for range 40 {
			check(t, chat.Send(make([]byte, 16<<10)))
		}
		w.run(time.Second)
		if n := value(w.count.Data.QueuedBytes); n < 100<<10 || n > 40*(17<<10) {
			t.Errorf("%v bytes wait", n)
		}
		bob.link.lossy(0, 0)
		w.await(20*time.Second, "bob has all", func() bool { return bob.countHeard(ann, "chat") == 40 })
		if n := value(w.count.Data.QueuedBytes); n != 0 {
			t.Errorf("%v bytes are left", n)
		}
		w.observed("waits", w.count.Data.QueueSeconds, 40, 0.2, 10)
	})
}

func TestSwitchesAndFirstPacketsAreTimed(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		w.run(2 * time.Second)
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		first := &w.count.Media.FirstPacket
		w.observed("first sound", first[media.Audio], 1, 0, 0.03)
		w.run(3 * time.Second)
		if n := value(w.count.Switches); n > 1 {
			t.Fatalf("%v switches at the beginning", n)
		}
		_, before := mean(t, w.count.Media.Switch)
		for _, width := range []int{160, 1280} {
			bob.tile(ann, width, width*9/16)
			w.run(2 * time.Second)
		}
		w.observed("switches", w.count.Media.Switch, int(before)+2, 2*oneWay.Seconds(), keyframeTrip.Seconds())
		if m, n := mean(t, w.count.Media.Switch); n != uint64(value(w.count.Switches)) {
			t.Errorf("%d switches of %.3f s were timed, %v counted", n, m, value(w.count.Switches))
		}
	})
}

func TestKeyframesAreCounted(t *testing.T) {
	play(t, func(w *world) {
		bob := w.join("bob", sending())
		ann := w.join("ann")
		bob.receives(time.Second, ann)
		for range 3 {
			bob.do(func() { bob.down.askKeyframe(bob.down.flows[flow{ann.ordinal, ann.source("camera").index}].mid) })
			w.run(2 * time.Second)
		}
		seen := ask(bob.endpoint, func() map[uint32]bool {
			frames := make(map[uint32]bool)
			for _, st := range bob.down.byMid {
				for _, r := range st.packets {
					if r.stamp.key && r.stamp.source == ann.source("camera").index {
						frames[r.stamp.frame] = true
					}
				}
			}
			return frames
		})
		if n := int(value(w.count.Media.Keyframes)); n < 4 || n != len(seen) && n != len(seen)+1 { // one before bob had a slot
			t.Errorf("%d keyframes, bob saw %d", n, len(seen))
		}
	})
}

func TestWhatIsHeldBackIsTimed(t *testing.T) {
	play(t, func(w *world) {
		th := w.theatre(2, 600e3, 40*time.Millisecond)
		w.run(20 * time.Second)
		h := histogramOf(t, w.count.Media.PacerDelay)
		_, seconds := w.estimated()
		if h.GetSampleCount() != seconds || h.GetSampleSum() == 0 || h.GetSampleSum()/float64(seconds) > 1 {
			t.Errorf("%d times in %d seconds of %s, %.3f s in all", h.GetSampleCount(), seconds, th.bob.name, h.GetSampleSum())
		}
	})
}

func TestForgedPacketsAreCounted(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.hostile = true
		ann, bob := w.join("ann"), w.join("bob")
		bob.receives(time.Second, ann)
		var spoiled atomic.Int64
		var stopped atomic.Bool
		w.net.router.AddChunkFilter(func(c vnet.Chunk) bool {
			b := c.UserData()
			if !stopped.Load() && w.net.links[host(c.SourceAddr())] == ann.link && len(b) > 12 && b[0]>>6 == 2 && b[1]&0x7f == chromium.opus {
				b[len(b)-1] ^= 1
				spoiled.Add(1)
			}
			return true
		})
		w.run(time.Second)
		stopped.Store(true)
		w.run(time.Second)
		w.allowed.loss = true
		if got, want := value(w.count.Media.Undecryptable), float64(spoiled.Load()); want < 40 || got != want {
			t.Errorf("%v of %v were seen", got, want)
		}
	})
}

// TestAScrapeSaysWhose: beside the buckets of what a person feels stands whose it was,
// for who asks in the OpenMetrics format.
func TestAScrapeSaysWhose(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		ann.receives(time.Second, bob)
		w.run(3 * time.Second)
		w.observed("latency", w.count.Media.ForwardLatency, int(histogramOf(t, w.count.Media.ForwardLatency).GetSampleCount()), 0, 0.005)
		ask := httptest.NewRequest("GET", "/metrics", nil)
		ask.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
		rec := httptest.NewRecorder()
		w.count.Handler().ServeHTTP(rec, ask)
		body := rec.Body.String()
		if !strings.HasSuffix(body, "# EOF\n") {
			t.Error("that is not OpenMetrics")
		}
		// OpenMetrics 1.0, 5.1: value, then # {labels} value timestamp.
		example := regexp.MustCompile(`(?m)^(sfu_\w+)_bucket\{le="([^"]+)"\} \d+ # \{participant="([A-Z0-9]+)"\} ([0-9.e+-]+) [0-9.e+]+$`)
		found := make(map[string]bool)
		for _, m := range example.FindAllStringSubmatch(body, -1) {
			found[m[1]] = true
			if m[3] != ann.me.ID && m[3] != bob.me.ID {
				t.Errorf("%s is of %s, who is nobody", m[1], m[3])
			}
		}
		for _, name := range []string{"sfu_join_duration_seconds", "sfu_first_media_seconds", "sfu_forward_latency_seconds", "sfu_rtt_seconds"} {
			if !found[name] {
				t.Errorf("%s does not say whose it was", name)
			}
		}
	})
}
