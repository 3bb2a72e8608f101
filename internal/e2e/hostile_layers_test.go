package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/sfu/media"
	"sfu/signaling/wire"
)

// thrower throws packets of eve's camera, numbered on from where it stands.
type thrower struct {
	u   *uplink
	rng *rand.Rand
	n   uint16
}

// packet throws one packet. Of the Dependency Descriptor nil is none.
func (t *thrower) packet(pt uint8, descriptor, payload []byte) {
	b := t.u.bound.Load()
	t.n++
	h := rtp.Header{SSRC: b.ssrc, PayloadType: pt, SequenceNumber: t.u.seq + t.n, Timestamp: t.u.clock + 3600*uint32(t.n)}
	if descriptor != nil {
		if err := h.SetExtension(b.ids[extDependency], descriptor); err != nil {
			t.u.e.t.Error(err)
		}
	}
	t.u.throw(h, payload)
}

func (t *thrower) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(t.rng.Uint32())
	}
	return b
}

// rid throws a packet of another SSRC that says whose it is.
func (t *thrower) rid(ssrc uint32, rid string) {
	b := t.u.bound.Load()
	h := rtp.Header{SSRC: ssrc, PayloadType: b.pt, SequenceNumber: t.n}
	t.n++
	for uri, value := range map[string]string{extMid: b.mid, extRid: rid} {
		if err := h.SetExtension(b.ids[uri], []byte(value)); err != nil {
			t.u.e.t.Error(err)
		}
	}
	t.u.throw(h, t.noise(50))
}

func TestNonsenseInLayersHarmsNobodyElse(t *testing.T) {
	whole := descriptor(true, true, 7, 0, 0, true, threeSizes)
	of := map[string]struct {
		camera   func() []*reel
		refused  media.Drop // among why
		mischief map[string]func(*thrower, *binding)
	}{
		"AV1": {svc(formatAV1), media.DropStructure, map[string]func(*thrower, *binding){
			"descriptors cut short": func(t *thrower, b *binding) {
				for n := 1; n < len(whole); n++ {
					t.packet(b.pt, whole[:n], append(headAV1(stamp{key: true, first: true, last: true}), t.noise(50)...))
				}
			},
			"descriptors of noise": func(t *thrower, b *binding) {
				for range 300 {
					t.packet(b.pt, t.noise(1+t.rng.IntN(255)), t.noise(50))
				}
			},
			"descriptors with a bit wrong": func(t *thrower, b *binding) {
				for i := range 8 * len(whole) {
					bent := append([]byte(nil), whole...)
					bent[i/8] ^= 0x80 >> (i % 8)
					t.packet(b.pt, bent, append(headAV1(stamp{key: true, first: true, last: true}), t.noise(50)...))
				}
			},
			"frames that end before they begin": func(t *thrower, b *binding) {
				for i := range 300 {
					t.packet(b.pt, descriptor(i%2 == 1, i%2 == 0, uint16(i*i), i%3, i%4, i%5 == 0, threeSizes), t.noise(50))
				}
			},
			"no descriptors": func(t *thrower, b *binding) {
				for range 300 {
					t.packet(b.pt, nil, t.noise(50))
				}
			},
		}},
		"VP9": {svc(formatVP9), media.DropMalformed, map[string]func(*thrower, *binding){
			"layers beyond all": func(t *thrower, b *binding) {
				for i := range 300 {
					t.packet(b.pt, nil, append([]byte{0xae, 0x81, byte(i), byte(i), byte(i * 7), 0xff}, t.noise(60)...))
				}
			},
			"descriptors of noise": func(t *thrower, b *binding) {
				for i := range 300 {
					t.packet(b.pt, nil, t.noise(i%40))
				}
			},
			"references without end": func(t *thrower, b *binding) {
				for range 300 {
					t.packet(b.pt, nil, []byte{0xd8, 1, 0xff, 0xff, 0xff, 0xff, 0xff})
				}
			},
		}},
		"VP8": {simulcast, media.DropUnknown, map[string]func(*thrower, *binding){
			"temporal layers in disorder": func(t *thrower, b *binding) {
				for i := range 300 {
					head := []byte{0x90, 0xf0, byte(t.rng.Uint32()) | 0x80, byte(t.rng.Uint32()), byte(t.rng.Uint32()), byte(i)}
					t.packet(b.pt, nil, append(append(head, 0x11, 2, 0), t.noise(40)...))
				}
			},
			"keyframes of all sizes": func(t *thrower, b *binding) {
				for i := range 300 {
					w, h := byte(i), byte(i>>4)
					t.packet(b.pt, nil, append([]byte{0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, w, h, h, w}, t.noise(40)...))
				}
			},
			"rids of nothing": func(t *thrower, _ *binding) {
				for i := range uint32(300) {
					t.rid(1000+i, fmt.Sprint("x", i%16))
				}
			},
			"streams that fight for a rid": func(t *thrower, _ *binding) {
				for i := range uint32(300) {
					t.rid(1000+i%5, "h")
				}
			},
			"a payload type of sound": func(t *thrower, _ *binding) {
				for range 300 {
					t.packet(t.u.e.brand.red, nil, t.noise(50))
				}
			},
			"reports that contradict each other": func(t *thrower, _ *binding) {
				for i := range uint64(50) {
					for _, u := range t.u.e.ups {
						t.u.e.sendRTCP(&rtcp.SenderReport{SSRC: u.bound.Load().ssrc, NTPTime: i * i << 56, RTPTime: t.rng.Uint32()})
					}
				}
			},
		}},
	}
	for name, kind := range of {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				ann, bob := w.join("ann"), w.join("bob")
				w.everyoneReceivesEveryone(time.Second)
				for what, do := range kind.mischief {
					eve := w.join("eve", hostile, filming(kind.camera))
					w.run(300 * time.Millisecond)
					w.undisturbed(ann, bob, what, func() {
						eve.do(func() {
							u := eve.source("camera")
							do(&thrower{u: u, rng: rand.New(rand.NewPCG(3, 4))}, u.bound.Load())
						})
					})
					eve.leave()
				}
				w.holds(2, 2, 2)
				ann.receivesOnly(bob)
				if n := value(w.count.PacketsRefused[kind.refused]); n < 20 {
					t.Errorf("%v packets were refused as %s", n, kind.refused)
				}
			})
		})
	}
}

