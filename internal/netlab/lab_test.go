//go:build netlab

package netlab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sfu/internal/journal"
)

// host is a machine: a network namespace with loopback and what is linked to it.
type host struct {
	t    *testing.T
	name string
}

var labs atomic.Int32

// newHosts makes machines that nothing connects yet. They end with the test.
func newHosts(t *testing.T, names ...string) []*host {
	t.Helper()
	lab := labs.Add(1)
	hosts := make([]*host, len(names))
	for i, name := range names {
		h := &host{t, fmt.Sprintf("sfu%d-%d-%s", os.Getpid(), lab, name)}
		command(t, "ip", "netns", "add", h.name)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", h.name).Run() })
		h.run("ip", "link", "set", "lo", "up")
		hosts[i] = h
	}
	return hosts
}

// link lays a cable between two machines, which have these addresses on it.
func (h *host) link(other *host, device, own, remoteDevice, remote string) {
	h.t.Helper()
	command(h.t, "ip", "link", "add", device, "netns", h.name, "type", "veth", "peer", "name", remoteDevice, "netns", other.name)
	h.address(device, own)
	other.address(remoteDevice, remote)
}

func (h *host) address(device, addr string) {
	h.t.Helper()
	h.run("ip", "addr", "add", addr, "dev", device, "nodad")
	h.run("ip", "link", "set", device, "up")
}

// route sends what goes to a prefix, or to "default", by a gateway.
func (h *host) route(prefix, gateway string) {
	h.t.Helper()
	family := "-4"
	if strings.Contains(gateway, ":") {
		family = "-6"
	}
	h.run("ip", family, "route", "add", prefix, "via", gateway)
}

// forwards makes a router of the machine.
func (h *host) forwards() {
	h.t.Helper()
	h.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
}

// filter adds rules of nftables.
func (h *host) filter(rules string) {
	h.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", h.name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("nft: %v\n%s\n%s", err, out, rules)
	}
}

// run runs a program on the machine, which must succeed, and returns what it printed.
func (h *host) run(args ...string) string {
	h.t.Helper()
	return command(h.t, append([]string{"ip", "netns", "exec", h.name}, args...)...)
}

// try runs a program on the machine, and returns what it printed and its exit status.
func (h *host) try(args ...string) (string, int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.name}, args...)...)
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		h.t.Fatalf("%v: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func command(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// daemon is a program that goes on running on a machine.
type daemon struct {
	t          *testing.T
	cmd        *exec.Cmd
	output     journal.Journal
	disposable bool // how it ends is of no interest
	awaited    bool // the test has looked at how it ended
	ended      chan struct{}
	err        error // how it ended, once it has
}

// start starts a program, which must end with status 0 when it is told to stop at the
// end of the test.
func (h *host) start(args ...string) *daemon {
	h.t.Helper()
	d := &daemon{t: h.t, cmd: exec.Command("ip", append([]string{"netns", "exec", h.name}, args...)...), ended: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = &d.output, &d.output
	if err := d.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.ended)
	}()
	h.t.Cleanup(func() {
		if d.disposable {
			_ = d.cmd.Process.Kill()
		}
		err := d.stop()
		failed := err != nil && !d.disposable && !d.awaited
		if failed || h.t.Failed() {
			h.t.Logf("%s: %v\n%s", args, err, d.output.String())
		}
		if failed {
			h.t.Fail()
		}
	})
	return d
}

// stop tells the program to stop, and returns how it ended.
func (d *daemon) stop() error {
	d.signal(syscall.SIGTERM)
	timer := time.AfterFunc(patience, func() { _ = d.cmd.Process.Kill() })
	defer timer.Stop()
	<-d.ended
	return d.err
}

// end returns how the program ended, and waits for that.
func (d *daemon) end() error {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(patience):
		d.t.Fatalf("%s does not end", d.cmd.Args)
	}
	d.awaited = true
	return d.err
}

func (d *daemon) signal(s os.Signal) { _ = d.cmd.Process.Signal(s) }

func (d *daemon) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// says waits until the program has written something.
func (d *daemon) says(what string) {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("%s says %q", filepath.Base(d.cmd.Args[4]), what), func() error {
		if !d.output.Has(what) {
			return errors.New("it does not")
		}
		return nil
	})
}

// patience is how long a test waits for what should have happened by then.
const patience = 20 * time.Second

// eventually asks again until it works: other programs do not tell when.
func eventually(t *testing.T, what string, works func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := works()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// reaches waits until something listens at a TCP address, as seen from the machine.
func (h *host) reaches(address string) {
	h.t.Helper()
	hostname, port := address[:strings.LastIndex(address, ":")], address[strings.LastIndex(address, ":")+1:]
	probe := fmt.Sprintf("exec 3<>/dev/tcp/%s/%s", strings.Trim(hostname, "[]"), port)
	for range 200 {
		if exec.Command("ip", "netns", "exec", h.name, "bash", "-c", probe).Run() == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	h.t.Fatalf("%s does not reach %s", h.name, address)
}

// program returns the path of one of our programs, which `make net` has built.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: make net builds it", err)
	}
	return path
}
