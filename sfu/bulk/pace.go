package bulk

import (
	"time"

	"sfu/sfu/media"
)

const (
	// A message takes a header of SCTP and of DTLS in each packet that it fills:
	// 12+16 and 13+8+16 bytes (RFC 9260 section 3, RFC 5288). Many small ones may
	// share a packet; each counts as if it did not, so that a flood of them is no
	// cheaper than a file.
	packet = 1150
	header = 65

	// start is how much bulk may go at once: two packets, or that much time of
	// the rate, for no timer is exact.
	start     = 2 * (packet + header)
	startTime = 20 * time.Millisecond
	// burst is how much small messages may go at once.
	burst     = 16 << 10
	burstTime = 500 * time.Millisecond
)

// Pace says when messages may go at a rate. Bulk waits until everything that
// went before it has paid for itself. Small messages do not wait for bulk: they
// wait for each other only, and only beyond a burst; what they take is bulk's
// debt. So both together stay at the rate, whatever the sender calls his flood.
// The zero Pace has no limit until Fill sets one.
type Pace struct {
	rate media.Bitrate
	at   time.Time
	all  float64 // bytes that may go; below 0 is debt
	few  float64 // bytes of small messages that may go
}

// Fill lets time pass at a rate; 0 is no limit.
func (p *Pace) Fill(rate media.Bitrate, now time.Time) {
	earned := bytes(rate, now.Sub(p.at))
	if p.rate == 0 && rate > 0 {
		earned = float64(burst) + bytes(rate, burstTime) // it owes nothing
	}
	p.rate, p.at = rate, now
	p.all = min(p.all+earned, start+bytes(rate, startTime))
	p.few = min(p.few+earned, burst+bytes(rate, burstTime))
}

// Take notes a message that went.
func (p *Pace) Take(size int, small bool) {
	if p.rate == 0 {
		return
	}
	cost := float64(size + header*(1+size/packet))
	p.all -= cost
	if small {
		p.few -= cost
	}
}

// Wait returns how long the next message has to wait; 0 if it may go.
func (p *Pace) Wait(small bool) time.Duration {
	have := p.all
	if small {
		have = p.few
	}
	if p.rate == 0 || have > 0 {
		return 0
	}
	return time.Duration((1 - have) * 8 / float64(p.rate) * float64(time.Second))
}

// Within returns how many bytes go within that time: at least, and at most, that
// many; at most without a limit.
func (p *Pace) Within(d time.Duration, least, most int) int {
	if p.rate == 0 {
		return most
	}
	return int(min(max(bytes(p.rate, d), float64(least)), float64(most)))
}

// bytes is what a rate carries in that time.
func bytes(rate media.Bitrate, d time.Duration) float64 {
	return float64(rate) / 8 * max(0, d).Seconds()
}
