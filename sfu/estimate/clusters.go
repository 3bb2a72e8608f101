package estimate

import "time"

const (
	// maxClusters is how many probes may be under way: they are sent one after
	// the other and reported within a second or two.
	maxClusters = 8
	// The limits of libwebrtc probe_bitrate_estimator.cc.
	minProbePackets = 4           // that arrive: kMinClusterSize
	minProbeShare   = 0.8         // of packets and of bytes: kMinReceivedProbesRatio, kMinReceivedBytesRatio
	longestProbe    = time.Second // from first to last, on either side: kMaxProbeInterval
	believableRatio = 2.0         // received to sent: kMaxValidRatio
	unsaturated     = 0.9         // received to sent, when the path had room: kMinRatioForUnsaturatedLink
	saturatedShare  = 0.95        // of what arrived, when it had not: kTargetUtilizationFraction
)

// cluster is what was sent as one probe, and what arrived of it.
type cluster struct {
	id                        int
	packets, bytes            int // sent
	arrived, arrivedBytes     int // of these
	between                   int // bytes of other packets that arrived among them
	firstSent, lastSent       time.Time
	firstArrival, lastArrival time.Duration
	firstSize, lastSize       int // of the first to arrive, of the last sent
}

// clusters measures the rates at which probes arrive. It learns of a probe by
// its packets, when they are sent: nothing that a receiver says makes one.
type clusters struct {
	ring   [maxClusters]cluster
	newest int // index in ring

	// The probe packet that arrived last, and what was sent after it.
	last  int // its cluster
	since int // bytes of other packets that arrived
	until time.Time
}

func (c *clusters) sent(p Packet) {
	if p.Probe == 0 {
		return
	}
	k := c.find(p.Probe)
	if k == nil {
		c.newest = (c.newest + 1) % maxClusters
		k = &c.ring[c.newest]
		*k = cluster{id: p.Probe}
	}
	k.packets++
	k.bytes += p.Size
}

func (c *clusters) find(id int) *cluster {
	for i := range c.ring {
		if c.ring[i].id == id {
			return &c.ring[i]
		}
	}
	return nil
}

// arrived takes in a packet that was received, in the order of sending, and
// returns what its probe has found so far.
// Packets that were sent between those of a probe took their share of the path
// and are part of its rate.
func (c *clusters) arrived(r Result) finding {
	if r.Probe == 0 {
		if !r.At.Before(c.until) {
			c.since += r.Size
			c.until = r.At
		}
		return finding{}
	}
	k := c.find(r.Probe)
	if k == nil {
		return finding{}
	}
	if c.last == r.Probe && !r.At.Before(c.until) {
		k.between += c.since
	}
	c.last, c.since, c.until = r.Probe, 0, r.At
	k.add(r)
	if !k.complete() {
		return finding{}
	}
	return k.rate()
}

func (k *cluster) add(r Result) {
	if k.arrived == 0 || r.At.Before(k.firstSent) {
		k.firstSent = r.At
	}
	if k.arrived == 0 || !r.At.Before(k.lastSent) {
		k.lastSent, k.lastSize = r.At, r.Size
	}
	if k.arrived == 0 || r.Arrival < k.firstArrival {
		k.firstArrival, k.firstSize = r.Arrival, r.Size
	}
	k.lastArrival = max(k.lastArrival, r.Arrival)
	if k.arrived == 0 {
		k.lastArrival = r.Arrival
	}
	k.arrived++
	k.arrivedBytes += r.Size
}

// complete reports that enough of a probe has arrived.
func (k *cluster) complete() bool {
	return k.arrived >= minProbePackets &&
		float64(k.arrived) >= minProbeShare*float64(k.packets) &&
		float64(k.arrivedBytes) >= minProbeShare*float64(k.bytes)
}

// finding is the rate that a cluster shows the path to carry.
type finding struct {
	rate float64 // bit/s, 0 when there is none
	full bool    // the path carries no more; else it may
}

// rate returns the slower of the rates at which the cluster was sent and at
// which it arrived, so that no lie about arrivals makes it faster than what was
// sent.
func (k *cluster) rate() finding {
	sending, receiving := k.lastSent.Sub(k.firstSent), k.lastArrival-k.firstArrival
	if sending <= 0 || sending > longestProbe || receiving <= 0 || receiving > longestProbe {
		return finding{}
	}
	all := k.arrivedBytes + k.between
	sent := float64(all-k.lastSize) * 8 / sending.Seconds()
	received := float64(all-k.firstSize) * 8 / receiving.Seconds()
	switch {
	case received > believableRatio*sent:
		return finding{}
	case received < unsaturated*sent:
		return finding{saturatedShare * received, true}
	}
	return finding{min(sent, received), false}
}

const (
	burstPackets = 3       // make a burst that says something
	burstShare   = 1.0 / 8 // what a new one counts for
)

// bursts measures how fast media passes that happens to be sent at once, as the
// packets of a frame are. That is no estimate: what passes for a moment need not
// pass for long. But when it changes, the path has changed. The zero bursts is
// ready to use.
type bursts struct {
	current cluster
	rate    float64 // bit/s, smoothed; 0 when not known
}

// arrived takes in a packet that was received, in the order of sending.
func (b *bursts) arrived(r Result) {
	k := &b.current
	if k.arrived > 0 && r.At.Sub(k.lastSent) > groupLength {
		if rate := k.rate().rate; k.arrived >= burstPackets && rate > 0 {
			if b.rate == 0 {
				b.rate = rate
			}
			b.rate += burstShare * (rate - b.rate)
		}
		*k = cluster{}
	}
	k.add(r)
}
