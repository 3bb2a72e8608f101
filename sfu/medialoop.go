package sfu

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"sfu/metrics"
	"sfu/sfu/mailbox"
	"sfu/sfu/media"
	"sfu/sfu/part"
	"sfu/sfu/speaker"
	"sfu/signaling/wire"
)

const (
	// maxQueuedPackets bounds what a room may lag behind: 4096 packets are
	// about 50 Mbit/s for a second. What comes on top is refused, and of one
	// participant already what is above its own part (maxOwnPackets).
	maxQueuedPackets = 4096
	maxQueuedReports = 1024
	// maxQueuedTasks bounds what the rest of the server may ask of a loop at
	// once. Participants ask a few things a second each, so it is never
	// reached; a task that got lost would leave something behind.
	maxQueuedTasks = 1 << 16

	// mostInTurn is how many packets leave in one turn, about ten milliseconds' work:
	// what is due by time and what subscribers say must not wait until a room that
	// lags behind is through with everything. leastInTurn is what may come in, so that
	// packets leave together in rooms of any size.
	mostInTurn  = 4096
	leastInTurn = 16

	tickEvery = 20 * time.Millisecond // keyframe requests that were put off, and what is due less often
	// repairEvery is how often it is looked whether to ask for a packet, while
	// one is missing: on a short path a retry must not wait for longer than the
	// path takes.
	repairEvery = 5 * time.Millisecond
	idleTick    = 250 * time.Millisecond // the same while no packet comes
	speakEvery  = 300 * time.Millisecond
)

// inbound is one packet as it comes from pion.
type inbound struct {
	stream *stream
	pkt    *media.Packet
}

// arrival is one packet of a batch: parsed, in its ring, ready for everyone.
type arrival struct {
	track *upTrack
	pkt   *media.Packet
	quiet bool // sound that is not among the loudest of a big room
	again bool // it was left out when it came, and is sent after all
}

// mediaLoop is the data plane of one room. Its goroutine owns everything that
// a packet touches, so nothing there is locked: rings, forwarders, reports.
type mediaLoop struct {
	packets *mailbox.Mailbox[inbound]
	reports *mailbox.Mailbox[inboundReport]
	tasks   *mailbox.Mailbox[func()]
	quit    chan struct{}
	done    chan struct{}
	speak   func([]wire.Speaker) // must not block
	rates   atomic.Pointer[roomRates]

	// The rest belongs to run.
	links  []*link
	tracks map[media.TrackID]*upTrack
	feeds  feeds
	batch  batch
	fans   fans
	tally  tally
	voices voices

	due    due
	rhythm rhythm
}

// voices is who speaks.
type voices struct {
	detect  speaker.Detector
	audible speaker.Audible
	loudest int // how many are heard at once in a big room; 0 is everyone
}

// rhythm is what a loop knows of time.
type rhythm struct {
	now        time.Time // of this turn
	began      time.Time // the same by the machine's clock
	lastPacket time.Time
	turns      uint // in which something has left
}

// due is when a loop's regular work is to be done next.
type due struct {
	pace, repair, tick, speak, survey, sum time.Time
	latency, rtt                           time.Time // to tell whose one is, beside the figure
}

// batch is what one turn of the loop works on, with its scratch space.
type batch struct {
	arrivals []arrival
	evicted  []*media.Packet // pushed out of a ring, perhaps still in arrivals
	header   rtp.Header
	numbers  []uint64
}

func newMediaLoop(count *metrics.Set, loudest int, ports *ports, speak func([]wire.Speaker)) *mediaLoop {
	l := &mediaLoop{
		packets: mailbox.New[inbound](maxQueuedPackets),
		reports: mailbox.New[inboundReport](maxQueuedReports),
		tasks:   mailbox.New[func()](maxQueuedTasks),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
		speak:   speak,
		voices:  voices{loudest: loudest},
		tracks:  make(map[media.TrackID]*upTrack),
		feeds:   feeds{by: make(map[media.Feed]*encoding)},
		tally:   tally{set: count},
	}
	l.fans.all = []*fan{newFan(l, ports)}
	return l
}

