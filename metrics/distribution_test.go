package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestADistributionCountsInBuckets(t *testing.T) {
	t.Parallel()
	s := New()
	for _, v := range []float64{1, 1, 2, 3, 2000} {
		s.Media.TurnPackets.Observe(v)
	}
	s.Media.TrainPackets.Add([]uint32{3, 0, 0, 1, 0, 0, 1}, 3+6+48)
	s.Media.TrainPackets.Add([]uint32{1}, 1)
	got := scrape(t, s)
	for series, want := range map[string]string{
		`sfu_turn_packets_bucket{le="1"}`: "2", `sfu_turn_packets_bucket{le="2"}`: "3", `sfu_turn_packets_bucket{le="4"}`: "4",
		`sfu_turn_packets_bucket{le="1024"}`: "4", `sfu_turn_packets_bucket{le="+Inf"}`: "5",
		`sfu_turn_packets_count`: "5", `sfu_turn_packets_sum`: "2007",
		`sfu_train_packets_bucket{le="1"}`: "4", `sfu_train_packets_bucket{le="4"}`: "4", `sfu_train_packets_bucket{le="8"}`: "5",
		`sfu_train_packets_bucket{le="48"}`: "6", `sfu_train_packets_count`: "6", `sfu_train_packets_sum`: "58",
	} {
		if got[series] != want {
			t.Errorf("%s = %q, want %s", series, got[series], want)
		}
	}
}

func TestObservingInALoopDoesNotAllocate(t *testing.T) {
	s, trains := New(), []uint32{1, 2, 3}
	if n := testing.AllocsPerRun(100, func() {
		s.Media.TurnPackets.Observe(3)
		s.Media.TrainPackets.Add(trains, 12)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whose a value was stands in its bucket, also above all bounds, and not in the plain format.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := New()
	for _, v := range []float64{.0015, 7} {
		ObserveOf(s.Media.ForwardLatency, v, "ANN")
	}
	ObserveOf(s.RTT, .08, "BOB")
	read := func(accept string) string {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		return rec.Body.String()
	}
	open, plain := read("application/openmetrics-text; version=1.0.0"), read("text/plain")
	for _, line := range []string{
		`sfu_forward_latency_seconds_bucket{le="0.002"} 1 # {participant="ANN"} 0.0015 `,
		`sfu_forward_latency_seconds_bucket{le="+Inf"} 2 # {participant="ANN"} 7.0 `,
		`sfu_rtt_seconds_bucket{le="0.1"} 1 # {participant="BOB"} 0.08 `,
	} {
		if !strings.Contains(open, line) {
			t.Errorf("no %s", line)
		}
	}
	if strings.Contains(plain, "ANN") || strings.Contains(plain, "BOB") {
		t.Error("the plain format has examples")
	}
}
