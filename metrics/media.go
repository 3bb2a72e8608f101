package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sfu/sfu/media"
)

// MediaMetrics is how media fares inside the server and on its paths.
//
// A law holds and is tested: the sizes of all trains add up to SocketPackets.
type MediaMetrics struct {
	ForwardLatency prometheus.Histogram // of a turn the packet that waited longest, from socket to socket
	TurnPackets    *Distribution        // taken in by one turn of a loop
	TrainPackets   *Distribution        // in one buffer handed to the kernel

	PacerDelay  prometheus.Histogram                // once a second per downlink: the oldest that is held back
	Jitter      [NumDirections]prometheus.Histogram // once a report interval
	Lost        [NumDirections]prometheus.Counter   // packets
	Switch      prometheus.Histogram                // from the decision to the first packet
	FirstPacket [media.NumKinds]prometheus.Histogram
	Keyframes   prometheus.Counter // from publishers

	Undecryptable prometheus.Counter

	drops atomic.Pointer[func() float64]
}

// CountSocketDrops makes read tell how many packets the kernel has dropped so far
// because a media socket was full. It is asked at each scrape, and must not go back.
func (m *MediaMetrics) CountSocketDrops(read func() float64) { m.drops.Store(&read) }

func (m *MediaMetrics) socketDrops() float64 {
	if read := m.drops.Load(); read != nil {
		return (*read)()
	}
	return 0
}

func (m *MediaMetrics) register(r registrar) {
	m.ForwardLatency = r.histogram("sfu_forward_latency_seconds",
		"Time in the server, from media socket to media socket, of that packet that waited longest in a turn of a loop, in one turn of eight.",
		50e-6, 100e-6, 200e-6, 500e-6, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1)
	m.TurnPackets = r.distribution("sfu_turn_packets", "RTP packets that came from publishers in one turn of a loop.",
		1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
	m.TrainPackets = r.distribution("sfu_train_packets", "RTP packets in one buffer handed to the kernel.",
		1, 2, 4, 8, 16, 32, 48)
	m.PacerDelay = r.histogram("sfu_pacer_delay_seconds",
		"How long the oldest packet that is held back has waited, once a second for each downlink.",
		0, .005, .01, .02, .05, .1, .2, .3, .5, 1, 2)
	histogramOf(m.Jitter[:], r.histograms("sfu_jitter_seconds",
		"Jitter between arrivals (RFC 3550, 6.4.1) on an uplink (in) or a downlink (out), once a report interval for each stream.",
		[]float64{.001, .002, .005, .01, .02, .03, .05, .1, .2, .5}, "direction"), directions[:])
	counterOf(m.Lost[:], r.counters("sfu_lost_packets_total",
		"RTP packets lost on the way from publishers (in) and to subscribers (out), as reports tell.", "direction"), directions[:])
	m.Switch = r.histogram("sfu_layer_switch_seconds",
		"Time from the decision for another encoding or spatial layer to its first packet.",
		.02, .05, .1, .2, .3, .5, 1, 2, 3, 5, 10)
	first := r.histograms("sfu_first_packet_seconds",
		"Time from a slot's taking up a track that flows to its first packet.",
		[]float64{.01, .02, .05, .1, .2, .3, .5, 1, 2, 3, 5, 10}, "kind")
	for k := range media.Kind(media.NumKinds) {
		m.FirstPacket[k] = first.WithLabelValues(k.String()).(prometheus.Histogram)
	}
	m.Keyframes = r.counter("sfu_keyframes_total", "Keyframes from publishers.")
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sfu_socket_receive_drops_total",
		Help: "Datagrams that the kernel dropped because a media socket was full.",
	}, m.socketDrops))
	m.Undecryptable = r.counter("sfu_undecryptable_packets_total",
		"RTP packets from a participant's address and of a stream known there that its key does not fit.")
}
