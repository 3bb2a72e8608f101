package e2e

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/metrics"
)

// throw sends one RTP packet as it is.
func (u *uplink) throw(h rtp.Header, payload []byte) {
	h.Version = 2
	if _, err := u.bound.Load().out.WriteRTP(&h, payload); err != nil {
		u.e.t.Logf("%s: throw: %v", u.e.name, err)
	}
}

func TestNonsenseInMediaHarmsNobodyElse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	mischief := map[string]func(eve *peer, u *uplink, b *binding){
		"streams nobody declared": func(_ *peer, u *uplink, b *binding) {
			for i := range uint32(800) { // the virtual socket holds 1024 datagrams, everybody's
				u.throw(rtp.Header{SSRC: 1 + i, PayloadType: b.pt, SequenceNumber: uint16(i)}, noise(50))
			}
		},
		"numbers that jump": func(_ *peer, u *uplink, b *binding) {
			for range 500 {
				u.throw(rtp.Header{SSRC: b.ssrc, PayloadType: b.pt, SequenceNumber: uint16(rng.Uint32()), Timestamp: rng.Uint32()}, noise(50))
			}
		},
		"numbers that go back": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				u.throw(rtp.Header{SSRC: b.ssrc, PayloadType: b.pt, SequenceNumber: u.seq - 3*i}, noise(50))
			}
		},
		"payloads that are no VP8": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				u.throw(rtp.Header{SSRC: b.ssrc, PayloadType: b.pt, SequenceNumber: u.seq + i}, noise(int(i%12)))
			}
		},
		"payload types of nothing": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				u.throw(rtp.Header{SSRC: b.ssrc, PayloadType: uint8(i) & 0x3f, SequenceNumber: u.seq + i}, noise(50))
			}
		},
		"padding alone": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				h := rtp.Header{SSRC: b.ssrc, PayloadType: b.pt, SequenceNumber: u.seq + i, Padding: true, PaddingSize: 255}
				u.throw(h, nil)
			}
		},
		"retransmissions of nothing": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				u.throw(rtp.Header{SSRC: b.rtxSSRC, PayloadType: b.rtxPT, SequenceNumber: i}, noise(int(i%4)))
			}
		},
		"a stream on another's mid": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				h := rtp.Header{SSRC: 77, PayloadType: b.pt, SequenceNumber: i}
				h.SetExtension(b.ids[extMid], []byte("0"))
				u.throw(h, noise(50))
			}
		},
		"streams that take turns on a mid": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(500) {
				h := rtp.Header{SSRC: 77 + uint32(i%5), PayloadType: b.pt, SequenceNumber: i}
				h.SetExtension(b.ids[extMid], []byte(b.mid))
				u.throw(h, noise(50))
			}
		},
		"packets as long as can be": func(_ *peer, u *uplink, b *binding) {
			for i := range uint16(300) {
				u.throw(rtp.Header{SSRC: b.ssrc, PayloadType: b.pt, SequenceNumber: u.seq + i}, append([]byte{0x10, 0x11}, noise(1450)...))
			}
		},
		"an SSRC of the server's": func(eve *peer, u *uplink, b *binding) {
			for ssrc := range eve.down.streams {
				for i := range uint16(50) {
					u.throw(rtp.Header{SSRC: ssrc, PayloadType: b.pt, SequenceNumber: i}, noise(50))
				}
			}
		},
		"reports that lie": func(eve *peer, u *uplink, b *binding) {
			for ssrc := range eve.down.streams {
				eve.sendRTCP(
					&rtcp.SenderReport{SSRC: ssrc, NTPTime: 1 << 63, RTPTime: 7},
					&rtcp.SenderReport{SSRC: b.ssrc, NTPTime: ^uint64(0), RTPTime: 7},
					&rtcp.SenderReport{SSRC: b.ssrc},
					&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{
						SSRC: ssrc, FractionLost: 255, TotalLost: 1<<24 - 1, LastSequenceNumber: ^uint32(0),
						LastSenderReport: 1, Delay: ^uint32(0), Jitter: ^uint32(0),
					}}},
					&rtcp.Goodbye{Sources: []uint32{ssrc, b.ssrc}},
					&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 0, SSRCs: []uint32{ssrc}},
				)
			}
		},
		"RTCP that is none": func(eve *peer, u *uplink, b *binding) {
			for ssrc := range eve.down.streams {
				for kind := range uint8(32) {
					raw := binary.BigEndian.AppendUint32([]byte{0x80 | kind, 200 + kind%8, 0, 6}, ssrc)
					raw = append(binary.BigEndian.AppendUint32(raw, ssrc), noise(16)...)
					packet := rtcp.RawPacket(raw)
					eve.sendRTCP(&packet)
				}
			}
		},
	}
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		for name, do := range mischief {
			eve := w.join("eve", hostile)
			w.run(300 * time.Millisecond)
			for range 2 {
				w.undisturbed(ann, bob, name, func() {
					eve.do(func() {
						u := eve.source("camera")
						do(eve, u, u.bound.Load())
					})
				})
			}
			w.undisturbed(ann, bob, name+", and leaves", eve.leave)
		}
		w.holds(2, 2, 2)
		ann.receivesOnly(bob)
	})
}

func TestAskingForEverythingAgainBringsLittle(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		eve := w.join("eve", hostile)
		w.everyoneReceivesEveryone(time.Second)
		w.run(3 * time.Second)
		before := value(w.count.RTXSent)
		const rounds = 50
		w.undisturbed(ann, bob, "a NACK for everything", func() {
			for range rounds {
				eve.do(func() {
					for ssrc, st := range eve.down.streams {
						if st.rtx == 0 || len(st.packets) == 0 {
							continue
						}
						var pairs []rtcp.NackPair
						for base := uint16(0); base < 340; base += 17 { // 20 pairs name 340 packets
							pairs = append(pairs, rtcp.NackPair{PacketID: uint16(st.highest) - 340 + base, LostPackets: 0xffff})
						}
						eve.sendRTCP(&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: pairs})
					}
				})
				w.run(20 * time.Millisecond)
			}
		})
		// Two cameras; each packet at most three times, and not twice within a round trip.
		if n := value(w.count.RTXSent) - before; n > 2*3*(340+rounds*2) {
			t.Errorf("eve made the server send %v packets again", n)
		}
		if n := ask(ann.endpoint, func() int { return len(ann.source("camera").feedback.keyframeRequests) }); n > 10 {
			t.Errorf("eve made ann send %d keyframes", n)
		}
	})
}

func TestAFloodOfStreamsEndsWhoSendsIt(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		eve := w.join("eve", hostile)
		w.allowed.leaves++
		w.undisturbed(ann, bob, "a flood of streams", func() {
			for round := range uint32(50) {
				eve.do(func() {
					u := eve.source("camera")
					for i := range uint32(200) {
						u.throw(rtp.Header{SSRC: 1 + round*200 + i, PayloadType: 96}, []byte("x"))
					}
				})
				w.run(5 * time.Millisecond)
			}
		})
		if why := ann.told(time.Second, eve); why != "lost" {
			t.Errorf("eve is gone because %q", why)
		}
		if value(w.count.Door.Limited[metrics.LimitStreams]) == 0 {
			t.Error("not counted")
		}
		w.holds(2, 2, 2)
		eve.vanish()
	})
}
