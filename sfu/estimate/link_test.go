package estimate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"sfu/sfu/media"
)

// A link in virtual time, for the tests: a bottleneck with a queue that drops
// at its tail, behind it a wire with a delay and perhaps losses of its own.
// Flows share it; each is a source, a History, an Estimator and a Prober, and a
// receiver that answers like a browser.

const mtu = 1200

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type link struct {
	capacity func(at time.Duration) float64 // bit/s
	queue    time.Duration                  // how much of the capacity may wait
	delay    time.Duration                  // one way
	lose     func(rng *rand.Rand) bool
	rng      *rand.Rand

	now     time.Duration
	waiting []parcel
	bits    int     // of them
	part    float64 // bits of the first that have left
	flows   []*flow
	rival   *rival
	jitter  func(rng *rand.Rand) time.Duration // of the wire behind the queue
	clear   time.Duration                      // when the wire is free again: it keeps the order
}

// rival is a TCP flow that always has something to send, as in RFC 5681: it
// fills the queue until a packet is lost, and then sends half.
type rival struct {
	window, threshold float64 // packets
	flying            int
	acks              []time.Duration
	cut               time.Duration // until when losses belong to the same window
	delivered         int           // bytes
}

func (r *rival) step(l *link) {
	for len(r.acks) > 0 && r.acks[0] <= l.now {
		r.acks = r.acks[1:]
		r.flying--
		if r.window < r.threshold {
			r.window++
		} else {
			r.window += 1 / r.window
		}
	}
	for r.flying < int(r.window) {
		r.flying++
		if !l.enqueue(parcel{size: mtu, at: l.now}) {
			r.flying--
			if l.now >= r.cut {
				r.window = max(r.window/2, 2)
				r.threshold = r.window
				r.cut = l.now + 2*l.delay + l.queue
			}
			return
		}
	}
}

type parcel struct {
	flow *flow
	seq  uint16
	size int
	at   time.Duration // when it was sent
}

// flow is one downlink on the link.
type flow struct {
	history History
	est     *Estimator
	prober  Prober
	wanted  func(f *flow) media.Bitrate
	rate    func(f *flow) float64 // of the source, bit/s
	every   time.Duration         // between feedbacks

	due     []Packet // of the last frame, still to be sent
	credit  float64  // bits of the next frame
	probe   Probe
	probeAt time.Duration // when its next packet is due
	left    int           // bytes of it to send
	packets int           // and packets

	receiver receiver
	mail     []letter // feedback on its way
	results  []Result
	trace    trace
}

type letter struct {
	at time.Duration
	fb *rtcp.TransportLayerCC
}

type receiver struct {
	next uint64 // the first number not reported
	got  map[uint64]time.Duration
	top  uint64
	last time.Duration
	n    uint8
}

// trace is what a test looks at.
type trace struct {
	estimate       []float64       // every 10 ms
	queued         []time.Duration // of each packet
	queuedAt       []time.Duration
	delivered      []int // bytes in each 10 ms
	probes         int
	sentAt, lostAt []time.Duration
}

func newLink(capacity func(time.Duration) float64) *link {
	return &link{
		capacity: capacity, queue: 300 * time.Millisecond, delay: 25 * time.Millisecond,
		lose: func(*rand.Rand) bool { return false }, rng: rand.New(rand.NewPCG(1, 2)),
	}
}

func (l *link) flow(cfg Config) *flow {
	f := &flow{est: New(cfg), every: 50 * time.Millisecond}
	f.rate = func(f *flow) float64 { return float64(f.est.Bitrate()) }
	f.wanted = func(*flow) media.Bitrate { return 0 }
	f.receiver.got = map[uint64]time.Duration{}
	l.flows = append(l.flows, f)
	return f
}

// run lets the time pass in steps of a millisecond.
func (l *link) run(until time.Duration) {
	for ; l.now < until; l.now += time.Millisecond {
		for _, f := range l.flows {
			f.step(l)
		}
		if l.rival != nil {
			l.rival.step(l)
		}
		l.drain()
	}
}

func (l *link) send(f *flow, p Packet) {
	p.At = began.Add(l.now)
	seq := f.history.Sent(p)
	f.est.Sent(p)
	f.trace.sentAt = append(f.trace.sentAt, l.now)
	if !l.enqueue(parcel{f, seq, p.Size, l.now}) {
		f.trace.lostAt = append(f.trace.lostAt, l.now)
	}
}

