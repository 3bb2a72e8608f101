package sfu

import (
	"testing"

	"github.com/pion/transport/v5/packetio"

	"sfu/metrics"
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
