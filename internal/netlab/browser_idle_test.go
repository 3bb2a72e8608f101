//go:build netlab

package netlab

import (
	"context"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	idlers = 10_000
	// idleSources is how many addresses they have: few enough for the server to let all of
	// one address in, so that what bounds them is the bound on all.
	idleSources = 100
	// comeAgain is when somebody whom the server has turned out is back.
	comeAgain = 3 * time.Second
	// mostHeld is how many of them the server may keep at a time, a few of them closed
	// by it already, and mostMemory what it may need meanwhile, in MB.
	mostHeld   = 4096 + 1000
	mostMemory = 128
)

func TestIdleConnectionsKeepNoBrowserOut(t *testing.T) {
	w := newTown(t)
	const title = "somebody comes into a call"
	figure(t, "without idle connections %s; %d MB", joined(w.browse(title)), w.process.memory())
	c := w.fill()
	during := joined(w.browse(title))
	came, open, memory := c.came.Load(), c.open.Load(), w.process.memory()
	figure(t, "with %d that come again and again, %d times so far, and %d open, %s; %d MB", idlers, came, open, during, memory)
	if open > mostHeld || memory > mostMemory {
		t.Errorf("the server holds %d connections and has %d MB", open, memory)
	}
}

// joined returns what a browser test measured, of what it says.
func joined(summary string) string {
	return regexp.MustCompile(`connected .* ms.*`).FindString(summary)
}

// memory returns how many MB the program had at most so far.
func (d *daemon) memory() int {
	d.t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(d.cmd.Process.Pid) + "/status")
	if err != nil {
		d.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		d.t.Fatal(err)
	}
	return kb / 1024
}

// crowd is very many who connect to the server and say nothing, and come again when they
// are turned out.
type crowd struct {
	host            *host
	came, all, open atomic.Int64 // connections made; those that were there once; that are there now

	ctx     context.Context
	again   chan int // who is to connect next
	running sync.WaitGroup
}

// fill lets the crowd come, and waits until each of it was there.
func (w *town) fill() *crowd {
	w.t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < idlers+1000 {
		w.t.Fatalf("the test needs %d open files, ulimit -n allows %d (%v)", idlers+1000, limit.Max, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{host: newHosts(w.t, "crowd")[0], ctx: ctx, again: make(chan int, idlers)}
	w.connect(c.host, "crowd", "198.19.0.2", "198.19.0.1")
	c.host.run("ip", "route", "add", "local", "198.18.0.0/24", "dev", "lo")
	w.router.route("198.18.0.0/24", "198.19.0.2")
	w.t.Cleanup(func() {
		cancel()
		c.running.Wait()
	})
	first := make(chan struct{})
	c.running.Go(func() {
		if err := c.host.inside(func() error { return c.connect(first) }); err != nil {
			w.t.Error(err)
		}
	})
	for i := range idlers {
		c.again <- i
	}
	select {
	case <-first:
	case <-time.After(time.Minute):
		w.t.Fatalf("after a minute %d of %d were there", c.all.Load(), idlers)
	}
	return c
}

// connect connects one after the other, and closes first when all were there. It runs on
// the crowd's machine.
func (c *crowd) connect(first chan<- struct{}) error {
	seen := make([]bool, idlers)
	for {
		select {
		case <-c.ctx.Done():
			return nil
		case i := <-c.again:
			source := netip.AddrFrom4([4]byte{198, 18, 0, byte(1 + i%idleSources)})
			d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0)), Timeout: 5 * time.Second}
			conn, err := d.DialContext(c.ctx, "tcp4", townAddr+":443")
			if err == nil {
				c.came.Add(1)
				c.open.Add(1)
			}
			if err == nil && !seen[i] {
				seen[i] = true
				if c.all.Add(1) == idlers {
					close(first)
				}
			}
			c.running.Go(func() { c.sit(i, conn) })
		}
	}
}

// sit waits until the server closes a connection, and sends whoever had it back after a
// while; conn is nil when there was none to be had.
func (c *crowd) sit(i int, conn net.Conn) {
	if conn != nil {
		stop := context.AfterFunc(c.ctx, func() { _ = conn.Close() })
		if i%10 == 0 {
			_, _ = conn.Write([]byte{handshake}) // and nothing more
		}
		_, _ = conn.Read(make([]byte, 1))
		stop()
		_ = conn.Close()
		c.open.Add(-1)
	}
	timer := time.NewTimer(comeAgain)
	defer timer.Stop()
	select {
	case <-timer.C:
		c.again <- i
	case <-c.ctx.Done():
	}
}
