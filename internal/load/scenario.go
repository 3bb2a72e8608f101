package load

import (
	"fmt"
	"strings"
	"time"
)

// Scenario is one line of the bench.
type Scenario struct {
	Name        string
	Rooms       int
	Publishers  int
	Subscribers int
	Video       bool
	Audio       bool
	Bitrate     int // of a camera; 0: what a browser sends
	VerifyEvery int // one bot of so many
	Warmup      time.Duration
}

const (
	browserBitrate = 1_200_000

	// Before it counts the server may find out what downlinks carry: what browsers
	// send it finds soon, tens of megabits take it longer.
	warmup     = 2 * time.Second
	longWarmup = 10 * time.Second

	// wireSize is about what a full packet of video has on RTP's level; with it
	// a packet rate is made of a bitrate.
	wireSize = payloadSize

	nameMeeting = "meeting of 10"
	nameRooms   = "20 rooms of 3"
	name50k     = "50k packets/s"
	nameHalf    = "half load"
	nameSame    = "its half load" // the reference's, for both
	nameFull    = "saturation"
	nameTwo     = "saturation, 2 cores"
)

// Scenarios are the lines with a load that is known before; saturation is
// searched.
func Scenarios() []Scenario {
	to := func(n int) Scenario {
		return Scenario{Name: fmt.Sprintf("1 to %d", n), Rooms: 1, Publishers: 1, Subscribers: n, Video: true}
	}
	list := []Scenario{
		to(1), to(10), to(50), to(200),
		{Name: nameMeeting, Rooms: 1, Publishers: 10, Video: true, Audio: true},
		{Name: nameRooms, Rooms: 20, Publishers: 3, Video: true, Audio: true},
		{Name: "8 speakers to 50", Rooms: 1, Publishers: 8, Subscribers: 50, Audio: true},
	}
	for i := range list {
		list[i].VerifyEvery, list[i].Warmup = 16, warmup
	}
	return append(list, At(name50k, 1, 50_000))
}

// stage is how many cameras fifty people watch where the highest rate is searched: as
// one picture it would be of a size that nobody sends.
const stage = 8

// At is so many publishers, whom fifty more watch, at so many forwarded packets a
// second.
func At(name string, publishers int, rate float64) Scenario {
	const subscribers = 50
	streams := publishers * (publishers - 1 + subscribers)
	return Scenario{
		Name: name, Rooms: 1, Publishers: publishers, Subscribers: subscribers, Video: true,
		Bitrate: int(rate / float64(streams) * wireSize * 8),
		// The first and the last in line: decrypting more would make the bots the
		// bottleneck.
		VerifyEvery: subscribers, Warmup: longWarmup,
	}
}

// Search finds the highest rate that is still good, in steps of 1.5 at first
// and then by halves.
type Search struct{ good, bad float64 }

const (
	searchFrom  = 40_000 // packets a second
	searchStep  = 1.5
	searchUntil = 1.1 // as near as the answer has to be: a run repeats no better
)

// Next is the rate to try, or 0 when the search is over.
func (s *Search) Next() float64 {
	switch {
	case s.bad == 0 && s.good == 0:
		return searchFrom
	case s.bad == 0:
		return s.good * searchStep
	case s.good == 0:
		return 0 // not even the first: nothing to compare
	case s.bad/s.good <= searchUntil:
		return 0
	}
	return (s.good + s.bad) / 2
}

// Tried notes how a rate went.
func (s *Search) Tried(rate float64, good bool) {
	if good {
		s.good = rate
	} else {
		s.bad = rate
	}
}

// Result is the report of one scenario on both servers; nil where it failed.
type Result struct {
	Scenario string  `json:"scenario"`
	Ours     *Report `json:"ours"`
	Theirs   *Report `json:"reference"`
}

// ratio is one target: ours in terms of the reference.
type ratio struct {
	name  string
	value float64 // 0: not measured
	limit float64
	least bool // the limit is the least that is wanted, not the most
}

func (r ratio) missed() bool {
	return r.value == 0 || r.least && r.value < r.limit || !r.least && r.value > r.limit
}

func (r ratio) String() string {
	if r.value == 0 {
		return r.name + "=n/a"
	}
	return fmt.Sprintf("%s=%.2f", r.name, r.value)
}

// Ratios is the last line of the bench, and which of its targets were missed. What
// two cores are worth is said by cores2 unless results do.
func Ratios(results []Result, cores2 float64) (line string, missed []string) {
	by := make(map[string]Result)
	for _, r := range results {
		by[r.Scenario] = r
	}
	var all []ratio
	add := func(name string, value, limit float64, least bool) {
		all = append(all, ratio{name, value, limit, least})
	}
	add("saturation", quotient(by[nameFull].Ours.rate(), by[nameFull].Theirs.rate()), 4, true)
	cost := func(scenario string) float64 { return quotient(by[scenario].Ours.cost(), by[scenario].Theirs.cost()) }
	add("cpu50k", cost(name50k), 0.4, false)
	add("meeting", cost(nameMeeting), 0.5, false)
	add("rooms3", cost(nameRooms), 0.6, false)
	if two := by[nameTwo].Ours; two != nil {
		cores2 = quotient(two.rate(), by[nameFull].Ours.rate())
	}
	add("cores2", cores2, 1.8, true)
	add("latency", quotient(by[nameSame].Ours.delay(), by[nameSame].Theirs.delay()), 1, false)
	add("latency_ms", by[nameHalf].Ours.delay(), 2, false)
	words := make([]string, len(all))
	for i, r := range all {
		words[i] = r.String()
		if r.missed() {
			missed = append(missed, r.name)
		}
	}
	return "ratios " + strings.Join(words, " "), missed
}

func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (r *Report) rate() float64 {
	if r == nil {
		return 0
	}
	return r.Traffic.PacketRate
}

func (r *Report) cost() float64 {
	if r == nil || r.Server == nil {
		return 0
	}
	return r.Server.PacketMicros
}

func (r *Report) cores() float64 {
	if r == nil || r.Server == nil {
		return 0
	}
	return r.Server.Cores
}

func (r *Report) delay() float64 {
	if r == nil {
		return 0
	}
	return r.Latency.P99
}

// TableHead and Row make the table of the bench.
func TableHead() string {
	return fmt.Sprintf("%-20s %-9s %9s %7s %9s %6s %6s %7s %14s %12s %6s %6s",
		"scenario", "server", "packets/s", "deliv.%", "us/packet", "cores", "MB", "KB/bot", "latency ms", "join ms", "tool", "others")
}

// Row is one line of it: latency and join as p50/p99, the last three in cores.
func Row(scenario, server string, r *Report) string {
	if r == nil {
		return fmt.Sprintf("%-20s %-9s did not run", scenario, server)
	}
	s := r.Server
	if s == nil {
		s = new(Server)
	}
	return fmt.Sprintf("%-20s %-9s %9.0f %7.2f %9.2f %6.2f %6d %7d %14s %12s %6.2f %6.2f",
		scenario, server, r.Traffic.PacketRate, r.Traffic.Share*100, s.PacketMicros, s.Cores, s.RSS>>20, s.BotRSS>>10,
		fmt.Sprintf("%.2f/%.2f", r.Latency.P50, r.Latency.P99), fmt.Sprintf("%.0f/%.0f", r.Join.P50, r.Join.P99),
		r.ToolCores, r.OtherCores)
}
