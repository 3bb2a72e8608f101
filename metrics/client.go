package metrics

import "github.com/prometheus/client_golang/prometheus"

// ReportOutcome is what became of a client's report about itself.
type ReportOutcome uint8

// The outcomes.
const (
	ReportTaken ReportOutcome = iota
	ReportBad                 // it does not make sense
	ReportLimited

	NumReportOutcomes = 3
)

var reportOutcomes = [NumReportOutcomes]string{"taken", "malformed", "limited"}

// ClientStep is how far a join has come, as the browser sees it.
type ClientStep uint8

// The steps, each measured from the click.
const (
	ClientDevices ClientStep = iota // camera and microphone are open
	ClientSocket
	ClientWelcome
	ClientConnected
	ClientPicture // the first one of somebody else
	ClientSound

	NumClientSteps = 6
)

var clientSteps = [NumClientSteps]string{"devices", "socket", "welcome", "connected", "picture", "sound"}

// ClientMetrics is what clients say of themselves, those whose users agreed. It is
// their word, and no more.
type ClientMetrics struct {
	Reports         [NumReportOutcomes]prometheus.Counter
	JoinStep        [NumClientSteps]prometheus.Histogram
	Frozen          prometheus.Histogram // share of a report interval, each picture
	Freezes         prometheus.Counter
	DecodeFailures  prometheus.Counter // frames that came whole
	FramesPerSecond prometheus.Histogram
	Concealed       prometheus.Histogram // share of sound that was made up
}

func (m *ClientMetrics) register(r registrar) {
	counterOf(m.Reports[:], r.counters("sfu_client_reports_total",
		"Reports of clients about themselves, by what became of them.", "outcome"), reportOutcomes[:])
	histogramOf(m.JoinStep[:], r.histograms("sfu_client_join_step_seconds",
		"Time from the click until a step of the join was done, as browsers tell.", joining, "step"), clientSteps[:])
	m.Frozen = r.histogram("sfu_client_frozen_ratio",
		"Share of a report interval in which a picture stood still, for each picture, as browsers tell.", shares...)
	m.Freezes = r.counter("sfu_client_freezes_total", "Times that a picture stood still, as browsers tell.")
	m.DecodeFailures = r.counter("sfu_client_decode_failures_total",
		"Frames that came whole and were not decoded, as browsers tell.")
	m.FramesPerSecond = r.histogram("sfu_client_frames_per_second",
		"Frames a second of each picture, as browsers tell.", 0, 5, 10, 15, 20, 24, 28, 32, 50, 62)
	m.Concealed = r.histogram("sfu_client_concealed_ratio",
		"Share of sound in a report interval that was made up for what was missing, as browsers tell.", shares...)
}

// shares are buckets for parts of a whole.
var shares = []float64{0, .005, .01, .02, .05, .1, .2, .3, .5, .75}