func (l *link) enqueue(p parcel) bool {
	if float64(l.bits+p.size*8) > max(l.capacity(l.now)*l.queue.Seconds(), 4*mtu*8) {
		return false
	}
	l.waiting = append(l.waiting, p)
	l.bits += p.size * 8
	return true
}

// drain lets a millisecond of packets through.
func (l *link) drain() {
	rate := l.capacity(l.now)
	room := rate / 1000
	for len(l.waiting) > 0 {
		p := l.waiting[0]
		rest := float64(p.size*8) - l.part
		if rest > room {
			l.part += room
			return
		}
		room -= rest
		left := l.now + time.Duration((1-room/(rate/1000))*float64(time.Millisecond))
		l.waiting, l.bits, l.part = l.waiting[1:], l.bits-p.size*8, 0
		if p.flow == nil {
			l.rival.acks = append(l.rival.acks, left+2*l.delay)
			l.rival.delivered += p.size
			continue
		}
		t := &p.flow.trace
		t.queued, t.queuedAt = append(t.queued, left-p.at), append(t.queuedAt, p.at)
		if l.lose(l.rng) {
			t.lostAt = append(t.lostAt, p.at)
			continue
		}
		l.clear = max(l.clear, left+l.delay)
		if l.jitter != nil {
			l.clear = max(l.clear, left+l.delay+l.jitter(l.rng))
		}
		p.flow.receiver.take(p.seq, l.clear)
		i := int(left / (10 * time.Millisecond))
		for len(t.delivered) <= i {
			t.delivered = append(t.delivered, 0)
		}
		t.delivered[i] += p.size
	}
	l.part = 0
}

// step lets one flow do what it does in a millisecond.
func (f *flow) step(l *link) {
	now := began.Add(l.now)
	for len(f.mail) > 0 && f.mail[0].at <= l.now {
		f.results = f.history.Feedback(f.mail[0].fb, now, f.results[:0])
		f.est.Feedback(f.results, now)
		f.mail = f.mail[1:]
		f.ask(l)
	}
	if l.now%(25*time.Millisecond) == 0 {
		f.est.Tick(now)
		f.ask(l)
	}
	f.source(l)
	f.pad(l)
	if l.now-f.receiver.last >= f.every {
		f.receiver.last = l.now
		if fb := f.receiver.report(l.now); fb != nil {
			f.mail = append(f.mail, letter{l.now + l.delay, fb})
		}
	}
	if l.now%(10*time.Millisecond) == 0 {
		f.trace.estimate = append(f.trace.estimate, float64(f.est.Bitrate()))
	}
}

func (f *flow) ask(l *link) {
	p, ok := f.prober.Update(f.est.ProbeInput(f.wanted(f)), began.Add(l.now))
	if !ok {
		return
	}
	f.trace.probes++
	f.probe, f.probeAt = p, l.now
	f.left, f.packets = int(float64(p.Bitrate)*p.Duration.Seconds()/8), p.MinPackets
}

// source sends 50 packets of sound a second, and 30 frames whose packets are
// spread over 10 ms.
func (f *flow) source(l *link) {
	f.credit += f.rate(f) / 1000
	if l.now%(20*time.Millisecond) == 0 && f.credit > -1e5 {
		f.emit(l, Packet{Size: 100})
		f.credit -= 100 * 8
	}
	if l.now%(33*time.Millisecond) == 0 {
		size := int(max(f.credit, 0) / 8 * (0.8 + 0.4*l.rng.Float64()))
		f.credit -= float64(size) * 8
		for ; size > 0; size -= mtu {
			f.due = append(f.due, Packet{Size: max(min(size, mtu), 50)})
		}
	}
	spread := max((len(f.due)+9)/10, 1)
	for range min(spread, len(f.due)) {
		f.emit(l, f.due[0])
		f.due = f.due[1:]
	}
}

func (f *flow) emit(l *link, p Packet) {
	if f.left > 0 || f.packets > 0 { // media that is due meanwhile counts
		p.Probe = f.probe.Cluster
		f.left -= p.Size
		f.packets--
		f.probeAt = max(f.probeAt, l.now) + time.Duration(float64(p.Size*8)/float64(f.probe.Bitrate)*float64(time.Second))
	}
	l.send(f, p)
}

