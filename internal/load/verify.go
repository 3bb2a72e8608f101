package load

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// maxFaults is how many faults are told in words; all are counted.
const maxFaults = 5

// verifier looks into every packet of one bot: whose it is, every byte of it,
// its place in the order, and how long it took.
type verifier struct {
	bot *bot
	mu  sync.Mutex // guards what is below

	members func(sender uint16) bool // who else sends in this room
	newest  map[origin]uint32
	packets uint64
	wrong   uint64
	faults  []string
	latency histogram
}

// origin names the encoding that a packet came from.
type origin struct {
	sender           uint16
	source, encoding uint8
}

func newVerifier(b *bot) *verifier {
	return &verifier{
		bot: b, newest: make(map[origin]uint32),
		members: func(uint16) bool { return true },
	}
}

// restart begins a new window. What was wrong before stays wrong.
func (v *verifier) restart() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.packets, v.latency = 0, histogram{}
}

// slowest is how many packets were verified, and the longest that one took.
func (v *verifier) slowest() (packets uint64, latency time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.packets, v.latency.quantile(1)
}

// heard returns the newest packet of everyone.
func (v *verifier) heard() map[origin]uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.newest)
}

// handleVerified takes a decrypted RTP packet, on pion's goroutine.
func (b *bot) handleVerified(raw []byte) {
	if b.check == nil {
		return
	}
	var p rtp.Packet
	if err := p.Unmarshal(raw); err != nil {
		b.check.fault("a packet that is not RTP: %v", err)
		return
	}
	b.mu.Lock()
	st := b.in.streams[p.SSRC]
	var came arrival
	if st != nil {
		came = st.clock[p.SequenceNumber%arrivals]
	}
	b.mu.Unlock()
	if st == nil { // a retransmission or a probe
		return
	}
	b.life.bytes.Add(uint64(len(p.Payload)))
	payload := p.Payload
	if st.video && len(payload) >= vp8Open {
		payload = payload[vp8Open:]
	}
	b.check.handle(payload, came, p.SequenceNumber)
}

// handle verifies one payload.
func (v *verifier) handle(payload []byte, came arrival, number uint16) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.packets++
	if len(payload) == 0 {
		return // padding alone
	}
	s, err := unseal(payload)
	switch {
	case err != nil:
		v.faultLocked("number %d: %v", number, err)
		return
	case s.sender == v.bot.index:
		v.faultLocked("number %d: what the bot sent itself", number)
		return
	case !v.members(s.sender):
		v.faultLocked("number %d: from bot %d, who is in another room", number, s.sender)
		return
	}
	from := origin{s.sender, s.source, s.encoding}
	last, known := v.newest[from]
	if known && int32(s.number-last) == 0 {
		v.faultLocked("number %d: packet %d of bot %d came twice", number, s.number, s.sender)
		return
	}
	if !known || int32(s.number-last) > 0 {
		v.newest[from] = s.number
	}
	if came.number == number {
		v.latency.add(time.Duration(came.at - s.sent))
	}
}

func (v *verifier) fault(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faultLocked(format, args...)
}

func (v *verifier) faultLocked(format string, args ...any) {
	v.wrong++
	if len(v.faults) < maxFaults {
		v.faults = append(v.faults, v.bot.name+": "+fmt.Sprintf(format, args...))
	}
}
