package sfu

import (
	"io"
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"

	"sfu/metrics"
	"sfu/sfu/codec"
	"sfu/sfu/media"
	"sfu/sfu/red"
	"sfu/sfu/report"
	"sfu/sfu/seqnum"
	"sfu/sfu/speaker"
)

const (
	// maxStreams is how many SSRCs of one participant are listened to: four
	// tracks of three encodings with RTX, and the many that a long life of
	// camera switches leaves behind.
	maxStreams = 256
	// floodStreams ends a participant: pion keeps a few hundred bytes for each
	// SSRC until the connection closes.
	floodStreams = 4096
	// maxOwnPackets and maxOwnReports are how much of the loop's queues one
	// participant may fill: a flood costs its sender packets, nobody else's.
	maxOwnPackets = 1024
	maxOwnReports = 128

	// silence is how long an unmuted microphone or camera may send nothing:
	// even Opus in its pauses sends every 400 ms.
	silence = 5 * time.Second
	// preRollTime is how old the sound before a word may be: beyond it lies a
	// pause that the sender did not send.
	preRollTime = 100 * time.Millisecond
	// maxSilences is how often in a row the client is told.
	maxSilences = 3
)

// uplink is what a participant sends. The media loop owns it.
type uplink struct {
	tracks   map[string]*upTrack // by mid
	desc     *description        // the newest remote description
	arrivals *twcc.Recorder
	clock    report.Clock
	up       time.Time // since when the connection is up; zero while it is not
	traffic  traffic
	loss     float64 // of the last second
}

func newUplink(ssrc uint32) uplink {
	return uplink{
		tracks:   make(map[string]*upTrack),
		desc:     &description{},
		arrivals: twcc.NewRecorder(ssrc),
	}
}

// stream is one received SSRC: the sink that pion's SRTP session writes
// decrypted packets to.
type stream struct {
	link *link
	ssrc uint32

	// The media loop's, once it knows what the stream carries.
	enc *encoding
	rtx bool
}

// sink makes the place where packets of one SSRC go. pion calls it from its
// SRTP goroutines.
func (lk *link) sink(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	if kind == packetio.RTCPBufferPacket {
		lk.streams.name(lk)
		return &reports{link: lk, ssrc: ssrc}
	}
	return lk.streams.sink(lk, ssrc)
}

// streams remembers every SSRC for the life of a connection: pion may close
// and reopen one, and what it carries is said only once.
type streams struct {
	mu     sync.Mutex // guards the fields below; taken for each packet, by one goroutine
	bySSRC map[uint32]*stream
	count  int
	named  int // in reports
}

// name counts an SSRC that reports name for the first time: pion keeps it as it
// keeps those of packets.
func (t *streams) name(lk *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.named++; t.named == floodStreams {
		lk.hooks.flood()
	}
}

