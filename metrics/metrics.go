package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sfu/sfu/media"
)

// Set is all metrics of one server. It is built once by New and passed down;
// every field may be used by any goroutine.
//
// What belongs together and came later lies in a struct of its own.
//
// Two laws hold between them and are tested: every packet received is taken or
// refused, and every packet offered to a down track is forwarded, dropped for
// a reason, or failed to be written.
type Set struct {
	Rooms        prometheus.Gauge
	Participants prometheus.Gauge
	UpTracks     [media.NumKinds]prometheus.Gauge // published
	DownTracks   [media.NumKinds]prometheus.Gauge // slots that carry a track

	PacketsReceived [media.NumKinds]prometheus.Counter // taken into a ring
	BytesReceived   [media.NumKinds]prometheus.Counter // RTP payload
	PacketsRefused  [media.NumDrops]prometheus.Counter // not taken, by reason

	PacketsOffered   [media.NumKinds]prometheus.Counter // packets x down tracks
	PacketsForwarded [media.NumKinds]prometheus.Counter
	BytesForwarded   [media.NumKinds]prometheus.Counter // RTP payload
	PacketsDropped   [media.NumDrops]prometheus.Counter // offered, not forwarded, by reason
	WriteErrors      prometheus.Counter

	SocketPackets prometheus.Counter // handed to the kernel: media, repeats, probes
	SocketBuffers prometheus.Counter // in how many buffers
	SocketLost    prometheus.Counter // packets that it did not take
	SocketFull    prometheus.Counter // times that it had no room for a moment
	SocketRefused prometheus.Counter // trains that had to go packet by packet

	Switches      prometheus.Counter // a down track changed to another encoding or spatial layer
	EncodingsOff  prometheus.Gauge   // published encodings that nobody wants now
	HollowPackets prometheus.Counter // sent as padding, to fill a place in a sequence
	Probes        prometheus.Counter // of a downlink
	ProbePackets  prometheus.Counter // repeats and padding, sent to probe

	NACKsReceived prometheus.Counter // packets that subscribers asked for
	NACKsSent     prometheus.Counter // packets asked of publishers
	RTXReceived   prometheus.Counter // packets that publishers sent again
	RTXSent       prometheus.Counter // packets sent again to subscribers
	RTXMissed     prometheus.Counter // asked for, and gone
	RTXLimited    prometheus.Counter // asked for, there, and not sent again
	REDRecovered  prometheus.Counter // lost packets of sound made up for by the next one

	KeyframeRequestsIn      prometheus.Counter // PLI and FIR from subscribers
	KeyframeRequests        prometheus.Counter // PLI to publishers
	KeyframeRequestsLimited prometheus.Counter // from subscribers who ask too often
	KeyframesReplayed       prometheus.Counter // given to a newcomer out of the ring

	Estimate      prometheus.Histogram                   // bytes a second, of each downlink, once a second
	PictureHeight [NumPictureStates]prometheus.Histogram // pixels, of each video down track, once a second

	RTT            prometheus.Histogram                  // seconds, of every path to a participant
	Loss           [NumDirections]prometheus.Histogram   // of uplinks and downlinks, once a report interval
	ReportsRefused [NumReportRefusals]prometheus.Counter // RTCP that was not looked at

	Joins       [NumJoinOutcomes]prometheus.Counter
	JoinSeconds prometheus.Histogram // from join_room to connected
	Resumes     prometheus.Counter
	Leaves      [NumLeaveReasons]prometheus.Counter
	ICE         [NumOutcomes]prometheus.Counter // connections that reached connected, or failed
	DTLS        [NumOutcomes]prometheus.Counter

	DataMessages [NumDirections]prometheus.Counter
	DataBytes    [NumDirections]prometheus.Counter
	DataDropped  [NumDataDrops]prometheus.Counter
	DataChannels prometheus.Gauge // opened by participants

	TURNRelays  prometheus.Gauge
	TURNAsked   [NumTURNOutcomes]prometheus.Counter // by users whose credentials are good
	TURNBytes   [NumDirections]prometheus.Counter   // relayed from clients, and to them
	TURNRefused [NumTURNRefusals]prometheus.Counter

	Reloads      [NumAttempts]prometheus.Counter // of the settings, while the server runs
	ReloadedWell prometheus.Gauge                // 1 if the last one, or the start, went well
	ReloadedAt   prometheus.Gauge                // when one last did, in seconds of Unix time

	FrontPending prometheus.Gauge // connections that have not said what they speak

	ICETCPConnections prometheus.Gauge
	ICETCPAsked       [NumAdmissions]prometheus.Counter
	ICETCPFrames      [NumDirections]prometheus.Counter
	ICETCPBytes       [NumDirections]prometheus.Counter
	ICETCPDropped     [NumFrameDrops]prometheus.Counter

	Paths      [NumPaths]prometheus.Gauge   // participants whose media takes it now
	PathsTaken [NumPaths]prometheus.Counter // once when it connects, and at each change

	SignalingConnections prometheus.Gauge

	Room    RoomMetrics
	Session SessionMetrics
	Media   MediaMetrics
	Data    DataMetrics
	Door    DoorMetrics
	Capture CaptureMetrics
	Client  ClientMetrics

	front    map[string]prometheus.Counter                // by package front's kinds; read only
	messages [NumDirections]map[string]prometheus.Counter // by message type; read only
	errors   map[string]prometheus.Counter                // by error code; read only
	registry *prometheus.Registry
}

// Message counts one signalling message. typ is a type of the protocol;
// anything else counts as "unknown", so that a client's string never becomes a
// label.
func (s *Set) Message(d Direction, typ string) { known(s.messages[d], typ).Inc() }

// SignalingError counts one error sent, by its code.
func (s *Set) SignalingError(code string) { known(s.errors, code).Inc() }

func known(counters map[string]prometheus.Counter, label string) prometheus.Counter {
	if c, ok := counters[label]; ok {
		return c
	}
	return counters[unknown]
}

// Loaded notes that settings which can be used were loaded at now.
func (s *Set) Loaded(now time.Time) {
	s.ReloadedWell.Set(1)
	s.ReloadedAt.Set(float64(now.UnixMilli()) / 1000)
}

// Reloaded counts that settings were loaded again at now, and whether they can be used.
func (s *Set) Reloaded(ok bool, now time.Time) {
	s.Reloads[attemptOf(ok)].Inc()
	if !ok {
		s.ReloadedWell.Set(0)
		return
	}
	s.Loaded(now)
}
