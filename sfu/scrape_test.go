//go:build !race

package sfu

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// mostScrape is what a scrape of a server with 500 participants may cost.
const mostScrape = 10 * time.Millisecond

// scrape returns the names of all series, and how many bytes they are told in.
func scrape(count *metrics.Set) (series map[string]bool, size int) {
	rec := httptest.NewRecorder()
	count.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	series = make(map[string]bool)
	for line := range strings.Lines(rec.Body.String()) {
		if name, _, ok := strings.Cut(line, " "); ok && name != "#" {
			series[name] = true
		}
	}
	return series, rec.Body.Len()
}

// cpuTime is what this process has taken so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A scrape costs the same however many are there, for no series is anybody's. It is not
// parallel: what others cost would count.
func TestAScrapeCostsLittle(t *testing.T) {
	count := metrics.New()
	server, err := New(Config{}, count, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	join := func(room string) {
		if _, err := server.Join(&wire.JoinRoom{Room: room, Name: "somebody"}, func(wire.Server) {}); err != nil {
			t.Fatal(err)
		}
	}
	join("first")
	few, least := scrape(count)
	for i := range 499 {
		join(fmt.Sprint("room ", i%50))
	}
	many, most := scrape(count)
	if !maps.Equal(few, many) || most > least+least/20 {
		t.Errorf("%d series in %d bytes of one participant, %d in %d of 500", len(few), least, len(many), most)
	}
	var costs []time.Duration
	for range 20 {
		before := cpuTime()
		scrape(count)
		costs = append(costs, cpuTime()-before)
	}
	cost := slices.Min(costs) // what else this process does adds to some
	t.Logf("500 participants in 51 rooms: %d series, %d bytes, %v of CPU", len(many), most, cost)
	if cost > mostScrape {
		t.Errorf("a scrape costs %v of CPU", cost)
	}
}
