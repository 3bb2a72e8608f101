package sfu

import (
	"sfu/metrics"
	"sfu/sfu/media"
)

// tally counts a turn of a media loop in plain integers and adds them to the
// shared metrics once: forty atomic additions a turn, not several a packet.
type tally struct {
	set *metrics.Set

	received, bytesIn   [media.NumKinds]int
	offered, forwarded  [media.NumKinds]int
	bytesOut            [media.NumKinds]int
	refused, dropped    [media.NumDrops]int
	writeErrors, rtxIn  int
	nacksIn, nacksOut   int
	rtxOut, rtxMissed   int
	keyframesIn, plisUp int
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
	add(m.NACKsReceived, &t.nacksIn)
	add(m.NACKsSent, &t.nacksOut)
	add(m.RTXReceived, &t.rtxIn)
	add(m.RTXSent, &t.rtxOut)
	add(m.RTXMissed, &t.rtxMissed)
	add(m.KeyframeRequestsIn, &t.keyframesIn)
	add(m.KeyframeRequests, &t.plisUp)
}

func add(c interface{ Add(float64) }, n *int) {
	if *n != 0 {
		c.Add(float64(*n))
		*n = 0
	}
}
