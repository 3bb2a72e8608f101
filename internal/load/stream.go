package load

import "time"

// stream counts one RTP stream by the numbers in its headers, which are not
// encrypted. The bot's mutex guards it.
type stream struct {
	ssrc  uint32
	video bool
	begun bool
	top   uint64           // highest number so far, unwrapped
	seen  [windowed]uint64 // which of the last numbers came, one bit each

	base    uint64 // number before the first of the window
	arrived uint64 // in the window, each number once
	bytes   uint64
	again   uint64    // numbers that came twice
	behind  uint64    // that came after a higher one
	clock   []arrival // of a bot that verifies

	reported struct{ top, arrived uint64 } // by the last receiver report
	total    uint64                        // arrived since the beginning
	heard    struct {                      // the last sender report
		at  time.Time
		ntp uint32
	}
}

const (
	windowed = 64 // words: 4096 numbers
	span     = windowed * 64
	arrivals = 4096 // packets between the socket and the end of their decryption
)

// arrival is when a packet came to the socket.
type arrival struct {
	number uint16
	at     int64 // Unix time in nanoseconds
}

// note counts a packet. It reports whether the number is new.
func (s *stream) note(number uint16, size int) bool {
	if !s.begun {
		s.begun, s.top = true, 1<<16+uint64(number)
		s.base, s.reported.top = s.top-1, s.top-1
		s.mark(s.top)
		s.count(size)
		return true
	}
	at := s.top + uint64(int64(int16(number-uint16(s.top))))
	switch {
	case at > s.top:
		for n := max(s.top+1, at-span+1); n < at; n++ {
			s.clear(n)
		}
		s.top = at
	case s.top-at >= span || s.seen[at/64%windowed]&(1<<(at%64)) != 0:
		s.again++
		return false
	default:
		s.behind++
	}
	s.mark(at)
	s.count(size)
	return true
}

func (s *stream) mark(at uint64)  { s.seen[at/64%windowed] |= 1 << (at % 64) }
func (s *stream) clear(at uint64) { s.seen[at/64%windowed] &^= 1 << (at % 64) }

func (s *stream) count(size int) {
	s.arrived++
	s.total++
	s.bytes += uint64(size)
}

// restart begins a new window.
func (s *stream) restart() {
	s.base, s.arrived, s.bytes, s.again, s.behind = s.top, 0, 0, 0, 0
}

// numbered is how many packets the numbers of the window stand for.
func (s *stream) numbered() uint64 { return s.top - s.base }
