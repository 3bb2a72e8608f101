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