// pad sends what a probe asks for.
func (f *flow) pad(l *link) {
	for (f.left > 0 || f.packets > 0) && f.probeAt <= l.now {
		size := min(max(int(float64(f.probe.Bitrate)*f.probe.Duration.Seconds()/8)/f.probe.MinPackets, 200), mtu)
		l.send(f, Packet{Size: size, Probe: f.probe.Cluster, Kind: Padding})
		f.left -= size
		f.packets--
		f.probeAt += time.Duration(float64(size*8) / float64(f.probe.Bitrate) * float64(time.Second))
	}
}

func (r *receiver) take(seq uint16, at time.Duration) {
	n := r.top + uint64(int64(int16(seq-uint16(r.top))))
	r.top = max(r.top, n)
	r.got[n] = at
}

// report builds a feedback of all that has arrived by now.
func (r *receiver) report(now time.Duration) *rtcp.TransportLayerCC {
	var numbers []uint64
	for n, at := range r.got {
		if at <= now {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	first := min(r.next, numbers[0])
	var arrivals []time.Duration // negative: missing
	for n := first; n <= numbers[len(numbers)-1]; n++ {
		at, ok := r.got[n]
		if !ok || at > now {
			at = -1
		}
		arrivals = append(arrivals, at)
		if ok && at >= 0 {
			delete(r.got, n)
		}
	}
	r.next = max(r.next, numbers[len(numbers)-1]+1)
	fb := feedback(uint16(first), arrivals...)
	fb.FbPktCount = r.n
	r.n++
	return fb
}

// feedback returns one that says when each packet from first on arrived, or
// that it did not, when the time is negative.
func feedback(first uint16, arrivals ...time.Duration) *rtcp.TransportLayerCC {
	fb := &rtcp.TransportLayerCC{BaseSequenceNumber: first, PacketStatusCount: uint16(len(arrivals))}
	last := time.Duration(-1)
	var symbols []uint16
	for _, at := range arrivals {
		if at < 0 {
			symbols = append(symbols, rtcp.TypeTCCPacketNotReceived)
			continue
		}
		if last < 0 {
			fb.ReferenceTime = uint32(at/referenceUnit) & (1<<24 - 1)
			last = at / referenceUnit * referenceUnit
		}
		steps := (at - last) / (250 * time.Microsecond)
		kind := uint16(rtcp.TypeTCCPacketReceivedSmallDelta)
		if steps < 0 || steps > math.MaxUint8 {
			kind = rtcp.TypeTCCPacketReceivedLargeDelta
		}
		symbols = append(symbols, kind)
		fb.RecvDeltas = append(fb.RecvDeltas, &rtcp.RecvDelta{Type: kind, Delta: int64(steps) * 250})
		last += steps * 250 * time.Microsecond
	}
	for len(symbols) > 0 {
		n := min(len(symbols), 7)
		list := append(slices.Clone(symbols[:n]), make([]uint16, 7-n)...)
		fb.PacketChunks = append(fb.PacketChunks, &rtcp.StatusVectorChunk{
			Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit, SymbolList: list,
		})
		symbols = symbols[n:]
	}
	return fb
}

// figures of a stretch of time

func (t *trace) at(at time.Duration) float64 {
	return t.estimate[min(int(at/(10*time.Millisecond)), len(t.estimate)-1)]
}

// when returns how long after from the estimate first fulfils ok.
func (t *trace) when(from time.Duration, ok func(float64) bool) time.Duration {
	for i := int(from / (10 * time.Millisecond)); i < len(t.estimate); i++ {
		if ok(t.estimate[i]) {
			return time.Duration(i)*10*time.Millisecond - from
		}
	}
	return time.Hour
}

func (t *trace) throughput(from, to time.Duration) float64 {
	sum := 0
	for i := int(from / (10 * time.Millisecond)); i < int(to/(10*time.Millisecond)) && i < len(t.delivered); i++ {
		sum += t.delivered[i]
	}
	return float64(sum) * 8 / (to - from).Seconds()
}

// waited returns the share q of packets' queueing delays, sent in a stretch of
// time.
func (t *trace) waited(from, to time.Duration, q float64) time.Duration {
	var some []time.Duration
	for i, at := range t.queuedAt {
		if at >= from && at < to {
			some = append(some, t.queued[i])
		}
	}
	slices.Sort(some)
	if len(some) == 0 {
		return 0
	}
	return some[int(q*float64(len(some)-1))]
}

func (t *trace) loss(from, to time.Duration) float64 {
	count := func(s []time.Duration) (n float64) {
		for _, at := range s {
			if at >= from && at < to {
				n++
			}
		}
		return n
	}
	return count(t.lostAt) / max(count(t.sentAt), 1)
}
