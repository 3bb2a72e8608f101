package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Report is what a run found out. Times are in the unit that their name ends
// with.
type Report struct {
	Rooms       int  `json:"rooms"`
	Publishers  int  `json:"publishers"`  // in a room
	Subscribers int  `json:"subscribers"` // in a room, who only watch
	Simulcast   bool `json:"simulcast"`

	Seconds float64 `json:"seconds"`
	Traffic Traffic `json:"traffic"`
	Server  *Server `json:"server,omitempty"` // with the server's PID only
	Latency Spread  `json:"latency_ms"`       // from sending to the subscriber's socket
	Join    Spread  `json:"join_ms"`          // from dialling to the first packet
	Checked Checked `json:"checked"`
	Whole   Whole   `json:"whole"`

	ToolCores  float64 `json:"tool_cores"`  // that the tool itself kept busy
	OtherCores float64 `json:"other_cores"` // that the rest of this machine did: noise
}

// Traffic is what was forwarded.
type Traffic struct {
	Expected   uint64  `json:"expected"`  // packets
	Delivered  uint64  `json:"delivered"` // each once
	Share      float64 `json:"share"`     // delivered / expected
	PacketRate float64 `json:"packets_per_second"`
	BitRate    float64 `json:"bits_per_second"` // of RTP
	Twice      uint64  `json:"twice"`
	Late       uint64  `json:"late"` // after one with a higher number
	Lost       uint64  `json:"lost_on_purpose"`
	Asked      uint64  `json:"asked_for_again"`
	Repairs    uint64  `json:"repairs_and_probes"`
	Strange    uint64  `json:"strange"` // on SSRCs that no description names
}

// Server is what the server's process used.
type Server struct {
	Cores        float64 `json:"cores"`
	PacketMicros float64 `json:"cpu_us_per_packet"`
	RSS          int64   `json:"rss_bytes"`
	BotRSS       int64   `json:"rss_bytes_per_bot"` // that came with the bots
}

// Spread is how long most and nearly all took.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Checked is what the verifying bots found.
type Checked struct {
	Bots    int      `json:"bots"`
	Packets uint64   `json:"packets"`
	Overrun uint64   `json:"overrun"` // that the tool was too slow to look at
	Wrong   uint64   `json:"wrong"`
	Faults  []string `json:"faults,omitempty"` // the first few
}

// measure counts one window, from silence to silence, so that what is sent in
// it and what arrives in it are the same packets.
func (f *fleet) measure(ctx context.Context, before usage) (*Report, error) {
	if err := f.quiet(ctx); err != nil {
		return nil, err
	}
	for _, b := range f.all() {
		b.restart()
	}
	from, err := f.machine()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	f.silent.Store(false)
	if err := f.watch(ctx, begin, from.server); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	if err := f.quiet(ctx); err != nil {
		return nil, err
	}
	to, err := f.machine()
	if err != nil {
		return nil, err
	}
	r := f.report(took)
	busy := time.Since(begin).Seconds()
	r.ToolCores = (to.tool - from.tool).Seconds() / busy
	cpu := (to.server.cpu - from.server.cpu).Seconds()
	r.OtherCores = max(0, (to.all-from.all).Seconds()-cpu-(to.tool-from.tool).Seconds()) / busy
	if f.cfg.PID != 0 {
		r.Server = &Server{
			Cores: cpu / took.Seconds(), PacketMicros: cpu * 1e6 / float64(max(1, r.Traffic.Delivered)),
			RSS: to.server.rss, BotRSS: (to.server.rss - before.rss) / int64(f.cfg.bots()),
		}
	}
	return r, nil
}

