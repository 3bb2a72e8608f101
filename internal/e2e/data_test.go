package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling/wire"
)

// hears waits until p has got these messages on a channel, in this order, and
// nothing else.
func (p *peer) hears(within time.Duration, from *peer, label string, want ...string) {
	p.w.t.Helper()
	p.w.await(within, fmt.Sprintf("%s hears all of %s's %s", p.name, from.name, label), func() bool {
		return p.countHeard(from, label) >= len(want)
	})
	if got := p.heard(from, label); !slices.Equal(got, want) {
		p.w.t.Errorf("%s heard %.200q, not %.200q", p.name, got, want)
	}
}

// finds waits until p has a channel that another peer opened.
func (p *peer) finds(from *peer, label string) *webrtc.DataChannel {
	p.w.t.Helper()
	p.w.await(time.Second, fmt.Sprintf("%s finds %s's channel %q", p.name, from.name, label), func() bool {
		return p.channelFrom(from, label) != nil
	})
	return p.channelFrom(from, label).dc
}

func TestEveryoneHearsWhatIsSaidOnAChannel(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, cas := w.join("ann"), w.join("bob"), w.join("cas")
		chat := ann.opens("chat", nil)
		var said []string
		for i := range 200 {
			said = append(said, fmt.Sprintf("message %d", i))
			check(t, chat.SendText(said[i]))
		}
		bob.hears(2*time.Second, ann, "chat", said...)
		cas.hears(2*time.Second, ann, "chat", said...)
		if ann.channelFrom(ann, "chat") != nil {
			t.Error("ann hears herself")
		}

		reply := bob.opens("chat", nil) // the same label, another sender
		check(t, reply.SendText("hello ann"))
		ann.hears(time.Second, bob, "chat", "hello ann")
		cas.hears(time.Second, bob, "chat", "hello ann")
	})
}

func TestTextStaysTextAndBinaryBinary(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		chat := ann.opens("chat", nil)
		check(t, chat.SendText("grüß Gott"))
		check(t, chat.Send([]byte{0, 0xff, 0x80}))
		check(t, chat.SendText(""))
		check(t, chat.Send(nil))
		bob.hears(time.Second, ann, "chat", "grüß Gott", "\x00\xff\x80", "", "")
		var kinds []bool
		for _, m := range bob.channelFrom(ann, "chat").messages {
			kinds = append(kinds, m.IsString)
		}
		if !slices.Equal(kinds, []bool{true, false, true, false}) {
			t.Errorf("text or not: %v", kinds)
		}
	})
}

func TestAChannelKeepsItsShape(t *testing.T) {
	no, never, second := false, uint16(0), uint16(1000)
	for name, init := range map[string]*webrtc.DataChannelInit{
		"reliable":                   nil,
		"unordered":                  {Ordered: &no},
		"unordered, no repeats":      {Ordered: &no, MaxRetransmits: &never},
		"given up after one second":  {MaxPacketLifeTime: &second},
		"ordered, without a repeat":  {MaxRetransmits: &never},
		"unordered, given up in 1 s": {Ordered: &no, MaxPacketLifeTime: &second},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				ann, bob := w.join("ann"), w.join("bob")
				up := ann.opens("shape of "+name, init)
				down := bob.finds(ann, up.Label())
				same := func(a, b *uint16) bool { return a == b || a != nil && b != nil && *a == *b }
				if down.Ordered() != up.Ordered() || !same(down.MaxRetransmits(), up.MaxRetransmits()) ||
					!same(down.MaxPacketLifeTime(), up.MaxPacketLifeTime()) {
					t.Errorf("ordered %t, not %t; or another number of repeats or life time", down.Ordered(), up.Ordered())
				}
				check(t, up.SendText("x"))
				bob.hears(time.Second, ann, up.Label(), "x")
			})
		})
	}
}

