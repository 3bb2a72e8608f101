package signaling

import (
	"net/netip"
	"strings"
	"testing"
)

func TestRemoteOf(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const proxy, stranger = "10.0.0.1:4000", "192.0.2.1:4000"
	for _, tc := range []struct{ name, peer, forwarded, want string }{
		{"a stranger's word counts nothing", stranger, "203.0.113.1", stranger},
		{"a proxy says whom it heard from", proxy, "203.0.113.1", "203.0.113.1"},
		{"a proxy says nothing", proxy, "", proxy},
		{"what the client made up comes before", proxy, "1.1.1.1, 203.0.113.1", "203.0.113.1"},
		{"even if it names a proxy", proxy, "10.0.0.9, 203.0.113.1", "203.0.113.1"},
		{"and even if it is nonsense", proxy, "nonsense,,, 203.0.113.1", "203.0.113.1"},
		{"two proxies", proxy, "203.0.113.1, 10.0.0.2", "203.0.113.1"},
		{"in two lines", proxy, "203.0.113.1|10.0.0.2, 10.0.0.3", "203.0.113.1"},
		{"the last line is the newest", proxy, "1.1.1.1|203.0.113.1", "203.0.113.1"},
		{"somebody within the networks", proxy, "10.0.0.7, 10.0.0.2", "10.0.0.7"},
		{"without spaces, and with tabs", proxy, "1.1.1.1,\t203.0.113.1 ", "203.0.113.1"},

		{"IPv6", proxy, "2001:db8::1", "2001:db8::1"},
		{"IPv6 in brackets", proxy, "[2001:db8::1]", "2001:db8::1"},
		{"with a port", proxy, "203.0.113.1:555", "203.0.113.1"},
		{"IPv6 with a port", proxy, "[2001:db8::1]:555", "2001:db8::1"},
		{"a proxy with a port", proxy, "203.0.113.1, 10.0.0.2:80", "203.0.113.1"},
		{"IPv4 in the clothes of IPv6", proxy, "203.0.113.1, ::ffff:10.0.0.2", "203.0.113.1"},
		{"so is the peer", "[::ffff:10.0.0.1]:4000", "203.0.113.1", "203.0.113.1"},
		{"a peer of IPv6", "[fd00::1]:4000", "203.0.113.1", "203.0.113.1"},
		{"a peer with a zone", "[fd00::1%eth0]:4000", "203.0.113.1", "203.0.113.1"},
		{"a stranger of IPv6", "[2001:db8::9]:4000", "203.0.113.1", "[2001:db8::9]:4000"},

		{"unknown", proxy, "1.1.1.1, unknown", proxy},
		{"hidden", proxy, "_secret", proxy},
		{"an empty entry", proxy, "1.1.1.1, ", proxy},
		{"behind a proxy nonsense", proxy, "nonsense, 10.0.0.2", proxy},
		{"a name", proxy, "meet.example.org", proxy},
		{"a zone", proxy, "fe80::1%eth0", proxy},
		{"a quoted one", proxy, `"203.0.113.1"`, proxy},
		{"too many numbers", proxy, "203.0.113.1.1", proxy},
		{"a peer that is no address", "@", "203.0.113.1", "@"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			if tc.forwarded != "" {
				lines = strings.Split(tc.forwarded, "|")
			}
			if got := remoteOf(tc.peer, lines, proxies); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if got := remoteOf(tc.peer, lines, nil); got != tc.peer {
				t.Errorf("without proxies %s, want the peer", got)
			}
		})
	}
}

// Whatever comes before the entry that our proxy wrote changes nothing, and what is
// no address never comes out.
func FuzzRemoteOf(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.1", "1.1.1.1, 10.0.0.1", "[2001:db8::1]:443", "unknown,", "fe80::1%x", "[[1.1.1.1]]", ",,\x00"} {
		f.Add(seed)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	const peer = "10.0.0.1:4000"
	f.Fuzz(func(t *testing.T, header string) {
		if got := remoteOf("192.0.2.1:1", []string{header}, proxies); got != "192.0.2.1:1" {
			t.Errorf("%q of a stranger: %s", header, got)
		}
		if got := remoteOf(peer, []string{header + ", 203.0.113.1"}, proxies); got != "203.0.113.1" {
			t.Errorf("before what the proxy wrote %q: %s", header, got)
		}
		if got := remoteOf(peer, []string{header, "203.0.113.1"}, proxies); got != "203.0.113.1" {
			t.Errorf("in a line before %q: %s", header, got)
		}
		got := remoteOf(peer, []string{header}, proxies)
		if addr, err := netip.ParseAddr(got); got != peer && (err != nil || addr.Zone() != "" || addr.Is4In6()) {
			t.Errorf("%q: %q", header, got)
		}
	})
}
