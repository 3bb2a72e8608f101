package forward

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"sfu/sfu/media"
)

// A trace is what happens to one slot, in words parted by spaces:
//
//	q9      packet 9 of feed q, a frame of its own
//	Q9      the same, a keyframe
//	q9-     the same, but the frame goes on with the feed's next packet
//	q9.1    a VP8 frame of temporal layer 1; q9.1y has the Y bit
//	q9:2    a VP9 frame of spatial layer 2, the last of its picture; q9:2- is not,
//	        and q9:2~ goes on with the feed's next packet. Letters are the bits of
//	        its descriptor: q9:2.1pduz is of temporal layer 1
//	q9:2=7  the same, of the picture that began with packet 7
//	p9      padding, of the feed that was named last
//	>h      the target is feed h; >0 is none
//	>h:1.0  at most spatial layer 1 and temporal layer 0 of it; >h:1 any of the latter
//	|       cut
//	+40     40 ms pass
//	@h-100  from here on sender reports put feed h 100 ms back
//
// A trace that begins with a packet, or with reports and then one, begins with its
// feed as the target. Feed
// timestamps advance by 3000 a number: 30 frames a second.
type player struct {
	f     *Forwarder
	now   time.Time
	named media.Feed
	feeds map[media.Feed]*played
	steps []step
}

// played is how far a trace is with one feed.
type played struct {
	timestamp uint32 // of the picture that goes on
	picture   bool   // it does
	frame     bool   // and so does the frame
	reported  bool   // there are sender reports
	capture   uint32 // what they add
}

type step struct {
	pkt     *media.Packet
	verdict Verdict
}

func feedOf(letter byte) media.Feed {
	if letter == '0' {
		return 0
	}
	return media.Feed(letter-'a') + 1
}

func play(t *testing.T, f *Forwarder, trace string) []step {
	t.Helper()
	p := &player{f: f, now: time.Unix(1000, 0), feeds: map[media.Feed]*played{}}
	begun := false
	for _, word := range strings.Fields(trace) {
		if !begun && unicode.IsLetter(rune(word[0])) {
			f.SetTarget(feedOf(byte(unicode.ToLower(rune(word[0])))), media.TopLayer)
		}
		begun = begun || word[0] != '@'
		p.word(t, word)
	}
	return p.steps
}

// packetWord is a letter, a number, layers, bits, whether it goes on, and with
// what it began.
var packetWord = regexp.MustCompile(`^([a-zA-Z])(\d+)(:\d)?(\.\d)?([ypduz]*)([-~]?)(=\d+)?$`)

func (p *player) word(t *testing.T, word string) {
	t.Helper()
	switch letter := rune(word[0]); {
	case letter == '|':
		p.f.Cut()
	case letter == '>':
		p.named = feedOf(word[1])
		p.f.SetTarget(p.named, layerOf(t, word[2:]))
	case letter == '+':
		p.now = p.now.Add(time.Duration(number(t, word[1:])) * time.Millisecond)
	case letter == '@':
		feed := p.feed(feedOf(word[1]))
		feed.reported, feed.capture = true, uint32(number(t, word[2:])*90)
	case letter == 'p':
		pkt := p.packet(uint64(number(t, word[1:])))
		pkt.Padding = true
		p.offer(pkt)
	default:
		p.named = feedOf(byte(unicode.ToLower(letter)))
		p.media(t, word)
	}
}

