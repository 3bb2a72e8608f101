package quality

import (
	"math"
	"time"

	"sfu/sfu/media"
)

// A connection is rated on the scale of the E-model (ITU-T G.107), which says
// how a conversation is bad rather than what is wrong with the network: each
// impairment is subtracted from a best rating R, and they add up.
const (
	// best is R with the default of everything that is no concern of the network
	// (G.107 clause 7.7).
	best = 93.2
	// worst bounds R from below: G.109 has no name for what is worse than this,
	// and a connection that was dead for a minute is not worse than one that was
	// dead for a second.
	worst = 50

	// elsewhere is the delay from mouth to ear that this connection has no part
	// in: 20 ms of sound in a packet, 40 ms in the listener's jitter buffer, and
	// the way from here to a listener who lives well.
	elsewhere = 80 * time.Millisecond

	// robustness is Bpl of G.107, how well a codec bears random losses. Nobody has
	// agreed on one for Opus; this is that of G.711 with concealment (G.113
	// Appendix I), which Opus with concealment, FEC and RED does not fall behind.
	robustness = 25.1

	// halving is what pictures lose when they get half of the bits that they would
	// take: one class. What one sees of a picture goes with the logarithm of its
	// bits (in the middle of a codec's range, by G.1070), and the sizes of a
	// simulcast camera are two halvings apart: with all of them one size smaller a
	// connection is at 3. It leaves 4 at a ratio of 2.6; LiveKit leaves its best of
	// three classes at 2.7.
	halving = 10
)

// rating returns R of a connection.
func rating(in Input) float64 {
	return max(best-delay(in.RTT)-losses(in.Loss())-picture(in.Estimate, in.Wanted), worst)
}

// delay is Id of G.107 in the closed form of Cole and Rosenbluth ("Voice over IP
// Performance Monitoring", 2001): a little for each millisecond, much for each
// one above 177.3 ms, where people begin to talk at the same time.
func delay(rtt time.Duration) float64 {
	ms := float64(max(rtt, 0)/2+elsewhere) / float64(time.Millisecond)
	return 0.024*ms + 0.11*max(ms-177.3, 0)
}

// losses is Ie,eff of G.107 (7-29) for a codec without impairments of its own.
func losses(ratio float64) float64 {
	percent := 100 * ratio
	return 95 * percent / (percent + robustness)
}

// picture is what the pictures suffer when less can be had than is wished for.
func picture(estimate, wanted media.Bitrate) float64 {
	if estimate == 0 || estimate >= wanted {
		return 0
	}
	return halving * math.Log2(float64(wanted)/float64(estimate))
}
