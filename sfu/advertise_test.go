package sfu

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pion/ice/v4"

	"sfu/metrics"
)

func addrPorts(list string) (all []netip.AddrPort) {
	for _, s := range strings.Fields(list) {
		all = append(all, netip.MustParseAddrPort(s))
	}
	return all
}

func addrs(list string) (all []netip.Addr) {
	for _, s := range strings.Fields(list) {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

func TestWhatIsOffered(t *testing.T) {
	t.Parallel()
	const dual = "127.0.0.1:7882 [::1]:7882 10.0.0.5:7882 [2001:db8::5]:7882"
	for _, tc := range []struct {
		name, sockets, public, tcp string
		want                       string // what is added, in order
	}{
		{"nothing", dual, "", "", ""},
		{"a NAT", dual, "203.0.113.7", "", "udp 203.0.113.7:7882"},
		{"both families", dual, "203.0.113.7 2001:db8::7", "", "udp 203.0.113.7:7882, udp [2001:db8::7]:7882"},
		{"the interface's own", dual, "10.0.0.5 2001:db8::5", "", ""},
		{"a NAT that changes the family", "127.0.0.1:1 10.0.0.5:1", "2001:db8::7", "", "udp [2001:db8::7]:1"},
		{"one machine", "127.0.0.1:1 [::1]:1", "203.0.113.7", "", "udp 203.0.113.7:1"},
		{"a port for each interface", "10.0.0.5:1 10.1.0.5:2", "203.0.113.7", "", "udp 203.0.113.7:1, udp 203.0.113.7:2"},
		{"TCP everywhere", dual, "203.0.113.7", "[::]:443",
			"udp 203.0.113.7:7882, tcp 10.0.0.5:443, tcp [2001:db8::5]:443, tcp 203.0.113.7:443"},
		{"TCP over IPv4", dual, "203.0.113.7 2001:db8::7", "0.0.0.0:443",
			"udp 203.0.113.7:7882, udp [2001:db8::7]:7882, tcp 10.0.0.5:443, tcp 203.0.113.7:443"},
		{"TCP on one address", dual, "203.0.113.7", "10.0.0.5:443",
			"udp 203.0.113.7:7882, tcp 10.0.0.5:443, tcp 203.0.113.7:443"},
		{"TCP on an address of its own", dual, "", "10.9.9.9:443", "tcp 10.9.9.9:443"},
		{"TCP behind a proxy", dual, "203.0.113.7", "127.0.0.1:443", "udp 203.0.113.7:7882, tcp 127.0.0.1:443"},
		{"TCP on one machine", "127.0.0.1:1 [::1]:1", "", "[::]:443", "tcp 127.0.0.1:443, tcp [::1]:443"},
		{"two ports", dual, "", "0.0.0.0:443 0.0.0.0:4443 0.0.0.0:443", "tcp 10.0.0.5:443, tcp 10.0.0.5:4443"},
	} {
		lines := offered{public: addrs(tc.public), tcp: addrPorts(tc.tcp)}.lines(addrPorts(tc.sockets))
		var got []string
		seen := make(map[uint32]bool)
		for line := range strings.Lines(lines) {
			c, err := ice.UnmarshalCandidate(strings.TrimSuffix(strings.TrimPrefix(line, "a="), "\r\n"))
			if err != nil || !strings.HasSuffix(line, "\r\n") {
				t.Fatalf("%s: %q: %v", tc.name, line, err)
			}
			got = append(got, fmt.Sprintf("%s %s", c.NetworkType().NetworkShort(),
				netip.AddrPortFrom(netip.MustParseAddr(c.Address()), uint16(c.Port()))))
			tcp := c.NetworkType().IsTCP()
			// Below what pion gives a candidate that a NAT showed it, which is 100<<24.
			if p := c.Priority(); seen[p] || tcp != (p < 100<<24) || tcp != (c.TCPType() == ice.TCPTypePassive) || c.Component() != 1 {
				t.Errorf("%s: %q", tc.name, line)
			}
			seen[c.Priority()] = true
		}
		if s := strings.Join(got, ", "); s != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, s, tc.want)
		}
	}
}

func TestPublicIPsChange(t *testing.T) {
	t.Parallel()
	server, err := New(Config{PublicIPs: addrs("203.0.113.1")}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	const whole = "m=application\r\na=candidate:1 1 udp 9 10.0.0.5 1 typ host\r\na=end-of-candidates\r\nm=audio\r\na=mid:1\r\n"
	offers := func(ip string) bool {
		sdp := server.advertise(whole)
		at, end := strings.Index(sdp, " "+ip+" "), strings.Index(sdp, "a=end-of-candidates")
		return at > 0 && at < end
	}
	if !offers("203.0.113.1") {
		t.Error("the configured address is not offered")
	}
	server.SetPublicIPs(addrs("203.0.113.2 ::ffff:203.0.113.2 0.0.0.0 224.0.0.1"))
	if offers("203.0.113.1") || !offers("203.0.113.2") || strings.Count(server.advertise(whole), "203.0.113.") != strings.Count(server.advertise(whole), "203.0.113.2") {
		t.Errorf("%q", server.advertise(whole))
	}
	if offers("0.0.0.0") || offers("224.0.0.1") {
		t.Error("what is no host is offered")
	}
	server.SetPublicIPs(slices.Repeat([]netip.Addr{{}}, 3))
	if got := server.advertise(whole); got != whole {
		t.Errorf("%q", got)
	}
	var many []netip.Addr
	for i := range 100 {
		many = append(many, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
	}
	server.SetPublicIPs(many)
	if !offers("203.0.113.15") || offers("203.0.113.16") {
		t.Error("the bound does not hold")
	}
}

func TestMediaAddrsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	server, err := New(Config{TCPAddrs: addrPorts("[::]:443")}, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	want := slices.Clone(server.MediaAddrs())
	clear(server.MediaAddrs())
	if got := server.MediaAddrs(); !slices.Equal(got, want) {
		t.Errorf("a caller's change shows: %v, want %v", got, want)
	}
}
