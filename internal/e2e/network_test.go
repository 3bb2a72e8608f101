package e2e

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
)

// oneWay is how long a datagram travels between the server and a peer.
const oneWay = 10 * time.Millisecond

// making guards vnet's count of MAC addresses, which all worlds share.
var making sync.Mutex

// network is the virtual switch that the server and every peer hang on. It
// delays datagrams by oneWay and never reorders them.
type network struct {
	t      testing.TB
	router *vnet.Router

	mu    sync.Mutex // guards what is below: filters run on the router's goroutine
	links map[string]*link
}

// link is one peer's cable: what it sends and what it is sent. The network's
// mutex guards it.
type link struct {
	net      *card
	n        *network
	up, down direction
}

// direction is one of the two ways through a link.
type direction struct {
	rng   *rand.Rand
	loss  float64
	burst float64 // datagrams that are lost in a row, on average; at least 1
	bad   bool    // in the middle of a burst
	cut   bool
	lost  int
	media int // bytes of RTP on the wire

	through *bottleneck
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	making.Lock()
	defer making.Unlock()
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR:          "10.0.0.0/16",
		MinDelay:      oneWay,
		LoggerFactory: quiet(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, router: router, links: make(map[string]*link)}
	router.AddChunkFilter(n.pass)
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *network) close() {
	if err := n.router.Stop(); err != nil {
		n.t.Error(err)
	}
}

// attach gives ip a cable. Its losses are the same in every run.
func (n *network) attach(ip string) *link {
	n.t.Helper()
	making.Lock()
	nic, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	making.Unlock()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.router.AddNet(nic); err != nil {
		n.t.Fatal(err)
	}
	addr := net.ParseIP(ip).To4()
	seed := uint64(addr[2])<<8 | uint64(addr[3])
	l := &link{n: n}
	l.net = &card{nic, l}
	l.up.rng = rand.New(rand.NewPCG(seed, 1))
	l.down.rng = rand.New(rand.NewPCG(seed, 2))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[ip] = l
	return l
}

// pass decides what becomes of a datagram on the cables of both its ends.
func (n *network) pass(c vnet.Chunk) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	from, to := n.links[host(c.SourceAddr())], n.links[host(c.DestinationAddr())]
	if from == nil || to == nil { // ICE tries loopback addresses too
		return false
	}
	from.up.note(c.UserData())
	to.down.note(c.UserData())
	return from.up.pass() && to.down.pass()
}

// note counts RTP (RFC 7983, 7; RFC 5761, 4) with its UDP and IP headers.
func (d *direction) note(b []byte) {
	if len(b) > 12 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223) {
		d.media += len(b) + 28
	}
}

// media returns how many bytes of RTP have left on each way so far.
func (l *link) media() (up, down int) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	return l.up.media, l.down.media
}

func host(a net.Addr) string { return a.(*net.UDPAddr).IP.String() }

// pass is a Gilbert channel: bad times last for burst datagrams on average, and
// come so often that a share of loss is lost.
func (d *direction) pass() bool {
	switch {
	case d.cut:
	case d.loss == 0:
		d.bad = false
	case d.burst <= 1:
		d.bad = d.rng.Float64() < d.loss
	case d.bad:
		d.bad = d.rng.Float64() >= 1/d.burst
	default:
		d.bad = d.rng.Float64() < d.loss/(1-d.loss)/d.burst
	}
	if d.cut || d.bad {
		d.lost++
		return false
	}
	return true
}

// lossy loses these shares of the datagrams from now on, each by itself.
func (l *link) lossy(up, down float64) { l.bursty(up, down, 1) }

// bursty loses these shares of the datagrams from now on, so many in a row.
func (l *link) bursty(up, down, burst float64) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.up.loss, l.down.loss = up, down
	l.up.burst, l.down.burst = burst, burst
}

// double sends this share of all datagrams twice, the second one a little later.
func (n *network) double(share float64) (stop func()) {
	n.t.Helper()
	filter, err := vnet.NewDuplicationFilter(n.router, vnet.WithDuplicationProbability(share),
		vnet.WithDuplicationExtraDelay(0, 3*oneWay), vnet.WithDuplicationSeed(1))
	check(n.t, err)
	n.router.AddChunkFilter(filter.ChunkFilter())
	return func() { check(n.t, filter.Close()) }
}

// cut pulls the cable: nothing passes any more.
func (l *link) cut() {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.up.cut, l.down.cut = true, true
}

// lost returns how many datagrams each direction has swallowed.
func (l *link) lost() (up, down int) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	return l.up.lost, l.down.lost
}

// quiet shows pion's errors only when the test fails or is verbose.
func quiet(t testing.TB) logging.LoggerFactory {
	return &logging.DefaultLoggerFactory{Writer: t.Output(), DefaultLogLevel: logging.LogLevelError}
}