// quiet lets everyone be silent and waits until nothing is under way any more:
// until nothing has come for longer than any packet took so far.
func (f *fleet) quiet(ctx context.Context) error {
	f.silent.Store(true)
	for last, still, n := uint64(1), 0, 0; n < maxHush; n++ {
		sum, slowest := uint64(0), time.Duration(0)
		for _, b := range f.all() {
			sum += b.received().packets
			if b.check != nil {
				packets, latency := b.check.slowest()
				sum += packets
				slowest = max(slowest, latency)
			}
		}
		if sum == last {
			still++
		}
		if still > 0 && f.caughtUp() || still == lostHush {
			return nil
		}
		last = sum
		if err := f.sleep(ctx, min(max(hush, 2*slowest), slowHush)); err != nil {
			return err
		}
	}
	return nil // whoever still sends does so unasked
}

// caughtUp reports whether those who verify have the last packet of everyone
// they hear. With losses, or sizes to choose from, nobody can tell.
func (f *fleet) caughtUp() bool {
	if f.cfg.Loss > 0 || f.cfg.Media.Simulcast {
		return true
	}
	bots := f.all()
	for _, b := range bots {
		if b.check == nil {
			continue
		}
		for from, number := range b.check.heard() {
			if bots[from.sender].sources[from.source].sent.last.Load() != number {
				return false
			}
		}
	}
	return true
}

// machine is what the processes have used so far. All but the server's is
// unknown, and zero, where there is no /proc.
type machine struct {
	server usage
	tool   time.Duration
	all    time.Duration // everything on this machine
}

func (f *fleet) machine() (m machine, err error) {
	if m.server, err = f.usage(); err != nil {
		return m, err
	}
	own, _ := usageOf(os.Getpid())
	m.tool, m.all = own.cpu, busyTime()
	return m, nil
}

// watch lets the window pass, and tells each second how it goes.
func (f *fleet) watch(ctx context.Context, begin time.Time, from usage) error {
	last, at := window{}, begin
	for left := f.cfg.Duration; left > 0; left = f.cfg.Duration - time.Since(begin) {
		if err := f.sleep(ctx, min(left, time.Second)); err != nil {
			return err
		}
		var sum window
		for _, b := range f.all() {
			if err := b.failed(); err != nil {
				return err
			}
			w := b.received()
			sum.packets += w.packets
			sum.bytes += w.bytes
		}
		now, used := time.Now(), ""
		if u, err := f.usage(); err == nil && f.cfg.PID != 0 {
			used = fmt.Sprintf("  server %4.2f cores, %d MB", (u.cpu-from.cpu).Seconds()/now.Sub(at).Seconds(), u.rss>>20)
			from = u
		}
		per := now.Sub(at).Seconds()
		_, _ = fmt.Fprintf(f.out, "%3.0f s  %d bots  %7.0f packets/s  %7.1f Mbit/s%s\n", now.Sub(begin).Seconds(), len(f.all()),
			float64(sum.packets-last.packets)/per, float64(sum.bytes-last.bytes)*8/1e6/per, used)
		last, at = sum, now
	}
	return nil
}

// report adds up what the bots counted.
func (f *fleet) report(took time.Duration) *Report {
	r := &Report{
		Rooms: f.cfg.Rooms, Publishers: f.cfg.Publishers, Subscribers: f.cfg.Subscribers,
		Simulcast: f.cfg.Media.Simulcast, Seconds: took.Seconds(), Whole: f.whole(),
	}
	var latency, join histogram
	bytes := uint64(0)
	for _, b := range f.all() {
		w := b.received()
		bytes += w.bytes
		r.Traffic.add(b, w)
		r.Traffic.Expected += f.expected(b, w)
		if d, ok := b.waited(); ok && !f.alone(b) {
			join.add(d)
		}
		if b.check != nil {
			r.Checked.add(b, w, f.cfg.Loss > 0, &latency)
		}
	}
	t := &r.Traffic
	t.Share = float64(t.Delivered) / float64(max(1, t.Expected))
	t.PacketRate = float64(t.Delivered) / took.Seconds()
	t.BitRate = float64(bytes) * 8 / took.Seconds()
	r.Latency, r.Join = spread(&latency), spread(&join)
	return r
}

// alone reports whether b was the first in its room, and had to wait for others.
func (f *fleet) alone(b *bot) bool { return b.publishes() && int(b.index) == b.room*f.cfg.Publishers }

