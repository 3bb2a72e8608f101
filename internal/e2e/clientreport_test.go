package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sfu/metrics"
	"sfu/signaling/wire"
)

func TestReportsOfClientsLandInHistograms(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		eve := w.join("eve", hostile)
		count := &w.count.Client
		took, frozen := 420, 1500
		report := &wire.Report{
			Steps: &wire.JoinSteps{Connected: &took}, Interval: 10_000,
			Pictures: []wire.PictureReport{{Watched: 10_000, Frames: 240, Frozen: &frozen}},
			Sounds:   []wire.SoundReport{{Samples: 480_000, Concealed: 4800}},
		}
		for range 3 {
			w.run(10 * time.Second)
			ann.do(func() { ann.send(report) })
			bob.do(func() { bob.send(report) })
		}
		w.undisturbed(ann, bob, "reports that cannot be, and a flood of those that can", func() {
			eve.do(func() {
				for range 10 {
					eve.sendRaw([]byte(`{"type":"report","interval":10000,"pictures":[{"watched":10000,"frames":-1}]}`))
				}
				eve.sendRaw(fmt.Appendf(nil, `{"type":"report","interval":1,"pictures":[%s{}]}`, strings.Repeat(`{},`, 10_000)))
				for range 100 {
					eve.send(&wire.Report{Interval: 1})
				}
			})
		})
		w.run(time.Second)
		for outcome, want := range map[metrics.ReportOutcome]float64{
			metrics.ReportTaken: 6 + 1, metrics.ReportBad: 11, metrics.ReportLimited: 99,
		} {
			if got := value(count.Reports[outcome]); got != want {
				t.Errorf("%v reports with outcome %d, want %v", got, outcome, want)
			}
		}
		for _, tc := range []struct {
			name      string
			histogram prometheus.Histogram
			mean      float64
			n         uint64
		}{
			{"connected", count.JoinStep[metrics.ClientConnected], .42, 2},
			{"frozen", count.Frozen, .15, 6},
			{"frames a second", count.FramesPerSecond, 24, 6},
			{"concealed", count.Concealed, .01, 6},
		} {
			if got, n := mean(t, tc.histogram); n != tc.n || got < tc.mean*.999 || got > tc.mean*1.001 {
				t.Errorf("%s: %d of %v on average, want %d of %v", tc.name, n, got, tc.n, tc.mean)
			}
		}
	})
}
