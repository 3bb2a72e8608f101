package metrics

import "github.com/prometheus/client_golang/prometheus"

// JoinStep is how far a join has come, as the server sees it.
type JoinStep uint8

// The steps, in the order in which they happen.
const (
	StepOffer JoinStep = iota // the first offer is here
	StepICE                   // ICE has connected
	StepDTLS                  // the keys are there
	StepMedia                 // the first RTP packet, either way

	NumJoinSteps = 4
)

var joinSteps = [NumJoinSteps]string{"offer", "ice", "dtls", "media"}

// RoomMetrics is of rooms as a whole.
type RoomMetrics struct {
	Opened   prometheus.Counter
	Seconds  prometheus.Histogram // at its end
	Peak     prometheus.Histogram // the most participants at once, at its end
	Draining prometheus.Gauge     // 1 while the server takes nobody in any more
}

func (m *RoomMetrics) register(r registrar) {
	m.Opened = r.counter("sfu_rooms_opened_total", "Rooms that somebody was the first to join.")
	m.Seconds = r.histogram("sfu_room_duration_seconds", "How long a room lasted, when it has ended.", long...)
	m.Peak = r.histogram("sfu_room_peak_participants", "The most participants that a room had at once, when it has ended.",
		1, 2, 3, 4, 6, 10, 15, 25, 50, 100, 250, 500)
	m.Draining = r.gauge("sfu_draining", "Whether the server takes nobody in any more, for it is about to stop.")
}

// SessionMetrics is of participants, from join to leave.
type SessionMetrics struct {
	Seconds    prometheus.Histogram               // at leave
	JoinStep   [NumJoinSteps]prometheus.Histogram // each from join_room
	FirstMedia prometheus.Histogram               // from join_room, where there was something to see or hear
}

func (m *SessionMetrics) register(r registrar) {
	m.Seconds = r.histogram("sfu_session_duration_seconds", "How long a participant was there, when it is gone.", long...)
	histogramOf(m.JoinStep[:], r.histograms("sfu_join_step_seconds",
		"Time from join_room until a step of the join was done, as the server sees it.", joining, "step"), joinSteps[:])
	m.FirstMedia = r.histogram("sfu_first_media_seconds",
		"Time from join_room to the first RTP packet sent to a participant, where somebody published when it joined.", joining...)
}

var (
	// long is for what lasts from seconds to a working day.
	long = []float64{1, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400}
	// joining is for what a person waits for.
	joining = []float64{.05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 10, 30}
)