// do lets fn run on the loop, after everything asked before.
func (l *mediaLoop) do(fn func()) { l.tasks.Put(fn) }

// Close stops run and waits for it. Packets still queued are refused.
func (l *mediaLoop) Close() {
	l.packets.Close()
	l.reports.Close()
	l.tasks.Close()
	close(l.quit)
	<-l.done
}

func (l *mediaLoop) run() {
	part.Media.Enter() // and its fans
	defer close(l.done)
	timer := time.NewTimer(idleTick)
	defer timer.Stop()
	var in []inbound
	var reports []inboundReport
	var tasks []func()
	for open := true; open; {
		select {
		case <-l.quit:
			open = false
		case <-l.packets.Wake():
		case <-l.reports.Wake():
		case <-l.tasks.Wake():
		case <-timer.C:
		}
		l.begin(time.Now())
		tasks = l.tasks.Take(tasks)
		for _, task := range tasks {
			task()
		}
		in = l.packets.Take(in)
		for rest := in; ; {
			reports = l.reports.Take(reports)
			for _, r := range reports {
				r.link.queuedReports.Add(-1)
				r.link.handleRTCP(r)
			}
			n := inTurn(len(rest), len(l.links))
			l.turn(rest[:n], time.Now())
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
		}
		timer.Reset(l.untilTick(time.Now()))
	}
	l.clear()
}

// inTurn returns how many of the packets that wait are taken at once.
func inTurn(waiting, subscribers int) int {
	return min(waiting, max(leastInTurn, mostInTurn/max(1, subscribers)))
}

// begin notes the time of what follows.
func (l *mediaLoop) begin(now time.Time) {
	l.rhythm.now, l.rhythm.began = now, time.Now()
	for _, f := range l.fans.all {
		f.now = now
	}
}

// turn takes one batch through the room: in from every publisher, then out to
// every subscriber.
func (l *mediaLoop) turn(in []inbound, now time.Time) {
	l.begin(now)
	if len(in) > 0 {
		l.tally.set.Media.TurnPackets.Observe(float64(len(in)))
	}
	for i := range in {
		in[i].stream.link.queuedPackets.Add(-1)
		if drop := l.take(in[i].stream, in[i].pkt, now); drop != media.Kept {
			l.tally.refused[drop]++
			in[i].pkt.Release()
		}
	}
	if len(l.batch.arrivals) > 0 {
		l.rhythm.lastPacket = now
		l.group()
		l.fans.serve(len(l.batch.arrivals), len(l.links))
		l.observeLatency()
	}
	l.recycle()
	for _, f := range l.fans.all {
		if !f.due.IsZero() {
			l.due.pace, f.due = earlier(l.due.pace, f.due), time.Time{}
		}
	}
	if !now.Before(l.due.pace) {
		l.pace(now)
	}
	if !now.Before(l.due.repair) {
		l.repair(now)
	}
	if !now.Before(l.due.tick) {
		l.due.tick = now.Add(tickEvery)
		l.tick(now)
	}
	l.fans.flush()
	l.tally.flush()
}

// mostEven is how many bytes of padding a packet is given at most to be as long as
// the others of its frame.
const mostEven = 3

// group puts what is of one track together and makes packets of one frame equally
// long: encoders cut it into packets that differ by a byte (libwebrtc:
// RtpPacketizer::SplitAboutEqually), and only equal ones that follow each other
// leave as one train. The encodings of a track stay in the order in which they
// came: who goes over from one to another does it at a keyframe, and has the old one
// until then.
func (l *mediaLoop) group() {
	all := l.batch.arrivals
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.track.index, b.track.index) })
	for len(all) > 1 {
		first, n, longest := all[0].pkt, 0, 0
		for n < len(all) && all[n].pkt.Feed == first.Feed && all[n].pkt.Timestamp == first.Timestamp {
			longest = max(longest, len(all[n].pkt.Payload))
			n++
		}
		for i := range all[:n] {
			if lacks := longest - len(all[i].pkt.Payload); lacks <= mostEven {
				all[i].pkt.Even = uint8(lacks)
			}
		}
		all = all[n:]
	}
}

