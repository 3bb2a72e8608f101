package e2e

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

func TestSenderReportsLetSoundAndPictureMeet(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.join("bob")
		w.join("cas")
		w.everyoneReceivesEveryone(time.Second)
		w.run(10 * time.Second)
		ann.do(func() {
			for _, other := range others(w.peers, ann) {
				var delays []time.Duration
				for _, source := range []string{"microphone", "camera"} {
					f := ann.down.flows[flow{other.ordinal, other.source(source).index}]
					st := ann.down.byMid[f.mid]
					if len(st.reports) < 9 {
						t.Errorf("%s of %s: %d sender reports in 10 s", source, other.name, len(st.reports))
						continue
					}
					delays = append(delays, st.captureDelay(f.last))
				}
				if len(delays) < 2 {
					continue
				}
				// What was captured now shows a time that is right but for the way here.
				if d := delays[0]; d < -5*time.Millisecond || d > 60*time.Millisecond {
					t.Errorf("%s: the sender reports are %v off the time of capture", other.name, d)
				}
				if d := (delays[0] - delays[1]).Abs(); d > 2*time.Millisecond {
					t.Errorf("%s: sound and picture are %v apart", other.name, d)
				}
			}
		})
	})
}

// captureDelay returns how much later than its capture a packet is by the
// stream's last sender report.
func (st *stream) captureDelay(r record) time.Duration {
	rate := time.Duration(48000)
	if st.kind == webrtc.RTPCodecTypeVideo {
		rate = 90000
	}
	last := st.reports[len(st.reports)-1]
	ahead := time.Duration(int32(r.timestamp-last.rtp)) * time.Second / rate
	return last.ntp.Add(ahead).Sub(r.stamp.captured)
}

func TestAPairOfSlotsShareACanonicalName(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		ann.receives(time.Second, bob)
		w.run(3 * time.Second)
		ann.do(func() {
			audio := ann.down.byMid[ann.down.flows[flow{bob.ordinal, 0}].mid]
			video := ann.down.byMid[ann.down.flows[flow{bob.ordinal, 1}].mid]
			if audio.cname == "" || audio.cname != video.cname || audio.msid != video.msid {
				t.Errorf("bob's sound is %q in %q, his picture %q in %q: browsers sync only what shares both",
					audio.cname, audio.msid, video.cname, video.msid)
			}
		})
	})
}

func TestPublishersGetReceiverReportsAndTransportFeedback(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		w.run(5 * time.Second)
		ann.do(func() {
			for _, u := range ann.ups {
				reports := u.feedback.reports
				if len(reports) < 4 {
					t.Errorf("%s: %d receiver reports in 5 s", u.source, len(reports))
					continue
				}
				last := reports[len(reports)-1]
				if last.TotalLost != 0 || last.FractionLost != 0 {
					t.Errorf("%s: the report says %d lost; none was", u.source, last.TotalLost)
				}
				if behind := u.seq - uint16(last.LastSequenceNumber); behind > 200 {
					t.Errorf("%s: the report is %d packets behind", u.source, behind)
				}
				if last.LastSenderReport == 0 {
					t.Errorf("%s: the report names no sender report, so it tells no round trip", u.source)
				}
			}
			arrived := 0
			for n := ann.transport - 500; n != ann.transport-20; n++ {
				if ann.feedback.transport[n] {
					arrived++
				}
			}
			if arrived != 480 {
				t.Errorf("transport-cc reports %d of 480 packets, none of which was lost", arrived)
			}
		})
	})
}

func TestReceiverReportsTellLoss(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.loss = true
		ann := w.join("ann")
		w.run(time.Second)
		ann.link.lossy(0.1, 0)
		w.run(20 * time.Second)
		ann.do(func() {
			u := ann.source("microphone")
			if len(u.feedback.reports) == 0 {
				t.Error("no receiver report came")
				return
			}
			last := u.feedback.reports[len(u.feedback.reports)-1]
			if share := float64(last.TotalLost) / float64(u.count); share < 0.05 || share > 0.15 {
				t.Errorf("10 %% were lost, the report says %.1f %%", 100*share)
			}
		})
	})
}

func TestKeyframeRequestsAreCoalesced(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		w.run(2 * time.Second)
		guests := w.joinAll(crowd(9)...)
		for _, g := range guests {
			g.receives(2*time.Second, others(w.peers, g)...)
		}
		for range 20 { // and then all of them lose the picture, again and again
			for _, g := range guests {
				g.do(func() { g.down.askKeyframe(g.down.flows[flow{ann.ordinal, 1}].mid) })
			}
			w.run(50 * time.Millisecond)
		}
		requests := ask(ann.endpoint, func() []time.Time { return ann.source("camera").feedback.keyframeRequests })
		for i := 1; i < len(requests); i++ {
			if gap := requests[i].Sub(requests[i-1]); gap < 310*time.Millisecond {
				t.Errorf("two keyframe requests came %v apart: browsers ignore the second", gap)
			}
		}
		if n := len(requests); n < 3 || n > 12 {
			t.Errorf("%d keyframe requests came", n)
		}
	})
}

func TestAPictureComesBackThoughTheKeyframeRequestWasLost(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.loss = true
		ann := w.join("ann")
		w.run(2 * time.Second)
		ann.link.lossy(0, 1) // she hears nothing the server says
		bob := w.join("bob")
		w.run(time.Second)
		if !bob.firstMedia(ann, "camera").IsZero() {
			t.Fatal("bob was sent a picture that begins with no keyframe")
		}
		ann.link.lossy(0, 0)
		bob.receives(700*time.Millisecond, ann)
	})
}
