package forward

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"sfu/sfu/media"
)

// A trace is what happens to one slot, in words parted by spaces:
//
//	q9    packet 9 of feed q, a frame of its own
//	Q9    the same, a keyframe
//	q9-   the same, but the frame goes on with the feed's next packet
//	p9    padding, of the feed that was named last
//	>h    the target is feed h; >0 is none
//	|     cut
//	+40   40 ms pass
//
// A trace that begins with a packet begins with its feed as the target. Feed
// timestamps advance by 3000 a number: 30 frames a second.
type player struct {
	f     *Forwarder
	now   time.Time
	named media.Feed
	frame map[media.Feed]uint32 // timestamps of the frames that go on
	steps []step
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
	p := &player{f: f, now: time.Unix(1000, 0), frame: map[media.Feed]uint32{}}
	for i, word := range strings.Fields(trace) {
		if i == 0 && unicode.IsLetter(rune(word[0])) {
			f.SetTarget(feedOf(byte(unicode.ToLower(rune(word[0])))), media.TopLayer)
		}
		p.word(t, word)
	}
	return p.steps
}

func (p *player) word(t *testing.T, word string) {
	t.Helper()
	switch letter := rune(word[0]); {
	case letter == '|':
		p.f.Cut()
	case letter == '>':
		p.named = feedOf(word[1])
		p.f.SetTarget(p.named, media.TopLayer)
	case letter == '+':
		p.now = p.now.Add(time.Duration(number(t, word[1:])) * time.Millisecond)
	case letter == 'p':
		pkt := p.packet(uint64(number(t, word[1:])))
		pkt.Padding = true
		p.offer(pkt)
	default:
		p.named = feedOf(byte(unicode.ToLower(letter)))
		rest, goesOn := strings.CutSuffix(word[1:], "-")
		pkt := p.packet(uint64(number(t, rest)))
		pkt.Marker = p.f.kind == media.Video && !goesOn
		pkt.Keyframe = unicode.IsUpper(letter)
		if frame, ok := p.frame[p.named]; ok {
			pkt.Timestamp = frame
		}
		delete(p.frame, p.named)
		if goesOn {
			p.frame[p.named] = pkt.Timestamp
		}
		p.offer(pkt)
	}
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
