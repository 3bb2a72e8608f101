package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

const (
	readyWithin = 5 * time.Second
	stopWithin  = 12 * time.Second
	goodShare   = 0.99 // delivered, to call a rate sustained
	goodDelay   = 400  // ms, of all but one in a hundred: nobody talks over more (ITU-T G.114)
	halfLoad    = 0.5  // of the server's core
	halfUntil   = 1.1  // as near as that has to be
	halfTries   = 4
	benchJoins  = 100 // a second
	busyTool    = 0.9 // cores of the one that the bots have
)

// Bench runs the scenarios against a server and the reference, each of them and
// the bots on a core of their own.
type Bench struct {
	Server   string // path of the sfu binary
	Self     string // path of this program
	Room     string // path of sfu's test binary, for TwoCores
	Duration time.Duration
	Only     *regexp.Regexp // names of scenarios; nil: all
	Out      io.Writer      // the table
	Log      io.Writer      // what the processes say
}

// contender is one of the two servers.
type contender struct {
	name string
	args func(addr string) []string
	best *Report // at saturation
	half *Report // with half of the core in use
}

// Run prints the table and returns what was measured.
func (b *Bench) Run(ctx context.Context) ([]Result, error) {
	ours := &contender{name: "sfu", args: func(addr string) []string {
		return []string{b.Server, "--listen", addr, "--ops-listen", "127.0.0.1:0", "--udp-port", "0",
			"--loudest", "0", "--max-participants", "1000", "--log-level", "error"}
	}}
	theirs := &contender{name: "reference", args: func(addr string) []string {
		return []string{b.Self, "reference", "--listen", addr}
	}}
	_, _ = fmt.Fprintln(b.Out, TableHead())
	var results []Result
	pair := func(name string, one func(*contender) (*Report, error)) error {
		if b.Only != nil && !b.Only.MatchString(name) {
			return nil
		}
		result := Result{Scenario: name}
		var err error
		if result.Ours, err = one(ours); err != nil {
			return fmt.Errorf("%s, %s: %w", name, ours.name, err)
		}
		if result.Theirs, err = one(theirs); err != nil {
			return fmt.Errorf("%s, %s: %w", name, theirs.name, err)
		}
		_, _ = fmt.Fprintf(b.Out, "%s\n%s\n", Row(name, ours.name, result.Ours), Row(name, theirs.name, result.Theirs))
		results = append(results, result)
		return nil
	}
	for _, s := range Scenarios() {
		if err := pair(s.Name, func(c *contender) (*Report, error) { return b.once(ctx, c, s, "0") }); err != nil {
			return results, err
		}
	}
	err := pair(nameFull, func(c *contender) (*Report, error) {
		var err error
		c.best, err = b.saturate(ctx, c, "0")
		return c.best, err
	})
	if err != nil {
		return results, err
	}
	err = pair(nameHalf, func(c *contender) (*Report, error) {
		var err error
		c.half, err = b.half(ctx, c)
		return c.half, err
	})
	if err != nil {
		return results, err
	}
	err = pair(nameSame, func(c *contender) (*Report, error) {
		if c == theirs || theirs.half == nil {
			return theirs.half, nil
		}
		return b.once(ctx, c, At(nameSame, stage, theirs.half.rate()), "0")
	})
	if err != nil || !SpareCore() {
		return results, err
	}
	return results, pair(nameTwo, func(c *contender) (*Report, error) { return b.saturate(ctx, c, "0,1") })
}

// SpareCore reports whether a server can have two cores beside the bots'.
func SpareCore() bool { return runtime.NumCPU() > 2 }

// saturate returns the report of the highest rate that was sustained, or nil.
func (b *Bench) saturate(ctx context.Context, c *contender, cores string) (best *Report, _ error) {
	var search Search
	for rate := search.Next(); rate > 0; rate = search.Next() {
		r, err := b.once(ctx, c, At(nameFull, stage, rate), cores)
		if err != nil {
			return best, err
		}
		good := r != nil && r.Traffic.Share >= goodShare && r.Latency.P99 <= goodDelay
		if good {
			best = r
		}
		search.Tried(rate, good)
	}
	if best != nil && best.ToolCores > busyTool {
		_, _ = fmt.Fprintf(b.Out, "the bots' core was full: %s may do more than the next line says\n", c.name)
	}
	return best, nil
}

// half returns the report of a rate that keeps half of the core busy. A packet costs
// more where fewer leave together, so that is less than half of the highest rate.
func (b *Bench) half(ctx context.Context, c *contender) (*Report, error) {
	rate, report := c.best.rate(), c.best
	for try := 0; report != nil && report.cores() > halfLoad*halfUntil && try < halfTries; try++ {
		var err error
		rate *= halfLoad / report.cores()
		if report, err = b.once(ctx, c, At(nameHalf, stage, rate), "0"); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// once starts a fresh server and runs a scenario on it. The report is nil if
// the server could not carry it so far that there was something to count. A
// server that delivers what is wrong ends the bench.
func (b *Bench) once(ctx context.Context, c *contender, s Scenario, cores string) (*Report, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, "taskset", append([]string{"-c", cores}, c.args(addr)...)...)
	server.Stderr = b.Log
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer stop(server)
	if err := ready(addr); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sfuload")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "report.json")
	args := append([]string{"-c", fmt.Sprint(runtime.NumCPU() - 1), b.Self, "run",
		"--url", "ws://" + addr + "/ws", "--pid", fmt.Sprint(server.Process.Pid), "--json", file}, b.flags(s)...)
	bots := exec.CommandContext(ctx, "taskset", args...)
	bots.Stderr = b.Log
	runErr := bots.Run() // also if something was wrong, which is in the report
	raw, err := os.ReadFile(file)
	if ctx.Err() != nil {
		return nil, errors.New("interrupted")
	}
	if errors.Is(err, os.ErrNotExist) {
		_, _ = fmt.Fprintf(b.Log, "%s, %s: %v\n", s.Name, c.name, runErr)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, err
	}
	return r, r.Err()
}

// flags are a scenario in the words of the run command.
func (b *Bench) flags(s Scenario) []string {
	bitrate := s.Bitrate
	if bitrate == 0 {
		bitrate = browserBitrate
	}
	return []string{
		fmt.Sprintf("--rooms=%d", s.Rooms), fmt.Sprintf("--publishers=%d", s.Publishers),
		fmt.Sprintf("--subscribers=%d", s.Subscribers), fmt.Sprintf("--video=%t", s.Video),
		fmt.Sprintf("--audio=%t", s.Audio), fmt.Sprintf("--bitrate=%d", bitrate),
		fmt.Sprintf("--join-rate=%d", benchJoins), fmt.Sprintf("--duration=%v", b.Duration), fmt.Sprintf("--warmup=%v", s.Warmup),
		fmt.Sprintf("--verify-every=%d", s.VerifyEvery),
	}
}

// freeAddr is an address on loopback where nobody listens.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// ready waits until somebody listens.
func ready(addr string) error {
	for deadline := time.Now().Add(readyWithin); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return errors.Join(errors.New("the server does not start"), err)
		}
	}
}

// stop asks a process to end, and makes it.
func stop(c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(stopWithin, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	_ = c.Wait() // it was told to
}
