package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pion/rtcp"
)

// In a story a number or a range of numbers is sent. r20,2 is a report whose
// highest number is 20 and which has lost 2 in all; behind it stands how many of
// how many sent packets got lost since the last one, or - where nothing is told.
func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, story string }{
		{"the first report is where counting begins", "1-10 r10,0=-"},
		{"nothing lost", "1-10 r10,0=- 11-20 r20,0=0/10"},
		{"lost on the way", "1-10 r10,0=- 11-20 r20,2=2/10"},
		{"what was lost before the first report", "1-10 r10,4=- 11-20 r20,6=2/10"},
		{"all but the one that is reported", "1-10 r10,0=- 11-20 r20,9=9/10"},
		{"each report for itself", "1-10 r10,0=- 11-20 r20,5=5/10 21-30 r30,5=0/10 31-32 r32,6=1/2"},
		{"some are still under way", "1-20 r10,0=- 21-30 r15,1=1/5 r25,1=0/10"},

		{"what never reached us was not lost down here", "1-10 r10,0=- 11-15 18-20 r20,2=0/8"},
		{"lost up there and down here", "1-10 r10,0=- 11-15 18-20 r20,3=1/8"},
		{"a gap that the report does not know of yet", "1-10 r10,0=- 11-20 25-30 r20,1=1/10 r30,5=0/6"},
		{"a gap filled in time", "1-10 r10,0=- 11-15 18-20 17 16 r20,0=0/10"},
		{"and one of it lost", "1-10 r10,0=- 11-15 18-20 17 16 r20,1=1/10"},
		{"a gap filled after it was reported", "1-10 r10,0=- 11-15 17-20 r20,1=0/9 16 21-30 r30,0=0/11"},
		{"and that lost", "1-10 r10,0=- 11-15 17-20 r20,1=0/9 16 21-30 r30,1=1/11"},
		{"a gap filled while the report was under way", "1-10 r10,0=- 11-15 17-20 16 r20,1=1/10 21-30 r30,0=0/10"},
		{"repeated on the slot's own stream", "1-10 r10,0=- 11-20 15 r20,0=1/11"},
		{"repeated there after it was reported", "1-10 r10,0=- 11-20 r20,1=1/10 15 21-30 r30,0=0/11"},

		{"numbers that wrap", "65530-65535 r65535,0=- 65536-65545 r65545,1=1/10"},
		{"a report across the wrap", "65530-65545 r65532,0=- r65540,2=2/8"},
		{"a total that wraps", "1-10 r10,16777215=- 11-20 r20,1=2/10"},
		{"fewer lost in all: late ones or doubles", "1-10 r10,5=- 11-20 r20,3=0/10"},
		{"less than none lost in all", "1-10 r10,0=- 11-20 r20,16777214=0/10 21-30 r30,1=3/10"},

		{"a report before anything was sent", "r0,0=- r10,0=- 1-10 r10,0=- 11-20 r20,0=0/10"},
		{"the same report again", "1-10 r10,0=- 11-20 r20,2=2/10 r20,2=-"},
		{"a report that comes late", "1-10 r10,0=- 11-30 r30,2=2/20 r20,1=- 31-40 r40,2=0/10"},
		{"a number from the future", "1-10 r10,0=- 11-20 r21,0=- r20,1=1/10"},
		{"from far in the future", "1-10 r10,0=- 11-20 r30000,0=- r40000,0=- r20,1=1/10"},
		{"one in whose place an old one was sent", "1-3000 r2990,0=- r3005,0=- r3000,1=1/10"},
		{"a number that was never sent", "1-10 r10,0=- 11-15 18-20 r16,0=- r20,2=0/8"},
		{"more lost than there are numbers", "1-10 r10,0=- 11-20 r20,11=- 21-30 r30,11=0/10"},
		{"everything lost for ever", "1-10 r10,8388607=- 11-20 r20,8388607=0/10"},
		{"no report for long", "1-10 r10,0=- 11-3000 r3000,0=- 3001-3010 r3010,1=1/10"},
		{"the longest time without one", "1-10 r10,0=- 11-2058 r2058,1=1/2048"},
		{"longer than that", "1-10 r10,0=- 11-2059 r2059,1=- 2060 r2060,1=0/1"},
		{"a number from long ago", "1-3000 r900,0=- r953,0=- 3001-3010 r3010,0=-"},
		{"a packet from long ago does not become a new one", "1-10 12-3000 r3000,0=- 3001-3010 11 r3010,0=0/10"},
		{"a leap over all that is remembered", "1-3001 r3001,0=- 5049 r5049,0=0/1"},
		{"a leap over more than is remembered", "1-10 r10,0=- 5000-5009 r5000,0=- r5009,0=0/9"},
	} {
		if err := playDelivery(tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func playDelivery(story string) error {
	var d Delivery
	for i, word := range strings.Fields(story) {
		var from, to, total uint32
		var want string
		if _, err := fmt.Sscanf(word, "r%d,%d=%s", &to, &total, &want); err == nil {
			lost, sent, ok := d.Note(rtcp.ReceptionReport{LastSequenceNumber: to, TotalLost: total})
			got := "-"
			if ok {
				got = fmt.Sprintf("%d/%d", lost, sent)
			}
			if got != want {
				return fmt.Errorf("word %d, %s: got %s", i, word, got)
			}
			continue
		}
		if n, _ := fmt.Sscanf(word, "%d-%d", &from, &to); n == 1 {
			to = from
		}
		for seq := from; seq <= to; seq++ {
			d.Sent(uint16(seq))
		}
	}
	return nil
}

// subscriber counts what it gets as RFC 3550, A.3 has it.
type subscriber struct {
	first, highest uint64
	received       uint64
}

func (s *subscriber) take(esn uint64) {
	if s.received == 0 {
		s.first = esn
	}
	s.received++
	s.highest = max(s.highest, esn)
}

func (s *subscriber) report() rtcp.ReceptionReport {
	return rtcp.ReceptionReport{
		LastSequenceNumber: uint32(s.highest),
		TotalLost:          uint32(s.highest-s.first+1-s.received) & 0xffffff,
	}
}

// A publisher loses packets on its way to us, repeats most of them 100 ms later,
// and we send all of that on; the path to the subscriber loses some itself. What
// Delivery counts is the latter alone, with reports that come 50 ms late.
func TestLossOfTheUplinkIsNotTheDownlinks(t *testing.T) {
	t.Parallel()
	const rate, rounds = 300, 100 * 300
	for _, loss := range []struct{ up, down float64 }{{0, 0}, {0.1, 0}, {0, 0.1}, {0.1, 0.02}, {0.3, 0.05}} {
		t.Run(fmt.Sprint(loss), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(5, 6))
			var d Delivery
			var s subscriber
			var lost, sent, truly int
			repairs := make(map[int][]uint64) // when which come
			reports := make(map[int]rtcp.ReceptionReport)
			send := func(esn uint64) {
				d.Sent(uint16(esn))
				if r.Float64() < loss.down {
					truly++
					return
				}
				s.take(esn)
			}
			for now := range rounds {
				for _, esn := range repairs[now] {
					send(esn)
				}
				switch esn := uint64(60_000 + now); {
				case r.Float64() >= loss.up:
					send(esn)
				case r.Float64() < 0.9:
					repairs[now+rate/10] = append(repairs[now+rate/10], esn)
				}
				if now%rate == 0 && s.received > 0 {
					reports[now+rate/20] = s.report()
				}
				if block, ok := reports[now]; ok {
					l, n, _ := d.Note(block)
					lost, sent = lost+l, sent+n
				}
			}
			// Repairs that cross a report come to 1.5 of 100 packets with 10 % loss.
			got, want := float64(lost)/float64(sent), float64(truly)/rounds
			if off := got - want; off < -0.005 || off > 0.002+loss.up*0.02 {
				t.Errorf("%.2f %% are told, %.2f %% were lost", 100*got, 100*want)
			}
		})
	}
}

