package load

import (
	"encoding/binary"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// maxMissing bounds what a bot asks for at once.
const maxMissing = 256

// handleMedia counts one RTP packet off the wire, on the poller's goroutine.
func (b *bot) handleMedia(raw []byte, at int64) (verify bool) {
	number, ssrc := binary.BigEndian.Uint16(raw[2:]), binary.BigEndian.Uint32(raw[8:])
	b.mu.Lock()
	defer b.mu.Unlock()
	in := &b.in
	st := in.last
	if st == nil || st.ssrc != ssrc {
		st = in.streams[ssrc]
	}
	if id := in.ids[sdp.TransportCCURI]; id != 0 {
		if v := extension(raw, id); len(v) == 2 {
			in.recorder.Record(ssrc, binary.BigEndian.Uint16(v), at/1000)
		}
	}
	if st == nil {
		if in.repairs[ssrc] {
			in.repaired++
			b.life.repairs.Add(1)
		} else {
			in.strange++
			b.life.strange.Add(1)
		}
		return b.check != nil
	}
	b.life.packets.Add(1)
	in.last = st
	if in.first == 0 {
		in.first = at
	}
	if b.cfg.NACK && st.begun {
		in.gap(st, number)
	}
	st.note(number, len(raw))
	if b.check == nil {
		return false
	}
	st.clock[number%arrivals] = arrival{number, at}
	return true
}

// gap remembers what lies between the highest number and this one.
func (in *inbox) gap(st *stream, number uint16) {
	for n := uint16(st.top) + 1; int16(number-n) > 0 && len(in.missing[st.ssrc]) < maxMissing; n++ {
		in.missing[st.ssrc] = append(in.missing[st.ssrc], n)
	}
}

// extension returns the value of a header extension of one byte form (RFC 8285,
// 4.2), without a look at anything else in the packet.
func extension(raw []byte, id uint8) []byte {
	at := 12 + 4*int(raw[0]&15)
	if raw[0]&0x10 == 0 || len(raw) < at+4 || binary.BigEndian.Uint16(raw[at:]) != 0xbede {
		return nil
	}
	end := at + 4 + 4*int(binary.BigEndian.Uint16(raw[at+2:]))
	if len(raw) < end {
		return nil
	}
	for at += 4; at < end; {
		if raw[at] == 0 { // padding
			at++
			continue
		}
		n := at + 2 + int(raw[at]&15)
		if n > end {
			return nil
		}
		if raw[at]>>4 == id {
			return raw[at+1 : n]
		}
		at = n
	}
	return nil
}

// window is what a bot received since the window began.
type window struct {
	packets, bytes  uint64
	video, numbered uint64 // of video: packets that came, and numbers that passed
	again, behind   uint64
}

// restart begins a new window.
func (b *bot) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, st := range b.in.streams {
		st.restart()
	}
	b.in.repaired, b.in.strange, b.in.asked = 0, 0, 0
	b.socket.lost.Store(0)
	b.socket.overrun.Store(0)
	for _, s := range b.sources {
		s.sent.restart()
	}
	if b.check != nil {
		b.check.restart()
	}
}

// received is the window so far.
func (b *bot) received() (w window) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, st := range b.in.streams {
		if !st.begun {
			continue
		}
		w.packets += st.arrived
		w.bytes += st.bytes
		w.again += st.again
		w.behind += st.behind
		if st.video {
			w.video += st.arrived
			w.numbered += st.numbered()
		}
	}
	return w
}

// waited is how long the first packet took since the bot began to join.
func (b *bot) waited() (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Unix(0, b.in.first).Sub(b.in.joined), b.in.first != 0
}

// hears is how many streams have begun, once the bot itself is ready for them.
func (b *bot) hears() (n int) {
	if b.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		return 0
	}
	if b.check != nil {
		if verified, _ := b.check.slowest(); verified == 0 {
			return 0
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, st := range b.in.streams {
		if st.begun {
			n++
		}
	}
	return n
}
