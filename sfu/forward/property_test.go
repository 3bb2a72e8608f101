package forward

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sfu/sfu/media"
)

// network sends a few feeds through loss, delay and reordering to one slot that
// switches and cuts at random.
type network struct {
	rand    *rand.Rand
	c       *checker
	now     time.Time
	feeds   []*publisher
	delayed []*media.Packet
}

// publisher sends one feed.
type publisher struct {
	feed      media.Feed
	esn       uint64
	timestamp uint32 // at time zero of the test
	midFrame  bool
	frame     uint32 // timestamp of the frame that goes on
	vp8       media.VP8Descriptor
}

const videoClock = 90

func (n *network) send(p *publisher) *media.Packet {
	elapsed := uint32(n.now.Sub(time.Unix(0, 0)).Milliseconds())
	pkt := &media.Packet{Header: media.Header{
		Feed: p.feed, ESN: p.esn,
		Timestamp: p.timestamp + videoClock*elapsed,
	}}
	p.esn++
	if !p.midFrame && n.rand.IntN(10) == 0 {
		pkt.Padding = true
		return pkt
	}
	if !p.midFrame {
		p.frame = pkt.Timestamp
		p.vp8.PictureID = (p.vp8.PictureID + 1) & (1<<p.vp8.PictureIDBits - 1)
		p.vp8.TL0PICIDX++
		pkt.FrameStart, pkt.Keyframe = true, n.rand.IntN(8) == 0
	}
	pkt.Codec, pkt.VP8 = media.VP8, p.vp8
	pkt.Timestamp = p.frame
	p.midFrame = n.rand.IntN(3) == 0
	pkt.Marker = !p.midFrame
	return pkt
}

func (n *network) step() {
	n.now = n.now.Add(time.Duration(n.rand.IntN(20)) * time.Millisecond)
	switch n.rand.IntN(100) {
	case 0:
		n.c.cut()
	case 1, 2, 3:
		n.c.f.SetTarget(media.Feed(n.rand.IntN(len(n.feeds)+1)), media.TopLayer)
	}
	pkt := n.send(n.feeds[n.rand.IntN(len(n.feeds))])
	switch n.rand.IntN(20) {
	case 0: // lost
	case 1, 2:
		n.delayed = append(n.delayed, pkt)
	default:
		n.deliver(pkt)
	}
	if len(n.delayed) > 0 && n.rand.IntN(6) == 0 {
		i := n.rand.IntN(len(n.delayed))
		n.deliver(n.delayed[i])
		n.delayed = append(n.delayed[:i], n.delayed[i+1:]...)
	}
}

func (n *network) deliver(pkt *media.Packet) {
	pkt.Arrival = n.now
	n.c.offer(pkt)
}

func TestRandomNetworks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			n := &network{rand: r, now: time.Unix(0, 0)}
			n.c = newChecker(t, media.Kind(seed%2), uint16(r.Uint32()), r.Uint32())
			for i, bits := range []uint8{15, 7, 15} {
				n.feeds = append(n.feeds, &publisher{
					feed:      media.Feed(i + 1),
					esn:       1<<16 + uint64(r.IntN(1<<16)),
					timestamp: r.Uint32(),
					vp8:       media.VP8Descriptor{PictureIDBits: bits, HasTL0: true, PictureID: uint16(r.IntN(128))},
				})
			}
			n.c.f.SetTarget(1, media.TopLayer)
			for range 1500 {
				n.step()
			}
			n.c.finish()
			if n.c.f.kind == media.Video && len(n.c.sent) < 100 {
				t.Errorf("only %d packets went out: the test tests nothing", len(n.c.sent))
			}
		})
	}
}