// expected is how many packets should have come to b: all that the others in
// its room sent. Of simulcast it gets one encoding, the server says which; there
// the numbers that passed tell what should have come.
func (f *fleet) expected(b *bot, w window) (n uint64) {
	for _, other := range f.all() {
		if other == b || other.room != b.room {
			continue
		}
		for _, s := range other.sources {
			if !f.cfg.Media.Simulcast || s.rid == "" {
				n += s.sent.window()
			}
		}
	}
	if f.cfg.Media.Simulcast {
		n += w.numbered
	}
	return n
}

func (t *Traffic) add(b *bot, w window) {
	t.Delivered += w.packets
	t.Twice += w.again
	t.Late += w.behind
	t.Lost += b.socket.lost.Load()
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Asked += b.in.asked
	t.Repairs += b.in.repaired
	t.Strange += b.in.strange
}

// add takes what one bot verified. What came to its socket has to have been
// verified too, or it could not be decrypted.
func (c *Checked) add(b *bot, w window, lossy bool, latency *histogram) {
	v := b.check
	v.mu.Lock()
	defer v.mu.Unlock()
	overrun := b.socket.overrun.Load()
	if v.packets+overrun < w.packets {
		v.faultLocked("of %d packets at the socket only %d came out of the decryption", w.packets, v.packets)
	}
	if w.again > 0 && !lossy {
		v.faultLocked("%d numbers came twice", w.again)
	}
	latency.merge(&v.latency)
	c.Bots++
	c.Packets += v.packets
	c.Overrun += overrun
	c.Wrong += v.wrong
	c.Faults = append(c.Faults, v.faults...)
	c.Faults = c.Faults[:min(len(c.Faults), maxFaults)]
}

func spread(h *histogram) Spread {
	ms := func(q float64) float64 { return float64(h.quantile(q)) / float64(time.Millisecond) }
	return Spread{ms(0.5), ms(0.99)}
}

// Err is nil if everything that was verified was right, and something was.
func (r *Report) Err() error {
	switch {
	case r.Checked.Wrong > 0:
		return fmt.Errorf("%d packets were wrong: %q", r.Checked.Wrong, r.Checked.Faults)
	case r.Checked.Packets == 0:
		return fmt.Errorf("no packet was verified")
	}
	return nil
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%-12s "+format+"\n", append([]any{name}, args...)...)
	}
	t, c := &r.Traffic, &r.Checked
	line("delivered", "%.2f %% (%d of %d packets in %.1f s)", t.Share*100, t.Delivered, t.Expected, r.Seconds)
	line("rate", "%.0f packets/s, %.1f Mbit/s", t.PacketRate, t.BitRate/1e6)
	if s := r.Server; s != nil {
		line("server", "%.2f cores, %.1f us of CPU a packet, %d MB, %d KB a bot", s.Cores, s.PacketMicros, s.RSS>>20, s.BotRSS>>10)
	}
	line("latency", "p50 %.2f ms, p99 %.2f ms", r.Latency.P50, r.Latency.P99)
	line("join", "p50 %.0f ms, p99 %.0f ms to the first packet", r.Join.P50, r.Join.P99)
	if t.Lost+t.Asked+t.Repairs+t.Late+t.Twice+t.Strange > 0 {
		line("also", "%d lost on purpose, %d asked for again, %d repairs and probes, %d late, %d twice, %d strange",
			t.Lost, t.Asked, t.Repairs, t.Late, t.Twice, t.Strange)
	}
	line("verified", "%d packets of %d bots, %d wrong", c.Packets, c.Bots, c.Wrong)
	if c.Overrun > 0 {
		line("", "%d more were not looked at: the tool was too slow", c.Overrun)
	}
	for _, fault := range c.Faults {
		line("", "%s", fault)
	}
	line("besides", "the tool used %.2f cores, others on this machine %.2f", r.ToolCores, r.OtherCores)
}

// Write writes the report as JSON.
func (r *Report) Write(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