func TestNonsenseInREDHarmsNobodyElse(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann", redundantly), w.join("bob", redundantly)
		w.everyoneReceivesEveryone(time.Second)
		eve := w.join("eve", hostile, redundantly)
		w.run(300 * time.Millisecond)
		w.undisturbed(ann, bob, "RED that lies", func() {
			eve.do(func() {
				u := eve.source("microphone")
				th := &thrower{u: u, rng: rand.New(rand.NewPCG(5, 6))}
				for i := range 300 {
					lie := th.noise(i % 60)
					if len(lie) > 0 && i%3 > 0 {
						lie[0] |= 0x80
					}
					th.packet(u.bound.Load().pt, nil, lie)
				}
			})
		})
	})
}

func TestAFlickeringTileCostsItsPublisherLittle(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending())
		bob.shows(ann, 1280, time.Second)
		eve := w.join("eve", sending())
		eve.shows(ann, 1280, time.Second)
		track := eve.trackOf(ann, "camera")
		began := time.Now()
		requests := func() (n int) {
			ann.do(func() {
				for _, u := range ann.encodings("camera") {
					n += len(u.feedback.keyframeRequests)
				}
			})
			return n
		}
		before := requests()
		for i := range 150 { // as many as she may say
			wish := wire.TrackWish{Track: track, Paused: i%4 == 0}
			if i%2 == 0 {
				wish.Width, wish.Height = 160, 90
			}
			eve.wish(wish)
			w.run(20 * time.Millisecond)
		}
		// One in 320 ms of each of two encodings is what ann would grant anybody.
		if n := requests() - before; n > 2*int(time.Since(began)/(320*time.Millisecond))+2 {
			t.Errorf("ann was asked for %d keyframes", n)
		}
		bob.moves(ann, began, flowing)
		eve.wish(wire.TrackWish{Track: track, Width: 160, Height: 90})
		eve.shows(ann, 320, 2*time.Second)
	})
}

func TestWishesForWhatIsNotThereAreForgotten(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		w.undisturbed(ann, bob, "wishes for nothing", func() {
			for round := range 20 {
				var wishes []wire.TrackWish
				for i := range wire.MaxWishes {
					wishes = append(wishes, wire.TrackWish{Track: fmt.Sprintf("%s.%d.%d", ann.me.ID, round, i), Pinned: true})
				}
				bob.wish(wishes...)
				bob.wish(wire.TrackWish{Track: bob.me.ID + ".1", Paused: true}) // his own
			}
		})
		if codes := bob.errors(); len(codes) > 0 {
			t.Errorf("bob was told %v", codes)
		}
		ann.receivesOnly(bob)
		bob.receivesOnly(ann)
	})
}
