package report

import (
	"math"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// at returns the time at which an NTP clock of the era that began in 1900 shows
// ntp, to the nanosecond above.
func at(ntp uint64) time.Time {
	return time.Unix(int64(ntp>>32)-epoch, int64((ntp&0xffffffff*1e9+0xffffffff)>>32))
}

func TestNTP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    time.Time
		want uint64
	}{
		{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), 0},
		{time.Unix(0, 0), 0x83aa7e80_00000000}, // 2208988800 s
		{time.Unix(0, 500_000_000), 0x83aa7e80_80000000},
		{time.Unix(0, 999_999_999), 0x83aa7e80_fffffffb},
		{time.Date(2036, 2, 7, 6, 28, 15, 0, time.UTC), 0xffffffff_00000000},
		{time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC), 0}, // the next era
		{time.Date(1899, 12, 31, 23, 59, 59, 0, time.UTC), 0xffffffff_00000000},
	} {
		if got := NTP(c.t); got != c.want {
			t.Errorf("%v is %#016x, want %#016x", c.t, got, c.want)
		}
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b uint64
		want time.Duration
	}{
		{5 << 32, 5 << 32, 0},
		{5 << 32, 6<<32 | 1<<31, 1500 * time.Millisecond},
		{6<<32 | 1<<31, 5 << 32, -1500 * time.Millisecond},
		{0xffffffff_80000000, 1 << 31, time.Second}, // across the end of the era
		{1 << 31, 0xffffffff_80000000, -time.Second},
		{0, 1<<63 - 1, 1<<31*time.Second - 1},
		{0, 1 << 63, -1 << 31 * time.Second},
	} {
		if got := since(c.a, c.b); got != c.want {
			t.Errorf("%#x is %v after %#x, want %v", c.b, got, c.a, c.want)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d     time.Duration
		clock uint32
		want  uint32
	}{
		{0, 90000, 0},
		{time.Second, 90000, 90000},
		{20 * time.Millisecond, 48000, 960},
		{-20 * time.Millisecond, 48000, -960 & math.MaxUint32},
		{50000 * time.Second, 90000, 4_500_000_000 - 1<<32},
		{100 * 365 * 24 * time.Hour, 1, 3153600000},
	} {
		if got := ticks(c.d, c.clock); got != c.want {
			t.Errorf("%v at %d Hz is %d, want %d", c.d, c.clock, got, c.want)
		}
	}
}

// The first case is the example of RFC 3550, figure 2.
func TestRTT(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		now        uint64
		last, late uint32
		want       time.Duration
		ok         bool
	}{
		{"figure 2", 0xb44db710_80000000, 0xb7052000, 0x00054000, 6125 * time.Millisecond, true},
		{"no time at all", 0xb44db710_80000000, 0xb7108000, 0, 0, true},
		{"across the wrap of the middle bits", 0xb44d0000_80000000, 0xffff8000, 0x8000, 500 * time.Millisecond, true},
		{"no sender report came", 0xb44d0005_00000000, 0, 0, 0, false},
		{"less than nothing", 0xb44db710_80000000, 0xb7052000, 0x000b6001, 0, false},
		{"a minute", 0xb44db710_80000000, 0xb7108000 - 60<<16, 0, time.Minute, true},
		{"more than a minute", 0xb44db710_80000000, 0xb7108000 - 60<<16 - 1, 0, 0, false},
	} {
		block := rtcp.ReceptionReport{LastSenderReport: c.last, Delay: c.late}
		rtt, ok := RTT(block, at(c.now))
		if ok != c.ok || ok && rtt != c.want {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, rtt, ok, c.want, c.ok)
		}
	}
}
