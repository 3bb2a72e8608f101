package udp

import (
	"net"
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A turn to fifty subscribers of six packets each.
const (
	benchSubscribers = 50
	benchTrain       = 6
	benchTurn        = benchSubscribers * benchTrain
	benchSize        = 1200
)

// way is one of several to do the same, with what it has cost.
type way struct {
	name    string
	prepare func() // not measured
	turn    func()
	ns      int64
}

// compare runs the ways in turns, so that a noisy machine is as noisy to each,
// and reports the CPU time of this thread per packet, the kernel's included.
func compare(b *testing.B, ways []*way) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rounds := 0
	for b.Loop() {
		rounds++
		for _, w := range ways {
			if w.prepare != nil {
				w.prepare()
			}
			before := threadTime()
			w.turn()
			w.ns += threadTime() - before
		}
	}
	for _, w := range ways {
		b.ReportMetric(float64(w.ns)/float64(rounds*benchTurn), "ns/"+w.name)
		if w != ways[0] {
			b.ReportMetric(float64(w.ns)/float64(ways[0].ns), w.name+"/"+ways[0].name)
		}
	}
}

func threadTime() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return t.Nano()
}

// BenchmarkWrite sends to sockets that are full and that nobody reads: on
// loopback the sender pays for the receiver's half.
func BenchmarkWrite(b *testing.B) {
	to := make([]netip.AddrPort, benchSubscribers)
	for i := range to {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetReadBuffer(1)
		to[i] = addrOf(conn)
	}
	direct, single, trains := open(b, "127.0.0.1", Config{}), open(b, "127.0.0.1", Config{}), open(b, "127.0.0.1", Config{})
	single.socket.(*kernel).trains = false
	packet := make([]byte, benchSize)
	batched := func(c *Conn) func() {
		batch := c.NewBatch()
		return func() {
			for _, dst := range to {
				for range benchTrain {
					batch.Append(dst, batch.Room(benchSize)[:benchSize])
				}
			}
			if r := batch.Flush(); r.Lost > 0 {
				b.Errorf("%+v", r)
			}
		}
	}
	compare(b, []*way{
		{name: "each", turn: func() {
			for _, dst := range to {
				for range benchTrain {
					_, _ = direct.WriteToAddrPort(packet, dst)
				}
			}
		}},
		{name: "sendmmsg", turn: batched(single)},
		{name: "trains", turn: batched(trains)},
	})
}

// BenchmarkRead reads what waits in the socket.
func BenchmarkRead(b *testing.B) {
	sender := open(b, "127.0.0.1", Config{})
	batch, buf := sender.NewBatch(), make([]byte, 2000)
	reads := func(c *Conn) func() {
		_ = c.PacketConn.(*net.UDPConn).SetReadBuffer(socketBuffer)
		return func() {
			for range benchTurn {
				if _, _, err := c.ReadFromAddrPort(buf); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	sends := func(c *Conn, train int) func() {
		to := addrOf(c)
		return func() {
			for range benchTurn / train {
				for range train {
					batch.Append(to, batch.Room(benchSize)[:benchSize])
				}
				batch.Flush()
			}
		}
	}
	each, many, trains := openPlain(b, "127.0.0.1", Config{}), open(b, "127.0.0.1", Config{}), open(b, "127.0.0.1", Config{})
	compare(b, []*way{
		{name: "each", prepare: sends(each, 1), turn: reads(each)},
		{name: "recvmmsg", prepare: sends(many, 1), turn: reads(many)},
		{name: "trains", prepare: sends(trains, benchTrain), turn: reads(trains)},
	})
}