// forward offers one packet to one down track, and after the one with which a
// picture begins also those of it that overtook that one.
func (l *mediaLoop) forward(d *downTrack, a *arrival) {
	flowed := d.fwd.Current()
	d.forward(a)
	if !a.pkt.Keyframe || a.again || flowed == a.pkt.Feed || d.fwd.Current() != a.pkt.Feed {
		return
	}
	d.aim.switched = d.link.out.fan.now
	e := l.feeds.by[a.pkt.Feed]
	for n := uint64(1); n <= overtakers; n++ {
		if pkt := e.ring.Get(a.pkt.ESN + n); pkt != nil && pkt.Arrival.Before(a.pkt.Arrival) {
			d.forward(&arrival{track: a.track, pkt: pkt, again: true})
		}
	}
}

// overtakers is how many packets behind the first of a keyframe it is looked for
// some that came before it.
const overtakers = 32

// recycle gives back what the rings pushed out in this turn; only now is
// nobody left who could read it.
func (l *mediaLoop) recycle() {
	for _, pkt := range l.batch.evicted {
		pkt.Release()
	}
	clear(l.batch.evicted)
	l.batch.evicted = l.batch.evicted[:0]
	clear(l.batch.arrivals)
	l.batch.arrivals = l.batch.arrivals[:0]
}

func (l *mediaLoop) untilTick(now time.Time) time.Duration {
	if now.Sub(l.rhythm.lastPacket) > time.Second {
		return min(idleTick, l.due.pace.Sub(now))
	}
	// A little late on purpose: where packets flow, one of them comes first
	// and saves the wake-up.
	const late = 5 * time.Millisecond
	return min(l.due.tick.Sub(now)+late, l.due.repair.Sub(now)+late/5, l.due.pace.Sub(now))
}

// pace sends what was held back, and what probes lack.
func (l *mediaLoop) pace(now time.Time) {
	l.due.pace = now.Add(idleTick)
	for _, lk := range l.links {
		lk.out.fan.look()
		lk.release(now)
		lk.feed(now)
		if lk.out.pacer.count > 0 || lk.out.probe.active() {
			l.due.pace = now.Add(paceEvery)
		}
	}
}

// repair asks publishers for what is missing.
func (l *mediaLoop) repair(now time.Time) {
	l.due.repair = now.Add(tickEvery)
	for _, t := range l.tracks {
		for _, e := range t.encodings {
			e.repair(now)
		}
	}
}

// tick does what is due by time.
func (l *mediaLoop) tick(now time.Time) {
	for _, lk := range l.links {
		lk.tick(now)
	}
	if !now.Before(l.due.survey) {
		l.due.survey = now.Add(surveyEvery)
		l.survey(now)
	}
	if !now.Before(l.due.sum) {
		l.due.sum = now.Add(reportEvery)
		l.addUp()
	}
	if now.Before(l.due.speak) {
		return
	}
	l.due.speak = now.Add(speakEvery)
	if speaking, changed := l.voices.detect.Update(now); changed {
		l.speak(l.speakers(speaking))
	}
}

// survey keeps every video track at what flows and what is wanted of it.
func (l *mediaLoop) survey(now time.Time) {
	for _, t := range l.tracks {
		t.tick(now)
	}
	for _, lk := range l.links {
		lk.share(now)
		lk.probe(now)
		for _, d := range lk.down.tracks {
			d.tellState(now)
		}
	}
}

