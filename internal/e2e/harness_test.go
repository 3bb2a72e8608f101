package e2e

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
)

// The tests of this file need no server: they show that the stage itself works
// and that it would notice a server that cheats.

func TestTwoEndpointsTalkOverALossyNetworkInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		n := newNetwork(t)
		defer n.close()
		from := newEndpoint(t, "from", 1, chromium, n.attach("10.0.0.1"))
		defer from.close()
		to := newEndpoint(t, "to", 2, chromium, n.attach("10.0.0.2"))
		defer to.close()
		connect(t, from, to)
		time.Sleep(time.Second)
		from.link.lossy(0.05, 0)
		time.Sleep(20 * time.Second)
		from.link.lossy(0, 0)
		time.Sleep(time.Second)

		to.do(func() {
			for _, f := range to.down.faults {
				t.Error(f)
			}
			video := to.down.byMid["0"]
			faults, lost := video.story(false)
			if len(faults) > 0 || lost > 0 || video.gaveUp > 0 {
				t.Errorf("video: faults %q, %d lost, %d given up", faults, lost, video.gaveUp)
			}
			if len(video.packets) < 1500 || video.repaired < 40 || len(video.reports) < 20 {
				t.Errorf("video: %d packets, %d repaired, %d reports",
					len(video.packets), video.repaired, len(video.reports))
			}
			audio := to.down.byMid["1"]
			if faults, lost := audio.story(false); len(faults) > 0 || lost < 20 || lost > 100 {
				t.Errorf("audio: faults %q, %d lost", faults, lost)
			}
		})
		if up, _ := from.link.lost(); up < 50 {
			t.Errorf("the network lost %d datagrams", up)
		}
		t.Logf("%v of virtual time", time.Since(began))
	})
}

// connect lets one endpoint send a camera and a microphone to another.
func connect(t *testing.T, from, to *endpoint) {
	t.Helper()
	exchange := func(a, b *endpoint, kind webrtc.SDPType) {
		var desc webrtc.SessionDescription
		var err error
		if kind == webrtc.SDPTypeOffer {
			desc, err = a.pc.CreateOffer(nil)
		} else {
			desc, err = a.pc.CreateAnswer(nil)
		}
		check(t, err)
		gathered := webrtc.GatheringCompletePromise(a.pc)
		check(t, a.pc.SetLocalDescription(desc))
		<-gathered
		b.do(func() { b.down.describe(a.pc.LocalDescription().SDP) })
		check(t, b.pc.SetRemoteDescription(*a.pc.LocalDescription()))
	}
	for _, source := range []string{"camera", "microphone"} {
		from.do(func() { from.publish(source).withMid = 1 << 20 })
	}
	exchange(from, to, webrtc.SDPTypeOffer)
	exchange(to, from, webrtc.SDPTypeAnswer)
}

func TestAStampSurvivesAndAnyChangeIsNoticed(t *testing.T) {
	t.Parallel()
	s := stamp{
		sender: 7, source: 1, rank: 2, spatial: 1, temporal: 2, size: size{640, 360}, refs: [2]uint8{3, 200}, key: true, last: true, level: 90, epoch: 3, seq: 70000, frame: 9,
		timestamp: 0xfffffff0, captured: time.Unix(12, 345678900),
	}
	b := s.seal([]byte{0x78}, 40)
	if got, err := unseal(b); err != nil || got != s {
		t.Fatalf("unseal: %+v, %v", got, err)
	}
	for i := range b {
		b[i] ^= 0x40
		if _, err := unseal(b); err == nil {
			t.Errorf("a change in byte %d goes unnoticed", i)
		}
		b[i] ^= 0x40
	}
}

func TestTheStoryNoticesACheat(t *testing.T) {
	t.Parallel()
	honest := func() []record {
		var out []record
		for i := range 12 {
			frame, key := i/3, i < 3 || i >= 9
			r := record{
				seq: int64(100 + i), marker: i%3 == 2,
				timestamp: 5000 + 3600*uint32(frame), picture: uint16(0x7ffe+frame) & 0x7fff,
				stamp: stamp{
					sender: 1, key: key, first: i%3 == 0, last: i%3 == 2,
					seq: uint32(40 + i), frame: uint32(frame), timestamp: 3600 * uint32(frame),
					captured: time.Unix(0, int64(frame)*int64(40*time.Millisecond)),
				},
			}
			if i >= 9 {
				r.stamp.sender = 2
			}
			out = append(out, r)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		cheat func([]record) []record
		want  string
	}{
		{"nothing wrong", func(r []record) []record { return r }, ""},
		{"begins in the middle", func(r []record) []record { return r[3:] }, "begins the section"},
		{"switches without a keyframe", func(r []record) []record { r[9].stamp.key = false; return r }, "follows a switch"},
		{"sends a packet twice", func(r []record) []record { r[4].stamp.seq = r[3].stamp.seq; return r }, "forwarded twice"},
		{"swaps two packets", func(r []record) []record {
			r[4].stamp.seq, r[5].stamp.seq = r[5].stamp.seq, r[4].stamp.seq
			return r
		}, "comes after"},
		{"hides a loss", func(r []record) []record {
			for i := 5; i < 9; i++ {
				r[i].stamp.seq++
			}
			return r
		}, "begins no keyframe"},
		{"bends time", func(r []record) []record { r[4].timestamp++; return r }, "timestamp by 1, not 0"},
		{"stops time at a switch", func(r []record) []record { r[9].timestamp -= 3600; return r }, "in 40ms"},
		{"forgets a marker", func(r []record) []record { r[5].marker = false; return r }, "marker"},
		{"jumps in picture ids", func(r []record) []record { r[6].picture++; return r }, "picture id by 2"},
		{"jumps in picture ids at a switch", func(r []record) []record { r[9].picture++; return r }, "picture id by 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st := stream{section: section{kind: webrtc.RTPCodecTypeVideo}, packets: make(map[int64]record)}
			for _, r := range c.cheat(honest()) {
				st.packets[r.seq] = r
			}
			faults, lost := st.story(false)
			if lost != 0 {
				t.Errorf("%d lost", lost)
			}
			if all := strings.Join(faults, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("want %q, got %q", c.want, all)
			}
		})
	}
}