func TestAWhisperReachesOnlyOne(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, cas := w.join("ann"), w.join("bob"), w.join("cas")
		to := "to=" + bob.me.ID
		whisper := ann.opens("whisper", &webrtc.DataChannelInit{Protocol: &to})
		check(t, whisper.SendText("psst"))
		bob.hears(time.Second, ann, "whisper", "psst")
		dan := w.join("dan")
		w.run(500 * time.Millisecond)
		for _, p := range []*peer{cas, dan} {
			if p.channelFrom(ann, "whisper") != nil {
				t.Errorf("%s has the channel, too", p.name)
			}
		}
		nobody := "to=nobody"
		ann.opens("void", &webrtc.DataChannelInit{Protocol: &nobody})
		w.await(time.Second, "ann is told that nobody is there", func() bool {
			return slices.Equal(ann.errors(), []wire.Code{wire.CodeNotFound})
		})
	})
}

func TestALateJoinerGetsTheChannelsThatAreOpen(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		chat := ann.opens("chat", nil)
		check(t, chat.SendText("nobody hears this"))
		w.run(time.Second)
		bob := w.join("bob")
		bob.finds(ann, "chat")
		check(t, chat.SendText("hello bob"))
		bob.hears(time.Second, ann, "chat", "hello bob")
	})
}

func TestAChannelEndsForEveryoneWhenItsOwnerEndsItOrLeaves(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		chat, game := ann.opens("chat", nil), ann.opens("game", nil)
		check(t, chat.SendText("bye"))
		bob.hears(time.Second, ann, "chat", "bye")
		bob.finds(ann, "game")
		check(t, chat.Close())
		w.await(time.Second, "bob's copy is closed", func() bool { return bob.channelClosed(ann, "chat") })
		if bob.channelClosed(ann, "game") {
			t.Error("another channel was closed as well")
		}
		check(t, game.SendText("still here"))
		bob.hears(time.Second, ann, "game", "still here")
		ann.leave()
		w.await(time.Second, "the other copy is closed", func() bool { return bob.channelClosed(ann, "game") })
		if n := value(w.count.DataChannels); n != 0 {
			t.Errorf("%v channels are left", n)
		}
	})
}

func TestAReceiverMayCloseItsCopyAlone(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, cas := w.join("ann"), w.join("bob"), w.join("cas")
		chat := ann.opens("chat", nil)
		down := bob.finds(ann, "chat")
		w.run(100 * time.Millisecond)
		check(t, down.Close())
		w.run(500 * time.Millisecond)
		check(t, chat.SendText("still there?"))
		cas.hears(time.Second, ann, "chat", "still there?")
	})
}

func TestAMessageAtTheLimitPassesAndOneAboveDoesNot(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann", rude), w.join("bob")
		chat, other := ann.opens("chat", nil), ann.opens("other", nil)
		largest := bytes.Repeat([]byte("x"), sfu.MaxDataMessage)
		if ann.limits.DataMessageBytes != len(largest) {
			t.Errorf("welcome promises messages of %d bytes", ann.limits.DataMessageBytes)
		}
		check(t, chat.Send(largest))
		bob.hears(2*time.Second, ann, "chat", string(largest))

		check(t, chat.Send(append(largest, 'x')))
		w.await(2*time.Second, "ann is told", func() bool {
			return slices.Equal(ann.errors(), []wire.Code{wire.CodeTooLarge})
		})
		w.await(time.Second, "the channel is closed", func() bool { return bob.channelClosed(ann, "chat") })
		check(t, other.SendText("x"))
		bob.hears(time.Second, ann, "other", "x")
		bob.receives(time.Second, ann)
	})
}

func TestWhatIsWrittenOnSomebodyElsesChannelGoesNowhere(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, cas := w.join("ann"), w.join("bob"), w.join("cas")
		chat := ann.opens("chat", nil)
		down := bob.finds(ann, "chat")
		w.run(100 * time.Millisecond)
		check(t, down.SendText("I am ann"))
		check(t, chat.SendText("I am"))
		cas.hears(time.Second, ann, "chat", "I am")
		bob.hears(time.Second, ann, "chat", "I am")
		w.run(100 * time.Millisecond)
		if n := value(w.count.DataDropped[metrics.DataReply]); n != 1 {
			t.Errorf("%v messages were dropped because only ann may write", n)
		}
	})
}

