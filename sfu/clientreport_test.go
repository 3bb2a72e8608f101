package sfu

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
	"sfu/signaling/wire"
)

func read(t *testing.T, m prometheus.Metric) *dto.Metric {
	t.Helper()
	out := &dto.Metric{}
	if err := m.Write(out); err != nil {
		t.Fatal(err)
	}
	return out
}

func ms(n int) *int { return &n }

func reporter() (*participant, *metrics.ClientMetrics) {
	count := metrics.New()
	return &participant{server: &Server{count: count}}, &count.Client
}

func TestAReportLandsWhereItBelongs(t *testing.T) {
	t.Parallel()
	p, count := reporter()
	p.applyReport(&wire.Report{
		Steps:    &wire.JoinSteps{Devices: ms(0), Socket: ms(30), Welcome: ms(50), Connected: ms(400), Picture: ms(650), Sound: ms(500)},
		Interval: 10_000,
		Pictures: []wire.PictureReport{
			{Watched: 10_000, Frames: 300, Undecoded: ms(3), Freezes: ms(2), Frozen: ms(2500)},
			{Watched: 4000, Frames: 60},
			{}, // nobody looked
		},
		Sounds: []wire.SoundReport{{Samples: 480_000, Concealed: 4800}, {}},
	})
	for step, want := range map[metrics.ClientStep]float64{
		metrics.ClientDevices: 0, metrics.ClientSocket: .03, metrics.ClientWelcome: .05,
		metrics.ClientConnected: .4, metrics.ClientPicture: .65, metrics.ClientSound: .5,
	} {
		if h := read(t, count.JoinStep[step]).Histogram; h.GetSampleCount() != 1 || h.GetSampleSum() != want {
			t.Errorf("step %d: %d of %v s, want one of %v s", step, h.GetSampleCount(), h.GetSampleSum(), want)
		}
	}
	for name, tc := range map[string]struct {
		histogram prometheus.Histogram
		n         uint64
		sum       float64
	}{
		"frozen":            {count.Frozen, 1, .25},
		"frames per second": {count.FramesPerSecond, 2, 30 + 15},
		"concealed":         {count.Concealed, 1, .01},
	} {
		if h := read(t, tc.histogram).Histogram; h.GetSampleCount() != tc.n || h.GetSampleSum() != tc.sum {
			t.Errorf("%s: %d with a sum of %v, want %d with %v", name, h.GetSampleCount(), h.GetSampleSum(), tc.n, tc.sum)
		}
	}
	freezes, failures := read(t, count.Freezes).Counter.GetValue(), read(t, count.DecodeFailures).Counter.GetValue()
	if freezes != 2 || failures != 3 {
		t.Errorf("%v freezes, %v frames not decoded", freezes, failures)
	}
	if told := p.presence.told; told.frozen != 2500*time.Millisecond || told.watched != 14*time.Second {
		t.Errorf("frozen for %v of %v", told.frozen, told.watched)
	}
}

func TestReportsAreTakenOnceInAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, count := reporter()
		report := func() {
			p.applyReport(&wire.Report{Steps: &wire.JoinSteps{Socket: ms(1)}, Interval: 1000, Pictures: []wire.PictureReport{{Watched: 1000, Frozen: ms(1000)}}})
		}
		for range 1000 {
			report()
		}
		time.Sleep(clientReportEvery - time.Millisecond)
		report()
		time.Sleep(time.Millisecond)
		report()
		for outcome, want := range map[metrics.ReportOutcome]float64{metrics.ReportTaken: 2, metrics.ReportLimited: 1000} {
			if got := read(t, count.Reports[outcome]).Counter.GetValue(); got != want {
				t.Errorf("%v reports with outcome %d, want %v", got, outcome, want)
			}
		}
		if n := read(t, count.JoinStep[metrics.ClientSocket]).Histogram.GetSampleCount(); n != 1 {
			t.Errorf("one join was told %d times", n)
		}
		if got := p.presence.told.frozen; got != 2*time.Second {
			t.Errorf("frozen for %v", got)
		}
	})
}
