package metrics

import (
	"regexp"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sfu/sfu/media"
)

// New returns a set whose every series exists and is zero, so that a rate over
// a series that never counted is 0 and not an empty answer.
func New() *Set {
	r := registrar{prometheus.NewRegistry()}
	s := &Set{registry: r.Registry}
	s.registerRooms(r)
	s.registerMedia(r)
	s.registerLayers(r)
	s.registerRepair(r)
	s.registerKeyframes(r)
	s.registerPaths(r)
	s.registerSessions(r)
	s.registerData(r)
	s.registerTURN(r)
	s.registerDoors(r)
	s.registerMediaPaths(r)
	s.registerSignaling(r)
	s.registerReloads(r)
	s.Room.register(r)
	s.Session.register(r)
	s.Media.register(r)
	s.Data.register(r)
	s.Door.register(r)
	s.Capture.register(r)
	s.Client.register(r)
	r.MustRegister(
		goRuntime(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(),
	)
	return s
}

func (s *Set) registerRooms(r registrar) {
	s.Rooms = r.gauge("sfu_rooms", "Rooms with at least one participant.")
	s.Participants = r.gauge("sfu_participants", "Participants in all rooms.")
	tracks := r.gauges("sfu_tracks",
		"Tracks that participants publish (in) and down slots that carry one (out).", "direction", "kind")
	for k := range media.Kind(media.NumKinds) {
		s.UpTracks[k] = tracks.WithLabelValues(directions[In], k.String())
		s.DownTracks[k] = tracks.WithLabelValues(directions[Out], k.String())
	}
}

func (s *Set) registerMedia(r registrar) {
	packets := r.counters("sfu_packets_total",
		"RTP packets taken from publishers (in) and forwarded to subscribers (out).", "direction", "kind")
	bytes := r.counters("sfu_payload_bytes_total",
		"RTP payload of the packets in sfu_packets_total.", "direction", "kind")
	offered := r.counters("sfu_offered_packets_total",
		"RTP packets offered to down tracks: each is forwarded, dropped, or failed to be written.", "kind")
	for k := range media.Kind(media.NumKinds) {
		s.PacketsReceived[k] = packets.WithLabelValues(directions[In], k.String())
		s.PacketsForwarded[k] = packets.WithLabelValues(directions[Out], k.String())
		s.BytesReceived[k] = bytes.WithLabelValues(directions[In], k.String())
		s.BytesForwarded[k] = bytes.WithLabelValues(directions[Out], k.String())
		s.PacketsOffered[k] = offered.WithLabelValues(k.String())
	}
	s.PacketsRefused = byReason(refusals, r.counters("sfu_refused_packets_total",
		"RTP packets of publishers that were not taken, by reason.", "reason"))
	s.PacketsDropped = byReason(drops, r.counters("sfu_dropped_packets_total",
		"RTP packets offered to a down track and not forwarded, by reason.", "reason"))
	s.WriteErrors = r.counter("sfu_write_errors_total", "RTP packets that could not be written to a subscriber.")
	s.SocketPackets = r.counter("sfu_socket_packets_total", "RTP packets handed to the network, repeats and probes among them.")
	s.SocketBuffers = r.counter("sfu_socket_buffers_total",
		"Buffers in which they were handed over: packets for each is how long the trains are that make forwarding cheap.")
	s.SocketLost = r.counter("sfu_socket_lost_packets_total", "RTP packets that the network did not take.")
	s.SocketFull = r.counter("sfu_socket_full_total", "Times that a media socket had no room for a moment.")
	s.SocketRefused = r.counter("sfu_socket_refused_trains_total",
		"Trains that the network did not take and that were sent packet by packet.")
}

// byReason gives every reason a counter, the ones that cannot happen a shared
// one: an index is always safe, and a slip shows.
func byReason(possible []media.Drop, vec *prometheus.CounterVec) (counters [media.NumDrops]prometheus.Counter) {
	for d := range counters {
		counters[d] = vec.WithLabelValues(other)
	}
	for _, d := range possible {
		counters[d] = vec.WithLabelValues(d.String())
	}
	return counters
}

func (s *Set) registerLayers(r registrar) {
	s.Switches = r.counter("sfu_layer_switches_total",
		"Changes of a down track to another encoding or spatial layer.")
	s.EncodingsOff = r.gauge("sfu_encodings_off", "Published encodings that nobody wants now.")
	s.HollowPackets = r.counter("sfu_hollow_packets_total",
		"Packets of padding sent to fill a place in a subscriber's sequence.")
	s.Probes = r.counter("sfu_probes_total", "Attempts to find out whether a downlink carries more.")
	s.ProbePackets = r.counter("sfu_probe_packets_total", "Repeats and padding sent only to probe a downlink.")
}

func (s *Set) registerRepair(r registrar) {
	nacks := r.counters("sfu_nacked_packets_total",
		"Lost packets that subscribers asked for (in) and that publishers were asked for (out).", "direction")
	s.NACKsReceived = nacks.WithLabelValues(directions[In])
	s.NACKsSent = nacks.WithLabelValues(directions[Out])
	rtx := r.counters("sfu_rtx_packets_total",
		"Packets that publishers sent again (in) and that were sent again to subscribers (out).", "direction")
	s.RTXReceived = rtx.WithLabelValues(directions[In])
	s.RTXSent = rtx.WithLabelValues(directions[Out])
	s.RTXMissed = r.counter("sfu_rtx_missed_packets_total",
		"Packets that subscribers asked for and that were gone.")
	s.RTXLimited = r.counter("sfu_rtx_limited_total",
		"Packets that subscribers asked for too often, or of which they asked for too many.")
	s.REDRecovered = r.counter("sfu_red_recovered_packets_total",
		"Packets of sound that publishers lost, taken from the copy in the next one.")
}

func (s *Set) registerKeyframes(r registrar) {
	keyframes := r.counters("sfu_keyframe_requests_total",
		"Keyframe requests: PLI and FIR from subscribers (in), PLI to publishers (out).", "direction")
	s.KeyframeRequestsIn = keyframes.WithLabelValues(directions[In])
	s.KeyframeRequests = keyframes.WithLabelValues(directions[Out])
	s.KeyframeRequestsLimited = r.counter("sfu_keyframe_requests_limited_total",
		"Keyframe requests of subscribers who asked too often.")
	s.KeyframesReplayed = r.counter("sfu_keyframes_replayed_total",
		"Keyframes given to a newcomer out of the ring, without asking the publisher.")
}

// registerPaths is what reports tell of the network. The buckets part what one
// asks apart: whether repair still comes in time, and whether it has to.
func (s *Set) registerPaths(r registrar) {
	s.RTT = r.histogram("sfu_rtt_seconds", "Round trip time to participants, as reports measure it.",
		.005, .01, .025, .05, .075, .1, .15, .2, .3, .5, 1, 2)
	s.Estimate = r.histogram("sfu_estimate_bytes_per_second", "What a downlink is thought to carry, once a second for each.",
		12_500, 25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000, 750_000, 1_250_000, 2_500_000)
	heights := r.histograms("sfu_picture_height_pixels",
		"Height of each picture a subscriber looks at, once a second: as wanted, as its path has room for, and as it flows. 0 is none.",
		[]float64{0, 90, 180, 270, 360, 540, 720, 1080, 2160}, "state")
	histogramOf(s.PictureHeight[:], heights, pictureStates[:])
	loss := r.histograms("sfu_loss_ratio",
		"Share of packets lost on an uplink (in) or a downlink (out) in one report interval.",
		[]float64{0, .005, .01, .02, .03, .05, .1, .15, .2, .3, .5}, "direction")
	histogramOf(s.Loss[:], loss, directions[:])
	refused := r.counters("sfu_refused_reports_total", "RTCP packets that were not looked at, by reason.", "reason")
	counterOf(s.ReportsRefused[:], refused, reportRefusals[:])
}

func (s *Set) registerSessions(r registrar) {
	// Two families: a join is accepted before it connects, and the sum over
	// one family's labels has to mean something.
	requests := r.counters("sfu_join_requests_total", "Joins asked for, by the answer at the door.", "outcome")
	s.Joins[JoinAccepted] = requests.WithLabelValues("accepted")
	s.Joins[JoinRejected] = requests.WithLabelValues("rejected")
	joins := r.counters("sfu_joins_total", "Accepted joins whose media connected, or never did.", "outcome")
	s.Joins[JoinConnected] = joins.WithLabelValues(outcomes[Connected])
	s.Joins[JoinFailed] = joins.WithLabelValues(outcomes[Failed])
	s.JoinSeconds = r.histogram("sfu_join_duration_seconds", "Time from join_room to connected media.",
		.05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 10, 30)
	s.Resumes = r.counter("sfu_resumes_total", "Participants taken up again by a new connection.")
	leaves := r.counters("sfu_leaves_total", "Participants gone, by reason.", "reason")
	counterOf(s.Leaves[:], leaves, leaveReasons[:])
	ice := r.counters("sfu_ice_connections_total", "ICE connections, by how they ended up.", "outcome")
	dtls := r.counters("sfu_dtls_handshakes_total", "DTLS handshakes, by how they ended.", "outcome")
	counterOf(s.ICE[:], ice, outcomes[:])
	counterOf(s.DTLS[:], dtls, outcomes[:])
}

func (s *Set) registerData(r registrar) {
	messages := r.counters("sfu_data_messages_total",
		"Data channel messages from participants (in) and to them (out).", "direction")
	bytes := r.counters("sfu_data_bytes_total", "Bytes of the messages in sfu_data_messages_total.", "direction")
	counterOf(s.DataMessages[:], messages, directions[:])
	counterOf(s.DataBytes[:], bytes, directions[:])
	dropped := r.counters("sfu_data_dropped_messages_total",
		"Data channel messages that were not relayed, by reason.", "reason")
	counterOf(s.DataDropped[:], dropped, dataDrops[:])
	s.DataChannels = r.gauge("sfu_data_channels", "Data channels opened by participants.")
}

func (s *Set) registerTURN(r registrar) {
	s.TURNRelays = r.gauge("sfu_turn_open_allocations", "TURN relays that are open.")
	asked := r.counters("sfu_turn_allocations_total", "TURN relays asked for with good credentials.", "outcome")
	counterOf(s.TURNAsked[:], asked, turnOutcomes[:])
	bytes := r.counters("sfu_turn_bytes_total",
		"Bytes that relays passed on from clients (in) and to clients (out).", "direction")
	counterOf(s.TURNBytes[:], bytes, directions[:])
	refused := r.counters("sfu_turn_refused_total", "What TURN refused or did not pass on, by reason.", "reason")
	counterOf(s.TURNRefused[:], refused, turnRefusals[:])
}

func (s *Set) registerSignaling(r registrar) {
	s.SignalingConnections = r.gauge("sfu_signaling_connections", "Open signalling connections.")
	messages := r.counters("sfu_signaling_messages_total", "Signalling messages, by type.", "direction", "type")
	for d, types := range messageTypes {
		s.messages[d] = countersOf(messages.MustCurryWith(prometheus.Labels{"direction": directions[d]}), types)
	}
	refused := r.counters("sfu_signaling_errors_total", "Errors sent to clients, by code.", "code")
	s.errors = countersOf(refused, errorCodes)
}

// countersOf returns the counters of a list of labels.
func countersOf(vec *prometheus.CounterVec, labels []string) map[string]prometheus.Counter {
	counters := make(map[string]prometheus.Counter, len(labels))
	for _, l := range labels {
		counters[l] = vec.WithLabelValues(l)
	}
	return counters
}

func (s *Set) registerReloads(r registrar) {
	reloads := r.counters("sfu_config_reloads_total", "Times that the settings were loaded again while the server ran.", "outcome")
	counterOf(s.Reloads[:], reloads, attempts[:])
	s.ReloadedWell = r.gauge("sfu_config_last_reload_successful", "Whether the settings in effect are those that were last loaded.")
	s.ReloadedAt = r.gauge("sfu_config_last_reload_success_timestamp_seconds", "When settings were last loaded that could be used.")
}

// goRuntime is what Go tells of itself, and how long it stops for garbage and how long
// what could run waits for a processor: both delay media.
func goRuntime() prometheus.Collector {
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{
		Matcher: regexp.MustCompile(`^/sched/(latencies|pauses/total/gc):seconds$`),
	}))
}

// buildInfo says which build runs, as far as the binary knows.
func buildInfo() prometheus.Collector {
	labels := prometheus.Labels{"version": unknown, "revision": unknown, "go_version": unknown}
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["version"], labels["go_version"] = info.Main.Version, info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				labels["revision"] = s.Value
			}
		}
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sfu_build_info", Help: "Always 1; the labels say which build runs.", ConstLabels: labels,
	})
	g.Set(1)
	return g
}
