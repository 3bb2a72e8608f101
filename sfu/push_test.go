package sfu

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"sfu/metrics"
	"sfu/sfu/mailbox"
	"sfu/sfu/media"
)

// giving is one sender with a reliable channel, whose file is at the server as
// fast as the server takes it, and the receivers of that channel.
type giving struct {
	sender    *participant
	channel   *upChannel
	receivers []*wireless
	downs     []*downChannel
	left      int // chunks that the server has not read
	size      int // of a chunk
	taken     chan struct{}
	closed    chan struct{}
}

// give plays the story of a file of that many chunks of that size, for receivers
// with such shares of links twice as fast; 0 is one who reads nothing.
func give(t *testing.T, chunks, size int, story func(*giving), shares ...media.Bitrate) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := metrics.New()
		g := &giving{left: chunks, size: size, taken: make(chan struct{}), closed: make(chan struct{})}
		g.sender = &participant{
			server: &Server{count: count}, room: &room{relay: newRelay(count)},
			data: newDataWriter(count), quit: make(chan struct{}),
		}
		g.channel = &upChannel{owner: g.sender}
		for _, share := range shares {
			g.join(share)
		}
		g.sender.data.readers.Go(func() { g.sender.readData(g.channel, g) })
		story(g)
		close(g.closed)
		close(g.sender.quit)
		g.sender.data.close()
		for _, r := range g.receivers {
			r.close()
		}
	})
}

func (g *giving) join(share media.Bitrate) {
	r := newWireless(2 * share)
	if share > 0 {
		r.allow(share)
	}
	d := r.open(false)
	d.to = &participant{data: r.dataWriter, mail: mailbox.New[func()](maxMail)}
	g.receivers, g.downs = append(g.receivers, r), append(g.downs, d)
	relay := g.sender.room.relay
	relay.mu.Lock()
	defer relay.mu.Unlock()
	g.channel.receivers = append(g.channel.receivers, d)
}

// ReadDataChannel gives the server the next chunk, and then nothing more.
func (g *giving) ReadDataChannel(b []byte) (int, bool, error) {
	if g.left == 0 {
		close(g.taken)
		<-g.closed
		return 0, false, io.EOF
	}
	g.left--
	return g.size, false, nil
}

func (g *giving) Read([]byte) (int, error)                       { return 0, io.EOF }
func (g *giving) Write(b []byte) (int, error)                    { return len(b), nil }
func (g *giving) WriteDataChannel(b []byte, _ bool) (int, error) { return len(b), nil }
func (g *giving) Close() error                                   { return nil }

// has returns how many chunks have arrived at a receiver, and whether it was cut
// off.
func (g *giving) has(i int) (chunks int, cut bool) {
	n, _ := g.receivers[i].arrived(g.downs[i])
	select {
	case <-g.downs[i].gone:
		return n, true
	default:
		return n, false
	}
}

func TestAFileArrivesOverASlowLink(t *testing.T) {
	const file = 640 // 10 MiB
	give(t, file, chunk, func(g *giving) {
		time.Sleep(25 * time.Minute) // 22 at 64 kbit/s, and headers
		if n, cut := g.has(0); n != file || cut {
			t.Errorf("%d of %d chunks arrived, cut off: %v", n, file, cut)
		}
	}, 64*kbit)
}

// A message that takes its time to pay for is no sign of one who does not read.
func TestTheLargestMessagesArriveAtTheSmallestRate(t *testing.T) {
	const file = 80 // 5 MiB
	give(t, file, MaxDataMessage, func(g *giving) {
		time.Sleep(2 * time.Hour)
		if n, cut := g.has(0); n != file || cut {
			t.Errorf("%d of %d chunks arrived, cut off: %v", n, file, cut)
		}
	}, 16*kbit)
}

func TestThoseWithFastLinksDoNotWaitForASlowOne(t *testing.T) {
	const file = 1024 // 16 MiB: all that the page lets one send
	give(t, file, chunk, func(g *giving) {
		time.Sleep(maxHold + 30*time.Second)
		for i := range 2 {
			if n, cut := g.has(i); n != file || cut {
				t.Errorf("%d of %d chunks arrived at fast receiver %d, cut off: %v", n, file, i, cut)
			}
		}
		if _, cut := g.has(2); !cut {
			t.Error("the slow one still holds them up")
		}
	}, 20_000*kbit, 20_000*kbit, 64*kbit)
}