func (l *mediaLoop) speakers(speaking []speaker.Speaking) []wire.Speaker {
	list := make([]wire.Speaker, 0, len(speaking))
	for _, s := range speaking {
		if e := l.feeds.by[media.Feed(s.Key)]; e != nil {
			list = append(list, wire.Speaker{Participant: string(e.track.link.id), Level: s.Level})
		}
	}
	return list
}

// clear lets go of everything when the loop ends.
func (l *mediaLoop) clear() {
	for len(l.links) > 0 {
		l.removeLink(l.links[len(l.links)-1])
	}
	l.recycle()
	l.fans.close()
	l.fans.flush()
	l.tally.flush()
}

func (l *mediaLoop) addLink(lk *link) {
	l.links = append(l.links, lk)
	l.fans.grow(len(l.links))
	l.limitSound()
}

// bigRoom is how many people hear one another without anyone being left out.
const bigRoom = 10

// hear changes how many are heard at once in a big room.
func (l *mediaLoop) hear(loudest int) {
	l.voices.loudest = loudest
	l.limitSound()
}

// limitSound lets only the loudest be heard where there are many.
func (l *mediaLoop) limitSound() {
	if len(l.links) > bigRoom {
		l.voices.audible.Limit(l.voices.loudest)
	} else {
		l.voices.audible.Limit(0)
	}
}

// removeLink takes a participant out of the data plane: its tracks are
// unpublished, its slots empty.
func (l *mediaLoop) removeLink(lk *link) {
	l.links = without(l.links, lk)
	for _, t := range lk.up.tracks {
		l.unpublish(t)
	}
	for _, d := range lk.down.tracks {
		d.carry(nil, time.Time{})
	}
	lk.gone, lk.out.way = true, nil
	if lk.out.tap != nil {
		lk.out.tap.end()
	}
	l.limitSound()
}

// publish makes a track known to the room's data plane.
func (l *mediaLoop) publish(t *upTrack) {
	t.index, t.heard = l.freeIndex(), time.Now()
	t.supply = newSupply(t.rids)
	l.tracks[t.id] = t
	t.link.up.tracks[t.mid] = t
	l.tally.set.UpTracks[t.kind].Inc()
}

// freeIndex returns the lowest index that no track has: carrier tables stay as
// small as the room.
func (l *mediaLoop) freeIndex() int {
	used := make(map[int]bool, len(l.tracks))
	for _, t := range l.tracks {
		used[t.index] = true
	}
	i := 0
	for used[i] {
		i++
	}
	return i
}

// unpublish removes a track and empties the slots that carry it.
func (l *mediaLoop) unpublish(t *upTrack) {
	if l.tracks[t.id] != t {
		return
	}
	for len(t.downs) > 0 {
		t.downs[len(t.downs)-1].carry(nil, time.Time{})
	}
	l.tally.set.EncodingsOff.Sub(float64(max(1, len(t.rids)) - bits.OnesCount8(t.supply.active)))
	for _, e := range t.encodings {
		l.forget(e)
		e.ring.Clear((*media.Packet).Release)
	}
	t.gone = true
	delete(l.tracks, t.id)
	delete(t.link.up.tracks, t.mid)
	for _, lk := range l.links {
		delete(lk.down.wishes, t.id)
		lk.pinSound(t.link)
	}
	l.tally.set.UpTracks[t.kind].Dec()
}

// forget takes the encoding's feed out of all that goes by feeds.
func (l *mediaLoop) forget(e *encoding) {
	l.feeds.remove(e)
	l.voices.detect.Remove(speaker.Key(e.feed))
	l.voices.audible.Remove(speaker.Key(e.feed))
}

// feeds names the streams of a room.
type feeds struct {
	by   map[media.Feed]*encoding
	last media.Feed
}

// add gives e a name that no stream of the room has had before.
func (f *feeds) add(e *encoding) {
	f.last++
	e.feed = f.last
	f.by[e.feed] = e
}

func (f *feeds) remove(e *encoding) { delete(f.by, e.feed) }
