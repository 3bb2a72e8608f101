package report

import (
	"time"

	"github.com/pion/rtcp"
)

// epoch is how many seconds NTP time is ahead of Unix time (RFC 868).
const epoch = 2208988800

// NTP returns t as a 64-bit NTP timestamp (RFC 3550, 4).
func NTP(t time.Time) uint64 {
	return uint64(t.Unix()+epoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// since returns how much later the NTP time b is than a. NTP time wraps every
// 136 years, so b may be up to 68 years ahead or behind.
func since(a, b uint64) time.Duration {
	d := int64(b - a)
	whole, rest := d>>32, d&0xffffffff
	return time.Duration(whole)*time.Second + time.Duration(rest*int64(time.Second)>>32)
}

// compact returns the middle 32 bits of an NTP time, in which reports count:
// 16 of seconds, 16 of their fraction (RFC 3550, 4).
func compact(ntp uint64) uint32 { return uint32(ntp >> 16) }

// compactDuration returns d in units of 1/65536 s.
func compactDuration(d time.Duration) int64 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	return whole<<16 + rest<<16/int64(time.Second)
}

// ticks converts d to a clock in Hz, modulo the circle of timestamps.
func ticks(d time.Duration, clock uint32) uint32 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	return uint32(whole*int64(clock) + rest*int64(clock)/int64(time.Second))
}

// ntpTicks converts an NTP time to a clock in Hz, modulo the circle of
// timestamps. It runs on without a seam where NTP's own era ends, in 2036.
func ntpTicks(ntp uint64, clock uint32) uint32 {
	whole, rest := ntp>>32, ntp&0xffffffff
	return uint32(whole*uint64(clock) + rest*uint64(clock)>>32)
}

// maxRTT is more than any path takes on which a call can be held. A report
// that tells of more was made up, or a clock was set meanwhile.
const maxRTT = time.Minute

// RTT returns the round trip that a reception report tells about our sender
// reports (RFC 3550, 6.4.1); ok is false when it has none.
func RTT(block rtcp.ReceptionReport, now time.Time) (rtt time.Duration, ok bool) {
	if block.LastSenderReport == 0 {
		return 0, false
	}
	trip := int32(compact(NTP(now)) - block.LastSenderReport - block.Delay)
	rtt = time.Duration(trip) * time.Second >> 16
	return rtt, 0 <= rtt && rtt <= maxRTT
}
