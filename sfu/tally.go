package sfu

import (
	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/udp"
)

// tally counts a turn of a media loop in plain integers and adds them to the
// shared metrics once: forty atomic additions a turn, not several a packet.
type tally struct {
	set *metrics.Set

	received, bytesIn  [media.NumKinds]int
	offered, forwarded [media.NumKinds]int
	bytesOut           [media.NumKinds]int
	refused, dropped   [media.NumDrops]int
	writeErrors        int
	switches, hollow   int
	probes, padded     int
	keyframes          int
	repairs            repairs
	socket             udp.Result
}

// repairs counts what was asked for again.
type repairs struct {
	nacksIn, nacksOut           int
	rtxIn, rtxOut               int
	rtxMissed, rtxLimited       int
	plisIn, plisUp, plisLimited int
	replayed, recovered         int
}

// settle counts a packet that a down track does not forward.
func (t *tally) settle(k media.Kind, why media.Drop) {
	t.offered[k]++
	t.dropped[why]++
}

// flush moves the counts to the metrics.
func (t *tally) flush() {
	m := t.set
	for k := range media.NumKinds {
		add(m.PacketsReceived[k], &t.received[k])
		add(m.BytesReceived[k], &t.bytesIn[k])
		add(m.PacketsOffered[k], &t.offered[k])
		add(m.PacketsForwarded[k], &t.forwarded[k])
		add(m.BytesForwarded[k], &t.bytesOut[k])
	}
	for d := range media.NumDrops {
		add(m.PacketsRefused[d], &t.refused[d])
		add(m.PacketsDropped[d], &t.dropped[d])
	}
	add(m.WriteErrors, &t.writeErrors)
	add(m.Switches, &t.switches)
	add(m.HollowPackets, &t.hollow)
	add(m.Probes, &t.probes)
	add(m.ProbePackets, &t.padded)
	t.repairs.flush(m)
	add(m.Media.Keyframes, &t.keyframes)
	if t.socket.Buffers > 0 {
		m.Media.TrainPackets.Add(t.socket.Trains[:], float64(t.socket.Packets))
		clear(t.socket.Trains[:])
	}
	add(m.SocketPackets, &t.socket.Packets)
	add(m.SocketBuffers, &t.socket.Buffers)
	add(m.SocketLost, &t.socket.Lost)
	add(m.SocketFull, &t.socket.Waits)
	add(m.SocketRefused, &t.socket.Refused)
}

func (r *repairs) flush(m *metrics.Set) {
	add(m.NACKsReceived, &r.nacksIn)
	add(m.NACKsSent, &r.nacksOut)
	add(m.RTXReceived, &r.rtxIn)
	add(m.RTXSent, &r.rtxOut)
	add(m.RTXMissed, &r.rtxMissed)
	add(m.RTXLimited, &r.rtxLimited)
	add(m.KeyframeRequestsIn, &r.plisIn)
	add(m.KeyframeRequests, &r.plisUp)
	add(m.KeyframeRequestsLimited, &r.plisLimited)
	add(m.KeyframesReplayed, &r.replayed)
	add(m.REDRecovered, &r.recovered)
}

func add(c interface{ Add(float64) }, n *int) {
	if *n != 0 {
		c.Add(float64(*n))
		*n = 0
	}
}
