package metrics

// Path is the kind of way that a participant's media takes to the server.
type Path uint8

// The paths.
const (
	PathUDP     Path = iota // straight
	PathTCP                 // ICE over TCP
	PathTURNUDP             // by a relay that the client reaches over UDP
	PathTURNTCP
	PathTURNTLS

	NumPaths = 5
)

var paths = [NumPaths]string{"udp", "tcp", "turn-udp", "turn-tcp", "turn-tls"}

// String returns the path's label.
func (p Path) String() string { return paths[p] }

// Admission is whether a connection was let in.
type Admission uint8

// The answers.
const (
	Accepted Admission = iota
	Refused

	NumAdmissions = 2
)

var admissions = [NumAdmissions]string{"accepted", "refused"}

// FrameDrop is why a frame of ICE over TCP was not passed on.
type FrameDrop uint8

// The reasons.
const (
	FrameStrange FrameDrop = iota // of no protocol that the engine knows

	NumFrameDrops = 1
)

var frameDrops = [NumFrameDrops]string{"strange"}

// frontKinds are the words of package front, which this package cannot import.
var frontKinds = []string{"https", "http", "turn", "ice", "refused", "timeout", "malformed", unknown}

// FrontConnection counts one connection to the port that all protocols share, by what
// became of it.
func (s *Set) FrontConnection(kind string) { known(s.front, kind).Inc() }

func (s *Set) registerDoors(r registrar) {
	front := r.counters("sfu_front_connections_total",
		"Connections to the port that all protocols share, by what they spoke or why they were closed.", "kind")
	s.front = countersOf(front, frontKinds)
	s.FrontPending = r.gauge("sfu_front_pending_connections", "Connections to that port that have not said yet what they speak.")

	s.ICETCPConnections = r.gauge("sfu_ice_tcp_open_connections", "Connections of ICE over TCP that are open.")
	asked := r.counters("sfu_ice_tcp_connections_total", "Connections of ICE over TCP, by whether they were let in.", "outcome")
	counterOf(s.ICETCPAsked[:], asked, admissions[:])
	frames := r.counters("sfu_ice_tcp_frames_total", "Frames of ICE over TCP from clients (in) and to them (out).", "direction")
	bytes := r.counters("sfu_ice_tcp_bytes_total", "Bytes of the frames in sfu_ice_tcp_frames_total.", "direction")
	counterOf(s.ICETCPFrames[:], frames, directions[:])
	counterOf(s.ICETCPBytes[:], bytes, directions[:])
	dropped := r.counters("sfu_ice_tcp_dropped_frames_total", "Frames of ICE over TCP that were not passed on, by reason.", "reason")
	counterOf(s.ICETCPDropped[:], dropped, frameDrops[:])
}

func (s *Set) registerMediaPaths(r registrar) {
	taken := r.counters("sfu_media_paths_total",
		"Ways that participants' media took: one when it connects, and one when it changes to another.", "path")
	now := r.gauges("sfu_media_participants", "Participants, by the way that their media takes.", "path")
	for p, word := range paths {
		s.PathsTaken[p] = taken.WithLabelValues(word)
		s.Paths[p] = now.WithLabelValues(word)
	}
}
