//go:build netlab

package netlab

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	// townName is the server's: Firefox wants a name for TURN over TLS, not an address.
	townName = "meet.test"
	townAddr = "203.0.113.7"
	opsPort  = "9464"
)

// town is a server that speaks TLS on one port, an office whose router may hold a
// firewall, and a home that has none. Browsers trust the server's certificate.
type town struct {
	t                            *testing.T
	server, router, office, home *host
	process                      *daemon
	dir                          string // of what the server and the browsers read
	flows                        int    // how often browsers were started
}

func newTown(t *testing.T) *town {
	t.Helper()
	hosts := newHosts(t, "server", "router", "office", "home")
	w := &town{t: t, server: hosts[0], router: hosts[1], office: hosts[2], home: hosts[3], dir: t.TempDir()}
	w.connect(w.server, "server", townAddr, "203.0.113.1")
	w.connect(w.office, "office", "198.51.100.2", "198.51.100.1")
	w.connect(w.home, "home", "192.0.2.2", "192.0.2.1")
	w.router.forwards()
	w.certify()
	w.process = w.server.start(program(t, "sfu"), "--domain="+townName, "--tls=files",
		"--cert-file="+w.file("cert.pem"), "--key-file="+w.file("key.pem"), "--ops-listen=0.0.0.0:"+opsPort)
	w.office.reaches(townAddr + ":443")
	return w
}

// connect lays a cable from a machine to the router, which has it on the device.
func (w *town) connect(h *host, device, addr, gateway string) {
	w.t.Helper()
	h.link(w.router, "eth0", addr+"/24", device, gateway+"/24")
	h.route("default", gateway)
}

// file returns the path of a file of the town's.
func (w *town) file(name string) string { return filepath.Join(w.dir, name) }

// write writes such a file.
func (w *town) write(name, text string, mode os.FileMode) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.file(name)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.file(name), []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
}

// dress gives programs that start on a machine the town's files instead of those of
// this computer: ip netns exec has given them mounts of their own.
const dress = `
mount --bind "$TOWN/hosts" /etc/hosts
mount --bind "$TOWN/resolv.conf" /etc/resolv.conf
mount --bind "$TOWN/policies" "$DISTRIBUTION"
exec "$@"`

// browse runs the browser test with this title in the office, and returns what it
// measured.
func (w *town) browse(title string) string {
	w.t.Helper()
	// Chromium looks the relay up by its whole name, which ends in a dot.
	w.write("hosts", "127.0.0.1 localhost\n"+townAddr+" "+townName+" "+townName+".\n", 0o644)
	w.write("resolv.conf", "nameserver 127.0.0.1\n", 0o644) // where nobody answers, which is known at once
	w.write("elsewhere", fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n", w.home.name,
		cmp.Or(os.Getenv("CHROMIUM_SHELL"), "/usr/bin/chromium-headless-shell")), 0o755)
	firefox, err := filepath.EvalSymlinks(cmp.Or(os.Getenv("FIREFOX"), "/usr/bin/firefox-esr"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.flows++
	log, err := os.Create(w.file(fmt.Sprintf("browser%d.log", w.flows)))
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	summary := w.file(fmt.Sprintf("summary%d.txt", w.flows))
	cmd := exec.Command("ip", "netns", "exec", w.office.name, "sh", "-ec", dress, "dress",
		"timeout", "-s", "INT", "-k", "10", "240", "node_modules/.bin/playwright", "test", "-c", "net", "--grep", title)
	cmd.Dir = "../../e2e"
	cmd.Env = append(os.Environ(), "TOWN="+w.dir, "DISTRIBUTION="+filepath.Join(filepath.Dir(firefox), "distribution"), "HOME="+w.file("home"),
		"SFU_NET_URL=https://"+townName, "SFU_NET_METRICS=http://"+townAddr+":"+opsPort+"/metrics",
		"SFU_NET_ELSEWHERE="+w.file("elsewhere"), "E2E_SUMMARY="+summary)
	cmd.Stdout, cmd.Stderr = log, log // a file: what a browser leaves behind keeps a pipe open
	err = cmd.Run()
	w.clear()
	text, _ := os.ReadFile(log.Name())
	if skipped := regexp.MustCompile(`\d+ (skipped|did not run|flaky)`).Find(text); err != nil || skipped != nil {
		w.t.Fatalf("%v %s\n%s", err, skipped, text)
	}
	measured, _ := os.ReadFile(summary)
	return string(measured)
}

// clear ends what browsers left behind on their machines: of what runs there, nothing
// else goes on when a browser test is over.
func (w *town) clear() {
	for _, h := range []*host{w.office, w.home} {
		for _, pid := range strings.Fields(h.pids()) {
			_ = exec.Command("kill", "-9", pid).Run()
		}
	}
}

// pids returns which processes run on the machine.
func (h *host) pids() string {
	h.t.Helper()
	return command(h.t, "ip", "netns", "pids", h.name)
}

// figure says what was measured, where who ran the tests will find it.
func figure(t *testing.T, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	t.Log(text)
	if file := os.Getenv("NET_FIGURES"); file != "" {
		out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		fmt.Fprintf(out, "%s: %s\n", t.Name(), text)
	}
}