func (p *player) media(t *testing.T, word string) {
	t.Helper()
	parts := packetWord.FindStringSubmatch(word)
	if parts == nil {
		t.Fatalf("trace: %q", word)
	}
	pkt, feed := p.packet(uint64(number(t, parts[2]))), p.feed(p.named)
	pkt.Keyframe = unicode.IsUpper(rune(word[0]))
	if layers := parts[3] + parts[4]; layers != "" {
		if pkt.Layer = layerOf(t, layers); parts[4] == "" {
			pkt.Layer.Temporal = 0
		}
	}
	pkt.FrameStart = p.f.kind == media.Video && !feed.frame
	switch has := func(bit string) bool { return strings.Contains(parts[5], bit) }; {
	case parts[3] != "":
		pkt.Codec = media.VP9
		pkt.VP9 = media.VP9Descriptor{
			PictureIDBits: 15, PictureID: uint16(pkt.ESN), HasTL0: true, HasLayers: true,
			InterPicture: has("p"), InterLayer: has("d"), SwitchUp: has("u"), Disposable: has("z"),
		}
	case parts[4] != "":
		pkt.Codec = media.VP8
		pkt.VP8 = media.VP8Descriptor{
			PictureIDBits: 15, PictureID: uint16(pkt.ESN), HasTL0: true, HasTID: true,
			TID: pkt.Layer.Temporal, Sync: has("y"), Size: 6,
		}
	}
	if parts[7] != "" {
		pkt.Timestamp = p.packet(uint64(number(t, parts[7][1:]))).Timestamp
	} else if feed.picture {
		pkt.Timestamp = feed.timestamp
	}
	feed.timestamp = pkt.Timestamp
	feed.picture = p.f.kind == media.Video && parts[6] != ""
	feed.frame = feed.picture && (parts[6] == "~" || parts[3] == "")
	pkt.Marker = p.f.kind == media.Video && !feed.picture
	pkt.FrameEnd = p.f.kind == media.Video && !feed.frame
	pkt.Capture, pkt.HasCapture = pkt.Timestamp-uint32(pkt.Feed)<<28+feed.capture, feed.reported
	p.offer(pkt)
}

func (p *player) feed(feed media.Feed) *played {
	if p.feeds[feed] == nil {
		p.feeds[feed] = &played{}
	}
	return p.feeds[feed]
}

// layerOf reads ":1.0". Without the second there is any, without the first 0.
func layerOf(t *testing.T, s string) media.Layer {
	t.Helper()
	if s == "" {
		return media.TopLayer
	}
	spatial, temporal, _ := strings.Cut(s, ".")
	layer := media.Layer{Temporal: media.MaxTemporal - 1}
	if spatial != "" {
		layer.Spatial = uint8(number(t, spatial[1:]))
	}
	if temporal != "" {
		layer.Temporal = uint8(number(t, temporal))
	}
	return layer
}

func (p *player) packet(n uint64) *media.Packet {
	return &media.Packet{Header: media.Header{
		Feed:      p.named,
		ESN:       1<<16 + n,
		Timestamp: uint32(p.named)<<28 + uint32(n)*3000,
		Arrival:   p.now,
	}}
}

func (p *player) offer(pkt *media.Packet) {
	p.steps = append(p.steps, step{pkt, p.f.Forward(pkt)})
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("trace: %v", err)
	}
	return n
}

// kept prints one thing of every verdict that keeps its packet.
func kept[T any](steps []step, thing func(Verdict) T) string {
	var b strings.Builder
	for _, s := range steps {
		if s.verdict.Drop == media.Kept {
			fmt.Fprint(&b, " ", thing(s.verdict))
		}
	}
	return strings.TrimPrefix(b.String(), " ")
}

func seqs(steps []step) string { return kept(steps, func(v Verdict) uint16 { return v.Seq }) }

// fates prints the number of every packet that goes out, in brackets where it is
// hollow, with a ' where it ends a picture; a dot for each that does not.
func fates(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		switch v := s.verdict; {
		case v.Drop != media.Kept:
			b.WriteString(" .")
		case v.Hollow:
			fmt.Fprintf(&b, " (%d)", v.Seq)
		case v.Marker:
			fmt.Fprintf(&b, " %d'", v.Seq)
		default:
			fmt.Fprintf(&b, " %d", v.Seq)
		}
	}
	return strings.TrimPrefix(b.String(), " ")
}