func TestASmallFileArrivesEverywhereAndNobodyWaits(t *testing.T) {
	const file = 240 // 3.75 MiB
	give(t, file, chunk, func(g *giving) {
		time.Sleep(3 * time.Second)
		if n, _ := g.has(0); n != file {
			t.Errorf("%d of %d chunks arrived at the fast receiver", n, file)
		}
		time.Sleep(10 * time.Minute)
		if n, cut := g.has(1); n != file || cut {
			t.Errorf("%d of %d chunks arrived at the slow one, cut off: %v", n, file, cut)
		}
	}, 20_000*kbit, 64*kbit)
}

// Where everyone is slow nobody is held up, and nobody is cut off.
func TestWhereAllAreSlowAllGetTheFile(t *testing.T) {
	const file = 1024
	give(t, file, chunk, func(g *giving) {
		time.Sleep(6 * time.Minute)
		for i := range 3 {
			if n, cut := g.has(i); n != file || cut {
				t.Errorf("%d of %d chunks arrived at %d, cut off: %v", n, file, i, cut)
			}
		}
	}, 500*kbit, 520*kbit, 480*kbit)
}

func TestOneWhoReadsNothingIsCutOffSoon(t *testing.T) {
	const file = 1024
	give(t, file, chunk, func(g *giving) {
		<-g.taken
		time.Sleep(8 * time.Second)
		if n, cut := g.has(0); n != file || cut {
			t.Errorf("%d of %d chunks arrived at the one who reads, cut off: %v", n, file, cut)
		}
		if n, cut := g.has(1); n > 0 || !cut {
			t.Errorf("%d chunks arrived at one who reads nothing, cut off: %v", n, cut)
		}
	}, 20_000*kbit, 0)
}

func TestOneWhoseChannelDoesNotOpenIsCutOffSoon(t *testing.T) {
	const file = 1024
	give(t, file, chunk, func(g *giving) {
		d := g.downs[1]
		d.writer.mu.Lock()
		d.raw = nil
		d.writer.mu.Unlock()
		<-g.taken
		time.Sleep(8 * time.Second)
		if n, _ := g.has(0); n != file {
			t.Errorf("%d of %d chunks arrived at the one who is there", n, file)
		}
		if _, cut := g.has(1); !cut {
			t.Error("one who is not there yet is still waited for")
		}
	}, 20_000*kbit, 64*kbit)
}

// One who lets a few bytes in now and then gains no time by it.
func TestOneWhoReadsNextToNothingIsCutOffSoon(t *testing.T) {
	const file = 1024
	give(t, file, chunk, func(g *giving) {
		g.receivers[0].allow(200 * kbit)
		g.receivers[0].mu.Lock()
		g.receivers[0].rate = 8 * kbit
		g.receivers[0].mu.Unlock()
		time.Sleep(10 * time.Second)
		if _, cut := g.has(0); !cut {
			t.Error("the sender still waits")
		}
	}, 0)
}

// A crowd that is slow on purpose cannot add up its time.
func TestManySlowOnesHoldTheOthersUpNoLongerThanOne(t *testing.T) {
	const file = 1024
	shares := []media.Bitrate{20_000 * kbit}
	for range 6 {
		shares = append(shares, 64*kbit)
	}
	give(t, file, chunk, func(g *giving) {
		time.Sleep(maxHold + 30*time.Second)
		if n, cut := g.has(0); n != file || cut {
			t.Errorf("%d of %d chunks arrived, cut off: %v", n, file, cut)
		}
	}, shares...)
}

func TestWaitingIsForgiven(t *testing.T) {
	t.Parallel()
	var h hold
	now := time.Unix(1000, 0)
	if h.over(maxHold, now) {
		t.Error("one is cut off after a minute, not above")
	}
	if now = now.Add(time.Second); !h.over(time.Second, now) {
		t.Error("a minute and a second is not too long")
	}
	if now = now.Add(holdEarns * maxHold); h.over(maxHold-time.Second, now) {
		t.Error("what was ten minutes ago is not forgiven")
	}
}
