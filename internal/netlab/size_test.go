//go:build netlab

package netlab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

const (
	maxBinary = 40 * 1000 * 1000 // as in scripts/release.sh
	maxIdle   = 40e6             // of resident memory, in bytes
	idle      = 10 * time.Second
)

// release builds the server as releases have it.
func release(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sfu")
	if out, err := exec.Command("../../scripts/build.sh", "sfu", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// metric returns a number that the server tells of itself on its operations port.
func (h *host) metric(name string) float64 {
	h.t.Helper()
	_, text, err := h.get(operations+"/metrics", nil)
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if err != nil || m == nil {
		h.t.Fatalf("no %s in %q: %v", name, text, err)
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return value
}

func TestTheServerIsSmall(t *testing.T) {
	t.Parallel()
	binary := release(t)
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the binary has %.1f MB", float64(info.Size())/1e6)
	if info.Size() >= maxBinary {
		t.Errorf("the binary has %d bytes, and %d are the limit", info.Size(), maxBinary)
	}

	c := newCertified(t, siteDomain, site) // TLS by ACME, ICE over TCP, TURN: everything that can be on
	c.args[0] = binary
	server := c.start()
	for _, name := range []string{siteDomain, site} {
		c.client.sees(site+":443", name, c.authority.trust, nil)
	}
	<-time.After(idle)
	if server.hasEnded() {
		t.Fatal(server.err)
	}
	used := c.server.metric("process_resident_memory_bytes")
	t.Logf("%v after its start it holds %.1f MB", idle, used/1e6)
	if used >= maxIdle {
		t.Errorf("%.0f bytes of memory before a call, and %.0f are the limit", used, maxIdle)
	}

	beginMeeting(t, c.client, socket, c.authority.roots, 3*time.Second).lostNothing()
	t.Logf("at the end of a call it holds %.1f MB", c.server.metric("process_resident_memory_bytes")/1e6)
	eventually(t, "idle again", func() error {
		if rooms := c.server.metric("sfu_rooms"); rooms > 0 {
			return fmt.Errorf("there are %v rooms", rooms)
		}
		if used = c.server.metric("process_resident_memory_bytes"); used >= maxIdle {
			return fmt.Errorf("%.0f bytes of memory, and %.0f are the limit", used, maxIdle)
		}
		return nil
	})
	t.Logf("after the call it holds %.1f MB", used/1e6)
}
