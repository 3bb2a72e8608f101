//go:build netlab

package netlab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// behindNAT is a server in an inner network, a NAT in front of it that gives it a
// public address of its own, as clouds do, and a client somewhere else.
func behindNAT(t *testing.T) (server, client *host) {
	t.Helper()
	hosts := newHosts(t, "server", "nat", "client")
	server, nat, client := hosts[0], hosts[1], hosts[2]
	server.link(nat, "eth0", "10.0.0.5/24", "inner", "10.0.0.1/24")
	client.link(nat, "eth0", "198.51.100.2/24", "outer", "198.51.100.1/24")
	nat.run("ip", "addr", "add", "203.0.113.7/32", "dev", "outer")
	server.route("default", "10.0.0.1")
	client.route("default", "198.51.100.1")
	nat.forwards()
	nat.filter(`table ip nat {
		chain in { type nat hook prerouting priority dstnat; ip daddr 203.0.113.7 dnat to 10.0.0.5; }
		chain out { type nat hook postrouting priority srcnat; ip saddr 10.0.0.5 oifname "outer" snat to 203.0.113.7; }
	}
	table ip filter {
		chain forward { type filter hook forward priority 0; policy accept; ct state established,related accept; iifname "outer" ct status dnat accept; iifname "outer" drop; }
	}`)
	return server, client
}

// call lets three bots meet and returns which part of the packets arrived.
func call(t *testing.T, from *host, url string) (delivered float64, wrong int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	out, _ := from.try(program(t, "sfuload"), "run", "--url", url, "--publishers=3", "--subscribers=0", "--bitrate=300000",
		"--duration=2s", "--warmup=2s", "--verify-every=1", "--json", file)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Traffic struct{ Share float64 }
		Checked struct{ Wrong, Packets int }
	}
	if err := json.Unmarshal(raw, &report); err != nil || report.Checked.Packets == 0 {
		t.Fatalf("%v\n%s", err, raw)
	}
	return report.Traffic.Share, report.Checked.Wrong
}

func TestAServerBehindNATIsReachedByItsPublicAddress(t *testing.T) {
	t.Parallel()
	server, client := behindNAT(t)
	server.start(program(t, "sfu"), "--listen=0.0.0.0:8080", "--public-ip=203.0.113.7")
	client.reaches("203.0.113.7:8080")
	if share, wrong := call(t, client, "ws://203.0.113.7:8080/ws"); share < 0.99 || wrong > 0 {
		t.Errorf("%.4f of the packets arrive, %d wrong", share, wrong)
	}
}

func TestANetworkOfIPv6Alone(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t, "server", "client")
	server, client := hosts[0], hosts[1]
	server.link(client, "eth0", "2001:db8::5/64", "eth0", "2001:db8::9/64")
	server.start(program(t, "sfu"), "--listen=[::]:8080")
	client.reaches("[2001:db8::5]:8080")
	if share, wrong := call(t, client, "ws://[2001:db8::5]:8080/ws"); share < 0.99 || wrong > 0 {
		t.Errorf("%.4f of the packets arrive, %d wrong", share, wrong)
	}
}

// examine lets the doctor look at a server from a machine, and returns what it says of
// one check.
func examine(t *testing.T, from *host, url, check string) (finding struct{ Check, Status, Detail, Advice string }, status int) {
	t.Helper()
	out, status := from.try(program(t, "sfu"), "doctor", "--json", url)
	var report struct {
		Findings []struct{ Check, Status, Detail, Advice string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range report.Findings {
		if f.Check == check {
			return f, status
		}
	}
	t.Fatalf("no %s in %s", check, out)
	return finding, status
}

// closed lets nothing in that the machine has not asked for.
func (h *host) closed() {
	h.t.Helper()
	h.filter(`table inet wall {
		chain in { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; }
	}`)
}

func TestTheDoctorNamesAWrongPublicAddress(t *testing.T) {
	t.Parallel()
	server, client := behindNAT(t)
	server.start(program(t, "sfu"), "--listen=0.0.0.0:8080", "--public-ip=203.0.113.99")
	client.reaches("203.0.113.7:8080")
	f, status := examine(t, client, "http://203.0.113.7:8080", "udp")
	if f.Status != "warning" || status != 0 || !strings.Contains(f.Advice, "--public-ip=203.0.113.7") {
		t.Errorf("an open client: %+v, exit status %d", f, status)
	}
	client.closed()
	f, status = examine(t, client, "http://203.0.113.7:8080", "udp")
	if f.Status != "failure" || status != 1 || !strings.Contains(f.Detail, "203.0.113.99") || !strings.Contains(f.Advice, "--public-ip") {
		t.Errorf("a client behind a firewall: %+v, exit status %d", f, status)
	}
}

func TestTheDoctorNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	server, client := behindNAT(t)
	server.start(program(t, "sfu"), "--listen=0.0.0.0:8080")
	client.reaches("203.0.113.7:8080")
	client.closed()
	if f, status := examine(t, client, "http://203.0.113.7:8080", "udp"); f.Status != "failure" || status != 1 || !strings.Contains(f.Advice, "set --public-ip") {
		t.Errorf("no public address: %+v, exit status %d", f, status)
	}
}

func TestTheDoctorNamesAFirewall(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t, "server", "client")
	server, client := hosts[0], hosts[1]
	server.link(client, "eth0", "203.0.113.7/24", "eth0", "203.0.113.2/24")
	server.filter(`table inet wall {
		chain in { type filter hook input priority 0; iif eth0 udp dport 7882 drop; }
	}`)
	server.start(program(t, "sfu"), "--listen=0.0.0.0:8080")
	client.reaches("203.0.113.7:8080")
	if f, status := examine(t, client, "http://203.0.113.7:8080", "udp"); f.Status != "failure" || status != 1 || !strings.Contains(f.Advice, "open port 7882/udp") {
		t.Errorf("UDP is dropped: %+v, exit status %d", f, status)
	}
}