func TestOneWhoOpensTooManyChannelsIsRefused(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		for i := range ann.limits.DataChannels {
			ann.opens(fmt.Sprint(i), nil)
		}
		w.run(100 * time.Millisecond)
		if codes := ann.errors(); len(codes) > 0 {
			t.Fatalf("ann is told %v within her limit", codes)
		}
		ann.opens("one too many", nil)
		w.await(time.Second, "ann is told", func() bool { return len(ann.errors()) == 1 })
		if bob.channelFrom(ann, "one too many") != nil {
			t.Error("bob has the channel that was refused")
		}
		if n := value(w.count.Door.Limited[metrics.LimitChannels]); n != 1 {
			t.Errorf("counted %v times", n)
		}
		bob.receives(time.Second, ann)
	})
}

func TestASlowReaderIsCutOffAndHoldsUpNobody(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, slow := w.join("ann"), w.join("bob"), w.join("slow")
		file, chat := ann.opens("file", nil), ann.opens("chat", nil)
		for _, p := range []*peer{bob, slow} {
			p.finds(ann, "file")
			p.finds(ann, "chat")
		}
		w.run(100 * time.Millisecond)
		slow.data.stall()
		const messages = 256
		block := bytes.Repeat([]byte("x"), 32<<10) // 8 MiB in all
		for range messages {
			check(t, file.Send(block))
		}
		check(t, chat.SendText("done?"))
		w.await(30*time.Second, "bob has the whole file", func() bool {
			return bob.countHeard(ann, "file") == messages
		})
		bob.hears(time.Second, ann, "chat", "done?")
		bob.receives(time.Second, ann, slow)
		slow.receives(time.Second, ann, bob) // his media is as good as ever

		w.await(10*time.Second, "the slow one is told", func() bool {
			return slices.Contains(slow.errors(), wire.CodeSlowConsumer)
		})
		if n := value(w.count.DataDropped[metrics.DataCut]); n < 1 {
			t.Errorf("%v channels were cut", n)
		}
		slow.data.release()
		w.await(5*time.Second, "the slow one's copy is closed", func() bool { return slow.channelClosed(ann, "file") })
		// A queue and SCTP's buffers on both sides: all that ever waited for him.
		if got := slow.channelFrom(ann, "file").bytes; got > 4<<20 {
			t.Errorf("the server had kept %d bytes for one who did not read", got)
		}
		check(t, file.SendText("more"))
		w.await(5*time.Second, "bob has more", func() bool { return bob.countHeard(ann, "file") == messages+1 })
	})
}

func TestALossyChannelDropsTheOldestForASlowReader(t *testing.T) {
	play(t, func(w *world) {
		ann, bob, slow := w.join("ann"), w.join("bob"), w.join("slow")
		no, never := false, uint16(0)
		init := &webrtc.DataChannelInit{Ordered: &no, MaxRetransmits: &never}
		cursor := ann.opens("cursor", init)
		bob.finds(ann, "cursor")
		slow.finds(ann, "cursor")
		w.run(settled)
		slow.data.stall()
		pad := bytes.Repeat([]byte(" "), 4<<10)
		const messages = 400 // 1.6 MiB
		for i := range messages {
			check(t, cursor.SendText(fmt.Sprintf("%d%s", i, pad)))
			w.run(20 * time.Millisecond) // 1.6 Mbit/s
		}
		w.run(time.Second)
		if n := bob.countHeard(ann, "cursor"); n != messages {
			t.Errorf("bob, who reads, got %d of %d messages", n, messages)
		}
		if n := value(w.count.DataDropped[metrics.DataStale]); n < 50 {
			t.Errorf("%v messages were dropped as stale", n)
		}
		slow.data.release()
		w.run(2 * time.Second)
		check(t, cursor.SendText("newest"))
		w.await(2*time.Second, "the slow one is up to date", func() bool {
			heard := slow.heard(ann, "cursor")
			return len(heard) > 0 && heard[len(heard)-1] == "newest"
		})
		if len(slow.errors()) > 0 {
			t.Errorf("the slow one is told %v: a lossy channel is never cut", slow.errors())
		}
	})
}
