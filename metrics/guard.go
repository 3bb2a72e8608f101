package metrics

import "github.com/prometheus/client_golang/prometheus"

// Limit is a bound of the server that somebody or something ran into.
type Limit uint8

// The limits.
const (
	LimitListener    Limit = iota // connections to one address: the next one waits
	LimitPending                  // connections that have not said what they speak
	LimitConnections              // WebSockets at once
	LimitMessages                 // of one client, in a time
	LimitMessageSize              // or of something in it
	LimitMistakes                 // of one client
	LimitUnread                   // messages that wait for one client
	LimitCommands                 // that wait for one participant
	LimitRooms                    // at once
	LimitRoomSize                 // participants of one room
	LimitTracks                   // that one participant is sent
	LimitStreams                  // SSRCs of one participant
	LimitChannels                 // data channels of one participant, and their names
	LimitICETCP                   // connections of ICE over TCP
	LimitTURN                     // connections to the relay, relays, and what each may have
	LimitOps                      // requests to the operations address

	NumLimits = 16
)

var limits = [NumLimits]string{
	"listener", "pending", "connections", "messages", "message_size", "mistakes", "unread", "commands",
	"rooms", "room_size", "tracks", "streams", "channels", "ice_tcp", "turn", "operations",
}

// OpsRoute is what of the operations address was asked for.
type OpsRoute uint8

// The routes.
const (
	RouteMetrics OpsRoute = iota
	RouteAPI
	RouteCapture
	RoutePprof
	RouteHealth
	RouteOther

	NumOpsRoutes = 6
)

var opsRoutes = [NumOpsRoutes]string{"metrics", "api", "capture", "pprof", "health", "other"}

// OpsOutcome is how a request to the operations address ended.
type OpsOutcome uint8

// The outcomes.
const (
	OpsOK OpsOutcome = iota
	OpsRefused
	OpsNotFound
	OpsFailed

	NumOpsOutcomes = 4
)

var opsOutcomes = [NumOpsOutcomes]string{"ok", "refused", "not_found", "failed"}

// String returns the outcome's label.
func (o OpsOutcome) String() string { return opsOutcomes[o] }

// DoorMetrics is of what guards the server, and of those who look after it.
type DoorMetrics struct {
	Limited           [NumLimits]prometheus.Counter
	CertificateExpiry prometheus.Gauge // in seconds of Unix time: the earliest of those served; 0 without TLS
	Renewals          [NumAttempts]prometheus.Counter
	Ops               [NumOpsRoutes][NumOpsOutcomes]prometheus.Counter
}

func (m *DoorMetrics) register(r registrar) {
	counterOf(m.Limited[:], r.counters("sfu_limited_total",
		"Times that somebody or something was refused, or had to wait, for reaching a limit.", "limit"), limits[:])
	m.CertificateExpiry = r.gauge("sfu_certificate_expiry_timestamp_seconds",
		"When the first of the served certificates expires; 0 without TLS.")
	counterOf(m.Renewals[:], r.counters("sfu_certificate_renewals_total",
		"Certificates that were to be had or renewed while the server ran, by how that ended.", "outcome"), attempts[:])
	ops := r.counters("sfu_ops_requests_total", "Requests to the operations address.", "route", "outcome")
	for route, word := range opsRoutes {
		counterOf(m.Ops[route][:], ops.MustCurryWith(prometheus.Labels{"route": word}), opsOutcomes[:])
	}
}

// Renewed counts a certificate that was to be had or renewed.
func (m *DoorMetrics) Renewed(ok bool) { m.Renewals[attemptOf(ok)].Inc() }

// CaptureOutcome is what became of a request to capture a participant's media.
type CaptureOutcome uint8

// The outcomes.
const (
	CaptureOK CaptureOutcome = iota
	CaptureRefused
	CaptureFailed

	NumCaptureOutcomes = 3
)

var captureOutcomes = [NumCaptureOutcomes]string{"ok", "refused", "failed"}

// CaptureMetrics is of captures.
type CaptureMetrics struct {
	Captures [NumCaptureOutcomes]prometheus.Counter
	Bytes    prometheus.Counter
}

func (m *CaptureMetrics) register(r registrar) {
	counterOf(m.Captures[:], r.counters("sfu_captures_total",
		"Captures of one participant's media that were asked for, by what became of them.", "outcome"), captureOutcomes[:])
	m.Bytes = r.counter("sfu_capture_bytes_total", "Bytes of captures that were handed out.")
}
