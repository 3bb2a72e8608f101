package sfu

import (
	"runtime"
	"testing"

	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v5/packetio"

	"sfu/metrics"
	"sfu/sfu/mailbox"
	"sfu/sfu/media"
)

func TestOneOffersOnlySoManyEncodings(t *testing.T) {
	t.Parallel()
	text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\n"
	for i := range 1000 {
		text += "a=rid:r" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + " send\r\n"
	}
	d, err := parseDescription(text)
	if err == nil && len(d.sections[0].rids) > 8 {
		t.Errorf("%d encodings of one section", len(d.sections[0].rids))
	}
}

func TestReportsOnThousandsOfStreamsEndTheParticipant(t *testing.T) {
	t.Parallel()
	flooded := 0
	hooks := quiet
	hooks.flood = func() { flooded++ }
	lk := newLink("eve", newMediaLoop(metrics.New(), 0, nil, nil), hooks)
	for ssrc := range uint32(3 * floodStreams) {
		lk.sink(packetio.RTCPBufferPacket, ssrc)
	}
	if flooded != 1 {
		t.Errorf("ended %d times, want once", flooded)
	}
}

func TestOneWhoAsksMoreThanCanBeDoneIsEndedAndCountedOnce(t *testing.T) {
	t.Parallel()
	set := metrics.New()
	p := &participant{server: &Server{count: set}, mail: mailbox.New[func()](maxMail), quit: make(chan struct{})}
	for range maxMail + 2 {
		p.put(func() {})
	}
	select {
	case <-p.quit:
	default:
		t.Error("the participant goes on")
	}
	if got := limitedBy(t, set, metrics.LimitCommands); got != 1 {
		t.Errorf("counted %v times", got)
	}
}

func TestStreamsThatAreNotListenedToAreCounted(t *testing.T) {
	t.Parallel()
	set := metrics.New()
	lk := newLink("eve", newMediaLoop(set, 0, nil, nil), quiet)
	for ssrc := range uint32(maxStreams + 3) {
		lk.streams.find(lk, ssrc, true)
		lk.streams.find(lk, ssrc, false)
	}
	if got := limitedBy(t, set, metrics.LimitStreams); got != 3 {
		t.Errorf("counted %v times, want 3", got)
	}
}

func TestTracksForWhichThereIsNoSlotAreCountedOnce(t *testing.T) {
	t.Parallel()
	set := metrics.New()
	p := &participant{server: &Server{count: set}}
	for _, tc := range []struct {
		pairs, missing int
		want           float64
	}{
		{4, 3, 0}, // slots will come
		{maxPairs, 3, 3},
		{maxPairs, 3, 3},
		{maxPairs, 5, 5},
		{maxPairs, 0, 5},
		{maxPairs, 1, 6},
	} {
		p.countWithout(tc.pairs, tc.missing)
		if got := limitedBy(t, set, metrics.LimitTracks); got != tc.want {
			t.Errorf("%d pairs, %d missing: %v, want %v", tc.pairs, tc.missing, got, tc.want)
		}
	}
}

// A subscriber of one sound and one picture costs little beside its PeerConnection:
// what is kept of packets is the publisher's.
func TestASubscriberIsSmall(t *testing.T) {
	const people = 100
	s := newFanOutStage(0)
	cipher := func() *srtp.Context {
		c, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	taken := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	var keep []any
	before := taken()
	for range people {
		lk := newLink("subscriber", s.loop, quiet)
		lk.data = newDataWriter(s.loop.tally.set)
		defer lk.data.close()
		s.loop.addLink(lk)
		for _, kind := range []media.Kind{media.Audio, media.Video} {
			lk.down.tracks = append(lk.down.tracks, newDownTrack(lk, kind, 0))
		}
		keep = append(keep, &inlet{link: lk, cipher: cipher()}, &outlet{cipher: cipher(), sealer: newSealer(t)})
	}
	each := (taken() - before) / people
	if each > 200<<10 {
		t.Errorf("%d KB a subscriber, 200 at most", each>>10)
	}
	runtime.KeepAlive(keep)
}
