package forward

import (
	"testing"
	"time"

	"sfu/sfu/media"
)

// FuzzForward reads its input as things that happen to one slot, two bytes
// each: what, to which of four feeds (0 is none), and how far.
func FuzzForward(f *testing.F) {
	f.Add(false, []byte("\x01\x00\x09\x00\x05\x00\x05\x00\x0a\x00\x06\x00"))
	f.Add(true, []byte("\x09\x00\x11\x01\x0d\x03\x15\x02\x02\x00\x06\x00\x01\x00\x19\x04"))
	f.Add(true, []byte("\x02\x00\x0a\x00\x12\x00\x12\x00\x16\x03\x06\x01\x1c\x00\x0a\x00\x0a\x00"))
	f.Fuzz(func(t *testing.T, video bool, story []byte) {
		kind := media.Audio
		if video {
			kind = media.Video
		}
		// Longer ones could lap the 16-bit numbers.
		story = story[:min(len(story), 240)]
		c := newChecker(t, kind, 65500, 1<<32-1000)
		now := time.Unix(0, 0)
		var next [4]uint64
		for ; len(story) >= 2; story = story[2:] {
			feed, what, far := story[0]&3, story[0]>>2&7, uint64(story[1])
			if next[feed] == 0 {
				next[feed] = 1<<16 + 100*uint64(feed)
			}
			pkt := &media.Packet{Header: media.Header{
				Feed: media.Feed(feed), ESN: next[feed] + far, Marker: far&1 == 0,
				Codec: media.VP8,
				VP8:   media.VP8Descriptor{PictureIDBits: 15 - 8*(feed&1), PictureID: uint16(far) & 0x7f, HasTL0: true},
			}}
			switch what {
			case 0:
				c.f.SetTarget(pkt.Feed, media.TopLayer)
				continue
			case 1:
				c.cut()
				continue
			case 2:
				pkt.Keyframe = true
			case 3:
				pkt.Padding = true
			case 4:
				pkt.ESN = next[feed] - min(far, 99) - 1
			case 5:
				now = now.Add(time.Duration(far) * time.Second)
			case 6:
				now = now.Add(-time.Duration(far) * time.Millisecond)
			}
			pkt.Arrival = now
			pkt.Timestamp = uint32(feed)<<30 + uint32(pkt.ESN)*3000
			next[feed] = max(next[feed], pkt.ESN+1)
			c.offer(pkt)
		}
		c.finish()
	})
}

// FuzzLayers reads its input as packets of layered feeds that say whatever they
// like of themselves, three bytes each: what, of which layer, and how far.
func FuzzLayers(f *testing.F) {
	f.Add(uint8(media.VP8), []byte("\x11\x00\x00\x41\x20\x00\x01\x10\x00\x02\x00\x00\x41\x10\x01\x01\x00\x00"))
	f.Add(uint8(media.VP9), []byte("\x11\x00\x00\x81\x01\x00\xc1\x42\x00\x02\x01\x00\x41\xc0\x00\x41\xc1\x00\x41\xc2\x01"))
	f.Add(uint8(media.AV1), []byte("\x11\x00\xff\x01\x01\xaa\x01\x02\x55\x02\x01\x03\x41\x00\x81\x41\x01\x42\x43\x02\x01"))
	f.Fuzz(func(t *testing.T, codec uint8, story []byte) {
		w := newWitness(t, 65500, 1<<32-1000)
		w.f.SetTarget(1, media.TopLayer)
		structures := [...]*media.Structure{
			newEncoder(media.AV1, 3, 3).structure,
			{Targets: 3, Chains: 1, Protected: [media.MaxDecodeTargets]uint8{0, 9, 255}},
			{Targets: 200, Chains: 200},
		}
		next := [4]uint64{1 << 16, 1 << 16, 1 << 16, 1 << 16}
		// Longer ones could lap the 16-bit numbers, or what is remembered.
		for story = story[:min(len(story), 240)]; len(story) >= 3; story = story[3:] {
			what, layer, far := story[0], story[1], story[2]
			feed := what & 3
			pkt := &media.Packet{Header: media.Header{
				Feed: media.Feed(feed), ESN: next[feed] + uint64(far&7), Codec: media.Codec(codec % 7),
				Layer:  media.Layer{Spatial: layer & 3, Temporal: layer >> 2 & 3},
				Marker: far&16 != 0, FrameEnd: far&32 != 0, FrameStart: what&64 != 0,
				Capture: uint32(far) * 3000, HasCapture: far&8 != 0,
			}}
			pkt.VP8 = media.VP8Descriptor{PictureIDBits: 15, HasTID: true, Sync: layer&16 != 0}
			pkt.VP9 = media.VP9Descriptor{
				PictureIDBits: 7, InterPicture: layer&64 != 0, InterLayer: layer&128 != 0,
				SwitchUp: layer&16 != 0, Disposable: layer&32 != 0,
			}
			if pkt.Codec == media.AV1 || far&64 != 0 {
				pkt.Dependency = media.Dependency{
					Raw: []byte{0}, Structure: structures[int(far>>5)%3], Fresh: layer&16 != 0,
					Frame: uint16(next[feed]) + uint16(far)<<8, Active: uint32(far)<<1 | 1,
					Indications: uint64(layer) * 0x0101010101 << (far & 7),
					ChainDiffs:  [media.MaxChains]uint8{layer, far, layer ^ far, far & 1},
				}
			}
			switch what >> 2 & 7 {
			case 0:
				w.f.SetTarget(pkt.Feed, pkt.Layer)
				continue
			case 1:
				w.f.Cut()
				continue
			case 2, 4:
				pkt.Keyframe, pkt.FrameStart = true, true
			case 3:
				pkt.Padding = true
			case 5:
				pkt.ESN = next[feed] - uint64(far&31) - 1
			}
			next[feed] = max(next[feed], pkt.ESN+1)
			pkt.Timestamp = uint32(feed)<<30 + uint32(pkt.ESN>>1)*3000
			w.offer(pkt)
			w.f.NeedsKeyframe()
			w.f.Layer()
		}
		w.finish()
	})
}