// find returns the stream of an SSRC, or nil where there are too many; first says that
// it has not been heard before.
func (t *streams) find(lk *link, ssrc uint32, first bool) *stream {
	if first {
		s, _ := t.sink(lk, ssrc).(*stream)
		return s
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bySSRC[ssrc]
}

func (t *streams) sink(lk *link, ssrc uint32) io.ReadWriteCloser {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.bySSRC[ssrc]; s != nil {
		return s
	}
	if t.count++; t.count == floodStreams {
		lk.hooks.flood()
	}
	if t.count > maxStreams {
		lk.loop.tally.set.Door.Limited[metrics.LimitStreams].Inc()
		return discard{lk.loop.tally.set.PacketsRefused[media.DropUnknown]}
	}
	s := &stream{link: lk, ssrc: ssrc}
	t.bySSRC[ssrc] = s
	return s
}

// Write takes one packet that pion decrypted, on its SRTP goroutine: the few that
// come before the connection has an inlet, or from where it is not known to be.
func (s *stream) Write(b []byte) (int, error) {
	lk := s.link
	pkt := media.NewPacket(len(b))
	if pkt == nil {
		lk.loop.tally.set.PacketsRefused[media.DropOversize].Inc()
		return len(b), nil
	}
	copy(pkt.Payload, b)
	pkt.Arrival = time.Now()
	if s.put(pkt) {
		lk.loop.packets.Ring()
	}
	return len(b), nil
}

// put queues a decrypted packet for the room's loop, which the caller wakes.
func (s *stream) put(pkt *media.Packet) bool {
	lk := s.link
	if lk.queuedPackets.Add(1) <= maxOwnPackets && lk.loop.packets.Add(inbound{s, pkt}) {
		return true
	}
	lk.queuedPackets.Add(-1)
	lk.loop.tally.set.PacketsRefused[media.DropOverload].Inc()
	pkt.Release()
	return false
}

// Read ends pion's own attempts to read: everything has been taken already.
func (s *stream) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing: the loop forgets streams with their participant.
func (s *stream) Close() error { return nil }

// discard is where packets of one SSRC too many go.
type discard struct{ count interface{ Inc() } }

func (d discard) Write(b []byte) (int, error) {
	d.count.Inc()
	return len(b), nil
}
func (discard) Read([]byte) (int, error) { return 0, io.EOF }
func (discard) Close() error             { return nil }

// take parses one packet, finds its encoding and puts it into the ring and the
// batch. Any result but Kept leaves the packet with the caller.
func (l *mediaLoop) take(s *stream, pkt *media.Packet, now time.Time) media.Drop {
	lk, h := s.link, &l.batch.header
	if lk.gone {
		return media.DropUnknown
	}
	n, err := h.Unmarshal(pkt.Payload)
	if err != nil {
		return media.DropMalformed
	}
	lk.noteTransport(h, pkt)
	size := len(pkt.Payload) + wireOverhead
	lk.up.traffic.bytes += uint64(size)
	if lk.out.tap != nil {
		lk.out.tap.packet(pkt.Payload, up, pkt.Arrival)
	}
	if !s.bind(h) {
		return media.DropUnknown
	}
	s.enc.flow.bytes += uint64(size)
	if s.rtx {
		l.tally.repairs.rtxIn++
	}
	if drop := s.unpack(pkt, h, n); drop != media.Kept {
		return drop
	}
	if drop := s.parse(pkt, h); drop != media.Kept {
		if drop == media.DropStructure {
			s.enc.requestKeyframe(now) // or its repair brings the structure first
		}
		return drop
	}
	l.recoverSound(s.enc, pkt, now)
	if drop := l.commit(s.enc, pkt, s.rtx, now); drop != media.Kept {
		return drop
	}
	l.tally.received[s.enc.track.kind]++
	l.tally.bytesIn[s.enc.track.kind] += len(pkt.Payload)
	return media.Kept
}

// commit puts a packet into its encoding's ring and, if that takes it, into the
// batch. repaired says that it is not the original.
func (l *mediaLoop) commit(e *encoding, pkt *media.Packet, repaired bool, now time.Time) media.Drop {
	taken := e.ring.Commit(pkt)
	if taken.Evicted != nil {
		l.batch.evicted = append(l.batch.evicted, taken.Evicted)
	}
	if taken.Drop == media.Kept {
		e.note(pkt, taken, repaired, now)
		l.arrive(e, pkt)
	}
	return taken.Drop
}

// recoverSound makes up for a packet of RED that got lost right before pkt, out
// of the copy in pkt. Who takes RED can do so too; who gets the Opus in it can
// not, and browsers do not take NACKs for sound.
func (l *mediaLoop) recoverSound(e *encoding, pkt *media.Packet, now time.Time) {
	if pkt.Codec != media.RED || e.newest == 0 || seqnum.Unwrap(e.newest, pkt.Seq) != e.newest+2 {
		return
	}
	before := e.ring.Get(e.newest)
	if before == nil {
		return
	}
	middle := before.Timestamp + (pkt.Timestamp-before.Timestamp)/2
	block, ok := red.Recover(pkt.Payload, pkt.Timestamp, middle)
	if !ok {
		return
	}
	lost := media.NewPacket(len(block))
	copy(lost.Payload, block)
	payload := lost.Payload
	lost.Header = pkt.Header // the level of its neighbour, and when that came
	lost.Payload, lost.Codec, lost.Marker = payload, media.Opus, false
	lost.Seq, lost.Timestamp = pkt.Seq-1, middle
	if l.commit(e, lost, true, now) != media.Kept {
		lost.Release()
		return
	}
	l.tally.repairs.recovered++
}

// parse reads what the packet carries: the descriptor of its dependencies
// first, because the payload tells less where there is one.
func (s *stream) parse(pkt *media.Packet, h *rtp.Header) media.Drop {
	if pkt.Padding {
		return media.Kept
	}
	if id := s.link.up.desc.ids.dependency; id != 0 && s.enc.track.kind == media.Video {
		if ext := h.GetExtension(id); len(ext) > 0 {
			if drop := s.enc.descriptors.Parse(ext, &pkt.Header); drop != media.Kept {
				return drop
			}
		}
	}
	if pkt.Codec == media.RED {
		_, pt, ok := red.Primary(pkt.Payload)
		if !ok || s.link.up.desc.formats[pt&0x7f].codec != media.Opus {
			return media.DropMalformed
		}
	}
	if !codec.Parse(pkt) {
		return media.DropMalformed
	}
	return media.Kept
}

// preRoll is how many packets from before the first that is heard are sent when
// somebody begins to speak, so that the first word is whole.
const preRoll = 2

// arrive adds a packet to the batch. Of a microphone in a big room it notes
// whether it is among the loudest.
func (l *mediaLoop) arrive(e *encoding, pkt *media.Packet) {
	a := arrival{track: e.track, pkt: pkt}
	if e.track.source == media.Microphone && pkt.HasLevel && !e.track.muted {
		heard, began := l.voices.audible.Observe(speaker.Key(e.feed), pkt.Level, pkt.Arrival)
		a.quiet = !heard
		for n := uint64(preRoll); began && n > 0; n-- {
			if before := e.ring.Get(pkt.ESN - n); before != nil && pkt.Arrival.Sub(before.Arrival) < preRollTime {
				l.batch.arrivals = append(l.batch.arrivals, arrival{track: e.track, pkt: before, again: true})
			}
		}
	}
	l.batch.arrivals = append(l.batch.arrivals, a)
}

// watchSilence tells the participant of a track that should send and does not
// while its connection is up (rule R13): a browser can be wedged so, without an
// error on either side.
func (lk *link) watchSilence(now time.Time) {
	if lk.up.up.IsZero() {
		return
	}
	for _, t := range lk.up.tracks {
		live := t.source == media.Microphone || t.source == media.Camera
		unwanted := t.kind == media.Video && t.supply.active == 0 // its publisher was told to stop
		if !live || t.muted || unwanted || t.silences == maxSilences || now.Sub(later(t.heard, lk.up.up)) < silence {
			continue
		}
		t.silences++
		t.heard = now
		lk.hooks.silent(t.mid)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// noteTransport remembers when the packet arrived, for transport-cc feedback.
func (lk *link) noteTransport(h *rtp.Header, pkt *media.Packet) {
	if id := lk.up.desc.ids.transportCC; id != 0 {
		if ext := h.GetExtension(id); len(ext) >= 2 {
			seq := uint16(ext[0])<<8 | uint16(ext[1])
			lk.up.arrivals.Record(h.SSRC, seq, pkt.Arrival.Sub(lk.first.joined).Microseconds())
		}
	}
}

// unpack fills the packet from its header: n bytes of it, with the payload
// behind. A retransmission becomes the packet that it repeats (RFC 4588, 4).
func (s *stream) unpack(pkt *media.Packet, h *rtp.Header, n int) media.Drop {
	desc := s.link.up.desc
	payload := pkt.Payload[n:]
	if h.Padding {
		if len(payload) == 0 || int(payload[len(payload)-1]) > len(payload) {
			return media.DropMalformed
		}
		payload = payload[:len(payload)-int(payload[len(payload)-1])]
	}
	format := desc.formats[h.PayloadType&0x7f]
	pkt.Seq, pkt.Timestamp, pkt.Marker = h.SequenceNumber, h.Timestamp, h.Marker
	if s.rtx {
		if len(payload) < 2 {
			return media.DropPadding // a probe that repeats nothing
		}
		pkt.Seq = uint16(payload[0])<<8 | uint16(payload[1])
		payload = payload[2:]
		format = desc.formats[format.repairs]
	}
	if format.codec == media.NoCodec || format.codec.Kind() != s.enc.track.kind {
		return media.DropUnknown
	}
	pkt.SSRC, pkt.PayloadType, pkt.Codec = s.enc.ssrc, h.PayloadType, format.codec
	pkt.Payload = payload
	pkt.Padding = len(payload) == 0
	if ext := h.GetExtension(desc.ids.audioLevel); desc.ids.audioLevel != 0 && len(ext) > 0 {
		pkt.HasLevel, pkt.Voice, pkt.Level = true, ext[0]&0x80 != 0, ext[0]&0x7f
	}
	if ext := h.GetExtension(desc.ids.rotation); desc.ids.rotation != 0 && len(ext) > 0 {
		pkt.HasRotation, pkt.Rotation = true, ext[0]
	}
	return media.Kept
}

// bind finds out which encoding the stream carries: from the description's
// SSRC lines, or from the mid, rid and repaired rid that a browser stamps on
// its first packets. The answer holds for the life of the stream, because
// browsers stop stamping once they know that we know (media.md, H1); whatever is
// published next on the same section goes on in it.
func (s *stream) bind(h *rtp.Header) bool {
	if e := s.enc; e != nil {
		if !s.rtx && e.ssrc != s.ssrc {
			return false // another SSRC has taken its place
		}
		return !e.track.gone || s.carries(s.link.up.tracks[e.track.mid], e.rid)
	}
	desc := s.link.up.desc
	mid, rid, repaired := desc.identify(h)
	declared := desc.ssrcs[s.ssrc]
	if mid == "" {
		mid = declared
	}
	t := s.link.up.tracks[mid]
	if t == nil || len(t.rids) > 0 && rid == "" && repaired == "" {
		return false
	}
	format := desc.formats[h.PayloadType&0x7f]
	s.rtx = repaired != "" || format.repairs != 0
	if repaired != "" {
		rid = repaired
	}
	return s.carries(t, rid)
}

// carries notes which encoding the stream carries, if the track, which may be
// nil, has it.
func (s *stream) carries(t *upTrack, rid string) bool {
	if t == nil {
		return false
	}
	e := t.encoding(rid)
	if e == nil {
		return false
	}
	if !s.rtx {
		e.begin(s.ssrc)
		s.link.noteFlow(s.link.loop.rhythm.now)
	}
	s.enc = e
	return true
}