func TestSentDoesNotAllocate(t *testing.T) {
	var d Delivery
	var seq uint16
	block := rtcp.ReceptionReport{}
	round := func() {
		d.Sent(seq)
		block.LastSequenceNumber = uint32(seq)
		d.Note(block)
		seq++
	}
	if allocs := testing.AllocsPerRun(1000, round); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

// FuzzDelivery sends in any order and reports anything. What is told stays within
// what was sent, and an honest report after all that is believed.
func FuzzDelivery(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 0, 3, 1, 3, 0, 4, 1, 4, 2, 9, 3, 200})
	f.Add([]byte{0, 255, 3, 255, 3, 255, 1, 255, 2, 255, 0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		var d Delivery
		var seq uint16
		var calls, counted int
		var total uint32
		for i := 0; i+1 < len(script); i += 2 {
			b := script[i+1]
			switch script[i] % 5 {
			case 0: // on, perhaps with a gap
				seq += uint16(b % 8)
			case 1: // a report
				lost, sent, ok := d.Note(rtcp.ReceptionReport{LastSequenceNumber: uint32(seq), TotalLost: total})
				if lost < 0 || lost > sent || ok != (sent > 0) {
					t.Fatalf("%d of %d lost, %v", lost, sent, ok)
				}
				counted += sent
				continue
			case 2:
				total += uint32(b) - 100
				continue
			case 3: // far away
				seq += uint16(b) << 8
			case 4: // back
				seq -= uint16(b)
			}
			d.Sent(seq)
			calls++
		}
		if counted > calls {
			t.Fatalf("%d packets are told of, %d were sent", counted, calls)
		}
		if calls == 0 {
			return
		}
		highest := uint32(d.newest) + 1
		d.Sent(uint16(highest))
		d.Note(rtcp.ReceptionReport{LastSequenceNumber: highest, TotalLost: total})
		for range 10 {
			highest++
			d.Sent(uint16(highest))
		}
		lost, sent, ok := d.Note(rtcp.ReceptionReport{LastSequenceNumber: highest, TotalLost: total + 3})
		if lost != 3 || sent != 10 || !ok {
			t.Errorf("an honest report gives %d of %d, %v", lost, sent, ok)
		}
	})
}

func BenchmarkDeliverySent(b *testing.B) {
	var d Delivery
	b.ReportAllocs()
	var seq uint16
	for b.Loop() {
		d.Sent(seq)
		seq++
	}
}
