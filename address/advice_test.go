package address

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func addrs(list string) (all []netip.Addr) {
	for _, s := range strings.Fields(list) {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const (
		unknown = "no public address is known"
		nat     = "lo=127.0.0.1 eth0=10.0.0.5"
	)
	for _, tc := range []struct {
		name       string
		configured []answer
		interfaces string // name=address
		seen       []sight
		public     string
		because    string
		warnings   []string // how each begins
		incomplete bool
	}{
		{
			name: "a machine with a public address", interfaces: "lo=127.0.0.1 eth0=203.0.113.7 eth0=2001:db8::7",
			because: "203.0.113.7 (interface eth0), 2001:db8::7 (interface eth0)",
		},
		{name: "nothing known", interfaces: nat, because: "10.0.0.5 (interface eth0)", warnings: []string{unknown}},
		{name: "loopback alone", interfaces: "lo=127.0.0.1", because: "127.0.0.1 (interface lo)", warnings: []string{unknown}},
		{name: "nothing at all", warnings: []string{unknown}},
		{
			name: "configured by number", interfaces: nat, configured: []answer{{value: "203.0.113.7", addrs: addrs("203.0.113.7")}},
			public: "203.0.113.7", because: "203.0.113.7 (configured), 10.0.0.5 (interface eth0)",
		},
		{
			name: "configured by name, both families", interfaces: nat,
			configured: []answer{{value: "meet.example.org", name: true, addrs: addrs("203.0.113.7 2001:db8::7")}},
			public:     "203.0.113.7 2001:db8::7",
			because:    "203.0.113.7 (resolved from meet.example.org), 2001:db8::7 (resolved from meet.example.org), 10.0.0.5 (interface eth0)",
		},
		{
			name: "configured what an interface has", interfaces: "lo=127.0.0.1 eth0=203.0.113.7",
			configured: []answer{{value: "203.0.113.7", addrs: addrs("203.0.113.7")}},
			because:    "203.0.113.7 (configured, interface eth0)",
		},
		{
			name: "configured twice", interfaces: nat,
			configured: []answer{{value: "203.0.113.7", addrs: addrs("203.0.113.7")}, {value: "m.example", name: true, addrs: addrs("203.0.113.7")}},
			public:     "203.0.113.7", because: "203.0.113.7 (configured, resolved from m.example), 10.0.0.5 (interface eth0)",
		},
		{
			name: "an office without a public address", interfaces: nat,
			configured: []answer{{value: "192.168.1.9", addrs: addrs("192.168.1.9")}},
			public:     "192.168.1.9", because: "192.168.1.9 (configured), 10.0.0.5 (interface eth0)",
		},
		{
			name: "a name that /etc/hosts spoils", interfaces: nat,
			configured: []answer{{value: "m.example", name: true, addrs: addrs("127.0.1.1")}},
			because:    "10.0.0.5 (interface eth0)", warnings: []string{"m.example is 127.0.1.1", unknown},
		},
		{
			name: "a name that does not resolve", interfaces: nat, configured: []answer{{value: "m.example", name: true}},
			because: "10.0.0.5 (interface eth0)", warnings: []string{"m.example does not resolve:", unknown}, incomplete: true,
		},
		{
			name: "a name that no longer resolves", interfaces: nat,
			configured: []answer{{value: "m.example", name: true, stale: true, addrs: addrs("203.0.113.7")}},
			public:     "203.0.113.7", because: "203.0.113.7 (resolved from m.example), 10.0.0.5 (interface eth0)",
			warnings: []string{"m.example does not resolve any more"}, incomplete: true,
		},
		{
			name: "the only STUN server", interfaces: nat, seen: []sight{{"a:1", addrs("203.0.113.7")}},
			public: "203.0.113.7", because: "203.0.113.7 (seen by a:1), 10.0.0.5 (interface eth0)",
		},
		{
			name: "two that agree against one", interfaces: nat,
			seen:   []sight{{"a:1", addrs("198.51.100.1")}, {"b:1", addrs("203.0.113.7")}, {"c:1", addrs("203.0.113.7")}},
			public: "203.0.113.7", because: "203.0.113.7 (seen by b:1 and c:1), 10.0.0.5 (interface eth0)",
			warnings: []string{"only a:1 sees 198.51.100.1"},
		},
		{
			name: "two that do not agree", interfaces: nat,
			seen:    []sight{{"a:1", addrs("198.51.100.1")}, {"b:1", addrs("203.0.113.7")}},
			because: "10.0.0.5 (interface eth0)", warnings: []string{"only a:1", "only b:1", unknown},
		},
		{
			name: "one of two that answers", interfaces: nat, seen: []sight{{"a:1", nil}, {"b:1", addrs("203.0.113.7")}},
			because:  "10.0.0.5 (interface eth0)",
			warnings: []string{"the STUN server a:1 does not answer", "only b:1", unknown}, incomplete: true,
		},
		{
			name: "STUN servers that are too near", interfaces: nat,
			seen:    []sight{{"a:1", addrs("10.0.0.5 fd00::1")}, {"b:1", addrs("127.0.0.1")}, {"c:1", addrs("100.64.0.9")}},
			because: "10.0.0.5 (interface eth0)",
			warnings: []string{"the STUN server a:1 sees 10.0.0.5", "the STUN server a:1 sees fd00::1",
				"the STUN server b:1 sees 127.0.0.1", "the STUN server c:1 sees 100.64.0.9", unknown},
		},
		{
			name: "STUN sees the interface's own", interfaces: "eth0=203.0.113.7",
			seen:    []sight{{"a:1", addrs("203.0.113.7")}},
			because: "203.0.113.7 (seen by a:1, interface eth0)",
		},
		{
			name: "configured wins over STUN, by family", interfaces: nat,
			configured: []answer{{value: "203.0.113.7", addrs: addrs("203.0.113.7")}},
			seen:       []sight{{"a:1", addrs("198.51.100.1 2001:db8::7")}},
			public:     "203.0.113.7 2001:db8::7",
			because:    "203.0.113.7 (configured), 2001:db8::7 (seen by a:1), 10.0.0.5 (interface eth0)",
			warnings:   []string{"the configured address is advertised, though STUN servers see 198.51.100.1"},
		},
	} {
		var own []assigned
		for _, pair := range strings.Fields(tc.interfaces) {
			name, addr, _ := strings.Cut(pair, "=")
			own = append(own, assigned{name, netip.MustParseAddr(addr)})
		}
		got := decide(findings{configured: tc.configured, interfaces: own, seen: tc.seen})
		begin := func(w, want string) bool { return strings.HasPrefix(w, want) }
		if !slices.Equal(got.Public, addrs(tc.public)) || got.Because != tc.because || got.Complete == tc.incomplete ||
			!slices.EqualFunc(got.Warnings, tc.warnings, begin) {
			t.Errorf("%s: %+v", tc.name, got)
		}
		if fmt.Sprint(decide(findings{configured: tc.configured, interfaces: own, seen: tc.seen})) != fmt.Sprint(got) {
			t.Errorf("%s: the same findings are other advice", tc.name)
		}
	}
}
