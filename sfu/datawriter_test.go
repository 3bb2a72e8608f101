package sfu

import (
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
)

// wireless is a receiver at the end of a link of its own: SCTP as the writer
// sees it, that takes everything at once and sends it one after the other.
type wireless struct {
	*dataWriter
	rate media.Bitrate // of the link; 0: nothing arrives

	mu    sync.Mutex // guards what is below
	free  time.Time  // when the link has sent all
	sent  []parcel   // that did not arrive yet
	way   int        // bytes of them
	most  int        // that ever were on their way
	there map[*downChannel]arrivals
}

// arrivals is what of one channel is there.
type arrivals struct{ messages, bytes int }

// parcel is one packet on the link, of one message.
type parcel struct {
	d       *downChannel
	size    int
	last    bool // of the message
	arrives time.Time
}

func newWireless(rate media.Bitrate) *wireless {
	return &wireless{dataWriter: newDataWriter(metrics.New()), rate: rate, there: make(map[*downChannel]arrivals)}
}

// open gives the receiver a channel, which counts as open at once.
func (r *wireless) open(lossy bool) *downChannel {
	d := newDownChannel(&participant{data: r.dataWriter}, &upChannel{lossy: lossy})
	r.add(d)
	r.opened(d, &socketOf{r: r, d: d}, r.buffered)
	return d
}

// pass lets the link go on until now. The caller holds mu.
func (r *wireless) pass() {
	for ; len(r.sent) > 0 && !r.sent[0].arrives.After(time.Now()); r.sent = r.sent[1:] {
		p := r.sent[0]
		a := r.there[p.d]
		a.bytes += p.size
		if p.last {
			a.messages++
		}
		r.there[p.d] = a
		r.way -= p.size
	}
}

// buffered is what has not arrived yet.
func (r *wireless) buffered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
	return r.way
}

// arrived returns how much of a channel has arrived.
func (r *wireless) arrived(d *downChannel) (messages, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
	return r.there[d].messages, r.there[d].bytes
}

// fill puts messages of this size into a channel until it takes no more.
func (r *wireless) fill(d *downChannel, size int) {
	for r.put(d, message{data: make([]byte, size)}) {
	}
}

