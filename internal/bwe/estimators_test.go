package bwe

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/gcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/sfu/estimate"
	"sfu/sfu/media"
)

// epoch is when the virtual time of a synctest bubble begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	startRate = 300_000
	leastRate = 30_000
	mostRate  = 50_000_000
)

// estimator is what a downlink asks: ours, or the one of pion.
type estimator interface {
	sent(bytes int, kind estimate.Kind, probe int, now time.Time) (seq uint16)
	feedback(fb *rtcp.TransportLayerCC, now time.Time)
	bitrate() media.Bitrate
	// probe is called often, and returns what to send to find out whether there
	// is room for wanted.
	probe(wanted media.Bitrate, now time.Time) (estimate.Probe, bool)
}

// ours is package estimate.
type ours struct {
	history estimate.History
	est     *estimate.Estimator
	prober  estimate.Prober
	results []estimate.Result
}

func newOurs() estimator {
	return &ours{est: estimate.New(estimate.Config{Start: startRate, Min: leastRate, Max: mostRate})}
}

func (o *ours) sent(bytes int, kind estimate.Kind, probe int, now time.Time) uint16 {
	p := estimate.Packet{At: now, Size: bytes, Kind: kind, Probe: probe}
	o.est.Sent(p)
	return o.history.Sent(p)
}

func (o *ours) feedback(fb *rtcp.TransportLayerCC, now time.Time) {
	o.results = o.history.Feedback(fb, now, o.results[:0])
	o.est.Feedback(o.results, now)
}

func (o *ours) bitrate() media.Bitrate { return o.est.Bitrate() }

func (o *ours) probe(wanted media.Bitrate, now time.Time) (estimate.Probe, bool) {
	o.est.Tick(now)
	return o.prober.Update(o.est.ProbeInput(wanted), now)
}

// baseline is pion's gcc with no pacer but that of the downlink. It reads the
// clock by itself, so it lives in a synctest bubble whose time it takes along.
type baseline struct {
	bwe *gcc.SendSideBWE
	out interceptor.RTPWriter
	seq uint16
}

const transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

func newBaseline(t *testing.T) estimator {
	t.Helper()
	b, err := gcc.NewSendSideBWE(gcc.SendSideBWEInitialBitrate(startRate), gcc.SendSideBWEMinBitrate(leastRate),
		gcc.SendSideBWEMaxBitrate(mostRate), gcc.SendSideBWEPacer(gcc.NewNoOpPacer()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	info := &interceptor.StreamInfo{SSRC: 1, RTPHeaderExtensions: []interceptor.RTPHeaderExtension{{URI: transportCC, ID: 1}}}
	wire := interceptor.RTPWriterFunc(func(*rtp.Header, []byte, interceptor.Attributes) (int, error) { return 0, nil })
	return &baseline{bwe: b, out: b.AddStream(info, wire)}
}

// catchUp lets the bubble's time be now.
func catchUp(now time.Time) {
	time.Sleep(time.Until(now))
	synctest.Wait()
}

func (b *baseline) sent(bytes int, _ estimate.Kind, _ int, now time.Time) uint16 {
	catchUp(now)
	b.seq++
	h := &rtp.Header{Version: 2, SSRC: 1}
	ext, err := (&rtp.TransportCCExtension{TransportSequence: b.seq}).Marshal()
	if err == nil {
		err = h.SetExtension(1, ext)
	}
	if err == nil {
		_, err = b.out.Write(h, make([]byte, max(0, bytes-h.MarshalSize())), nil)
	}
	if err != nil {
		panic(err) // of our own making
	}
	return b.seq
}

func (b *baseline) feedback(fb *rtcp.TransportLayerCC, now time.Time) {
	catchUp(now)
	if err := b.bwe.WriteRTCP([]rtcp.Packet{fb}, nil); err != nil {
		panic(err)
	}
	synctest.Wait()
}

func (b *baseline) bitrate() media.Bitrate { return media.Bitrate(b.bwe.GetTargetBitrate()) }

func (b *baseline) probe(media.Bitrate, time.Time) (estimate.Probe, bool) {
	return estimate.Probe{}, false
}
