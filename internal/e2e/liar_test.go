//go:build !race

package e2e

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// lie is one feedback about packets from first on.
func (e *endpoint) lie(first uint16, count int, reference uint32, delta int64) {
	chunk := &rtcp.RunLengthChunk{
		Type: rtcp.TypeTCCRunLengthChunk, PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: uint16(count),
	}
	if delta < 0 || delta > 63750 {
		chunk.PacketStatusSymbol = rtcp.TypeTCCPacketReceivedLargeDelta
	}
	deltas := make([]*rtcp.RecvDelta, count)
	for i := range deltas {
		deltas[i] = &rtcp.RecvDelta{Type: chunk.PacketStatusSymbol, Delta: delta}
	}
	fb := &rtcp.TransportLayerCC{
		SenderSSRC: 1, MediaSSRC: e.hears.media, BaseSequenceNumber: first, PacketStatusCount: uint16(count),
		ReferenceTime: reference & 0xffffff, FbPktCount: e.hears.lies,
		PacketChunks: []rtcp.PacketStatusChunk{chunk}, RecvDeltas: deltas,
	}
	e.hears.lies++
	size := fb.MarshalSize()
	fb.Header = rtcp.Header{
		Padding: size%4 != 0, Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: uint16((size+3)/4 - 1),
	}
	e.sendRTCP(fb)
}

func TestLiarsHarmOnlyThemselves(t *testing.T) {
	for name, lie := range map[string]func(e *endpoint, newest uint16, i int){
		"numbers from the future": func(e *endpoint, newest uint16, i int) { e.lie(newest+1000, 100, uint32(i), 250) },
		"all at once":             func(e *endpoint, newest uint16, i int) { e.lie(newest-50, 50, uint32(i/15), 0) },
		"always the same":         func(e *endpoint, newest uint16, i int) { e.lie(100, 100, 7, 1000) },
		"backwards":               func(e *endpoint, newest uint16, i int) { e.lie(newest-uint16(10*i), 10, uint32(-i), 250) },
		"absurd times": func(e *endpoint, newest uint16, i int) {
			e.lie(newest-50, 50, uint32(i*9999), int64(i%2*65535-32768)*250)
		},
		"all arrived, and early": func(e *endpoint, newest uint16, i int) { e.lie(newest, 30, uint32(i/15), 0) },
	} {
		believed := name != "numbers from the future" // some of it: the others are estimated
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.allowed.hostile = true
				th := w.theatre(2, 10e6, 20*time.Millisecond)
				eve := w.stranger("eve", sending())
				eve.endpoint.hears.silent = true // no word of truth
				eve.dial("")
				w.run(5 * time.Second)
				began := time.Now()
				for i := range 500 {
					eve.do(func() {
						for range 4 { // 800 a second
							lie(eve.endpoint, eve.hearsNewest(), i)
						}
					})
					w.run(5 * time.Millisecond)
				}
				end := time.Now()
				th.picturesMove(began, end, 0)
				th.bob.hearsWell(began, end.Add(-200*time.Millisecond), th.voices()...)
				if n := th.changes(began, end); n > 0 {
					t.Errorf("bob's pictures changed %d times", n)
				}
				most := 0.0
				_, before := w.estimated()
				for _, e := range w.estimates(3) { // of bob and eve together, on average
					most = max(most, e)
				}
				if _, after := w.estimated(); believed != (after-before >= 6) {
					t.Errorf("estimates were counted %d times in 3 s", after-before)
				}
				if most > 15e6 { // bob's link is 10 Mbit/s, and nobody's estimate above 20
					t.Errorf("the estimates are %.1f Mbit/s on average", most/1e6)
				}
			})
		})
	}
}

// hearsNewest returns the newest transport-wide number that came.
func (p *peer) hearsNewest() uint16 { return p.endpoint.hears.newest }