// takes puts one message in, and returns how long it takes to arrive.
func (r *wireless) takes(t *testing.T, d *downChannel, size int) time.Duration {
	t.Helper()
	before, _ := r.arrived(d)
	put := time.Now()
	if !r.put(d, message{data: make([]byte, size)}) {
		t.Fatal("there is no room for a message")
	}
	for n, _ := r.arrived(d); n == before; n, _ = r.arrived(d) {
		if time.Since(put) > time.Minute {
			t.Fatal("a message does not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(put)
}

// socketOf is one channel on the link.
type socketOf struct {
	r *wireless
	d *downChannel
}

func (s *socketOf) WriteDataChannel(b []byte, _ bool) (int, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	now := time.Now()
	if s.r.free.Before(now) {
		s.r.free = now
	}
	s.r.way += len(b)
	s.r.most = max(s.r.most, s.r.way)
	for rest := len(b); ; rest -= packet {
		n := min(rest, packet)
		took := 100 * 365 * 24 * time.Hour
		if s.r.rate > 0 {
			took = time.Duration(float64(8*n) / float64(s.r.rate) * float64(time.Second))
		}
		s.r.free = s.r.free.Add(took)
		s.r.sent = append(s.r.sent, parcel{s.d, n, rest <= packet, s.r.free})
		if rest <= packet {
			break
		}
	}
	return len(b), nil
}

func (s *socketOf) Write(b []byte) (int, error)               { return s.WriteDataChannel(b, false) }
func (s *socketOf) Read([]byte) (int, error)                  { return 0, io.EOF }
func (s *socketOf) ReadDataChannel([]byte) (int, bool, error) { return 0, false, io.EOF }
func (s *socketOf) Close() error                              { return nil }

// data plays a story of one receiver in virtual time.
func data(t *testing.T, link media.Bitrate, story func(*testing.T, *wireless)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newWireless(link)
		defer r.close()
		story(t, r)
	})
}

const (
	kbit   = media.Bitrate(1000)
	chunk  = 16 << 10 // of a file
	packet = 1 << 10
)

func TestAFileGoesAtItsShareAndChatDoesNotWaitForIt(t *testing.T) {
	data(t, 1000*kbit, func(t *testing.T, r *wireless) {
		r.allow(200 * kbit)
		file, chat := r.open(false), r.open(false)
		r.fill(file, chunk)
		time.Sleep(5 * time.Second)
		var longest time.Duration
		for range 25 {
			longest = max(longest, r.takes(t, chat, 200))
			time.Sleep(time.Duration(137) * time.Millisecond)
		}
		if longest > 300*time.Millisecond {
			t.Errorf("a chat message took %v beside a file", longest)
		}
		_, before := r.arrived(file)
		start := time.Now()
		time.Sleep(60 * time.Second)
		_, after := r.arrived(file)
		rate := media.Bitrate(float64(8*(after-before)) / time.Since(start).Seconds())
		if rate < 180*kbit || rate > 205*kbit {
			t.Errorf("the file goes at %d kbit/s", rate/kbit)
		}
		if !r.pending() {
			t.Error("nobody knows that the file waits")
		}
	})
}

func TestTheRateMayChangeAtAnyTime(t *testing.T) {
	data(t, 50_000*kbit, func(t *testing.T, r *wireless) {
		file := r.open(false)
		r.allow(16 * kbit)
		r.fill(file, chunk)
		time.Sleep(time.Second)
		r.allow(2000 * kbit) // though the next chunk was to go 8 s later
		_, before := r.arrived(file)
		time.Sleep(2 * time.Second)
		if _, after := r.arrived(file); after-before < 400_000 {
			t.Errorf("%d bytes came in 2 s at 2 Mbit/s", after-before)
		}
	})
}

func TestWithoutARateThereIsNoLimitButTheLink(t *testing.T) {
	data(t, 100_000*kbit, func(t *testing.T, r *wireless) {
		file := r.open(false)
		r.fill(file, chunk)
		time.Sleep(time.Second)
		if _, n := r.arrived(file); n < 4_000_000 {
			t.Errorf("%d bytes came in a second", n)
		}
		if r.pending() {
			t.Error("something waits for a rate")
		}
		if r.most > maxBuffered+chunk {
			t.Errorf("%d bytes lay in SCTP's buffer", r.most)
		}
	})
}

// Where the link carries less than it was said to, what lies in SCTP's buffer
// is what a chat message waits for.
func TestChatDoesNotWaitLongWhereTheLinkIsSlowerThanTheRate(t *testing.T) {
	data(t, 200*kbit, func(t *testing.T, r *wireless) {
		r.allow(400 * kbit)
		file, chat := r.open(false), r.open(false)
		r.fill(file, 1<<10)
		time.Sleep(5 * time.Second)
		if took := r.takes(t, chat, 200); took > 700*time.Millisecond {
			t.Errorf("a chat message took %v", took)
		}
		if most := 15_000 + 1<<10 + 200; r.most > most {
			t.Errorf("%d bytes lay in SCTP's buffer, not %d", r.most, most)
		}
		if r.pending() {
			t.Error("the file waits for the rate, not for the link")
		}
	})
}

func TestFloodsOfSmallMessagesStayAtTheRateAndHoldUpNoChat(t *testing.T) {
	data(t, 10_000*kbit, func(t *testing.T, r *wireless) {
		r.allow(64 * kbit)
		chat, began := r.open(false), time.Now()
		var floods []*downChannel
		for i := range 40 {
			floods = append(floods, r.open(i%2 == 0))
		}
		for time.Since(began) < 20*time.Second {
			for _, d := range floods {
				for range 20 {
					r.put(d, message{data: make([]byte, 100)})
				}
			}
			if took := r.takes(t, chat, 200); took > time.Second {
				t.Fatalf("a chat message took %v", took)
			}
			time.Sleep(50 * time.Millisecond)
		}
		total := 0
		for _, d := range floods {
			_, n := r.arrived(d)
			total += n
		}
		if most := 20*8000 + 16<<10; total > most {
			t.Errorf("%d bytes of the floods came in 20 s at 64 kbit/s, more than %d", total, most)
		}
	})
}

func TestTwoFilesTakeTurns(t *testing.T) {
	data(t, 10_000*kbit, func(t *testing.T, r *wireless) {
		r.allow(500 * kbit)
		a, b := r.open(false), r.open(false)
		r.fill(a, chunk)
		r.fill(b, chunk)
		time.Sleep(20 * time.Second)
		n, _ := r.arrived(a)
		m, _ := r.arrived(b)
		if n+m < 60 || max(n, m)-min(n, m) > 1 {
			t.Errorf("%d chunks of one file, %d of the other", n, m)
		}
	})
}

// However full the queues are, a message on another channel has its place.
func TestFilesLeaveRoomForAChannelThatIsNotFull(t *testing.T) {
	data(t, 0, func(t *testing.T, r *wireless) {
		for range 100 {
			r.fill(r.open(false), chunk)
		}
		if r.bytes > maxDataQueue+100*smallQueue {
			t.Errorf("%d bytes wait", r.bytes)
		}
		if !r.put(r.open(false), message{data: make([]byte, 200)}) {
			t.Error("there is no room for a chat message")
		}
	})
}

func TestWhatIsLossyIsNotLate(t *testing.T) {
	data(t, 10_000*kbit, func(t *testing.T, r *wireless) {
		r.allow(64 * kbit)
		cursor := r.open(true)
		for range 400 { // 400 kbit/s
			r.put(cursor, message{data: make([]byte, 500)})
			time.Sleep(10 * time.Millisecond)
		}
		if cursor.bytes > leastLossyQueue {
			t.Errorf("%d bytes wait: more than a second at this rate", cursor.bytes)
		}
		if n, _ := r.arrived(cursor); n < 50 {
			t.Errorf("%d messages arrived", n)
		}
	})
}

func TestWhatHasArrivedIsCounted(t *testing.T) {
	data(t, 1000*kbit, func(t *testing.T, r *wireless) {
		chat, file := r.open(false), r.open(false)
		r.takes(t, chat, 300)
		for range 10 {
			r.put(file, message{data: make([]byte, chunk)})
		}
		r.finish(file)
		time.Sleep(700 * time.Millisecond) // half of it; the channel is over
		_, n := r.arrived(file)
		if got := r.delivered(); n < chunk || n >= 10*chunk || got < n+300-chunk || got > n+300 {
			t.Errorf("%d bytes are counted of %d", got, n+300)
		}
		time.Sleep(2 * time.Second)
		if got := r.delivered(); got != 10*chunk+300 {
			t.Errorf("%d bytes are counted in the end", got)
		}
	})
}
