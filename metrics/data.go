package metrics

import "github.com/prometheus/client_golang/prometheus"

// DataMetrics is of data channel messages that wait for a receiver.
type DataMetrics struct {
	QueueSeconds prometheus.Histogram // each message, once for each receiver
	QueuedBytes  prometheus.Gauge     // for all receivers
}

func (m *DataMetrics) register(r registrar) {
	m.QueueSeconds = r.histogram("sfu_data_queue_seconds",
		"How long a data channel message waited for one receiver before it was sent.",
		.001, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10)
	m.QueuedBytes = r.gauge("sfu_data_queued_bytes", "Bytes of data channel messages that wait, once for each receiver.")
}
