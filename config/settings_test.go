package config

import (
	"slices"
	"strings"
	"testing"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, old, next, live, restart string }{
		{"nothing", "loudest: 3", "loudest: 3", "", ""},
		{"the default, written out", "", "loudest: 5", "", ""},
		{"one that is live", "loudest: 3", "loudest: 4", "loudest", ""},
		{"one that is not", "udp-port: 1", "udp-port: 2", "", "udp-port"},
		{"a list grows", "public-ip: [192.0.2.1]", "public-ip: [192.0.2.1, a.org]", "public-ip", ""},
		{"a list is in another order", "ice-server: ['stun:a', 'stun:b']", "ice-server: ['stun:b', 'stun:a']", "ice-server", ""},
		{"secrets that look alike", "turn-secret: 0123456789abcdef", "turn-secret: fedcba9876543210", "turn-secret", ""},
		{"both kinds", "max-rooms: 1\nlog-level: warn\nlisten: :1", "moved-to: https://a\nbehind-proxy: 10.0.0.0/8",
			"moved-to max-rooms log-level", "listen behind-proxy"},
		{"what follows from another", "", "domain: a.org\nstate-dir: /s", "", "listen http-listen tls domain state-dir udp-port turn"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			old, l := situation{file: tc.old + "\n"}.load(t)
			next, m := situation{file: tc.next + "\n"}.load(t)
			if l.Err() != nil || m.Err() != nil {
				t.Fatal(l.Err(), m.Err())
			}
			changes, effect := old.Changed(next)
			var live, restart []string
			for _, ch := range changes {
				if ch.Live {
					live = append(live, ch.Name)
				} else {
					restart = append(restart, ch.Name)
				}
			}
			if got, want := strings.Join(live, " ")+"|"+strings.Join(restart, " "), tc.live+"|"+tc.restart; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			// What is in effect then has only the rest still to change.
			left, _ := effect.Changed(next)
			var waiting []string
			for _, ch := range left {
				waiting = append(waiting, ch.Name)
			}
			if got := strings.Join(waiting, " "); got != tc.restart {
				t.Errorf("%s waits for a restart, want %s", got, tc.restart)
			}
			if again, _ := old.Changed(next); len(again) != len(changes) {
				t.Error("the old settings were touched")
			}
		})
	}
}

func TestAChangeShowsWhatItWasAndIs(t *testing.T) {
	t.Parallel()
	old, _ := situation{file: "public-ip: 192.0.2.1\nturn-secret: 0123456789abcdef\ndrain-timeout: 1m\n"}.load(t)
	next, _ := situation{file: "public-ip: [192.0.2.1, a.org]\nturn-secret: fedcba9876543210\nlog-level: debug\n"}.load(t)
	got, _ := old.Changed(next)
	want := []Change{
		{"drain-timeout", "1m0s", "0s", true}, {"public-ip", "192.0.2.1", "192.0.2.1, a.org", true},
		{"turn-secret", "(hidden)", "(hidden)", true}, {"log-level", "info", "debug", true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestWhichSettingsAreLive(t *testing.T) {
	t.Parallel()
	want := []string{
		"allow-origin", "capture", "drain-timeout", "ice-server", "log-level", "loudest", "max-participants", "max-rooms", "moved-to",
		"public-ip", "public-metrics-token", "public-metrics-token-file", "turn-secret", "turn-secret-file",
	}
	var got []string
	flags, names := settings(new(Config))
	for _, name := range names {
		if flags[name].Tag.Has("live") {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEverySettingIsExplained(t *testing.T) {
	t.Parallel()
	flags, names := settings(new(Config))
	for _, name := range names {
		f := flags[name]
		if !strings.HasSuffix(f.Help, ".") || f.Group == nil {
			t.Errorf("%s: group %v, help %q", name, f.Group, f.Help)
		}
	}
}

// The engine and signalling have defaults of their own, which 0 would mean.
func TestWhatTheEngineIsTold(t *testing.T) {
	t.Parallel()
	c, l := situation{file: "loudest: 0\npublic-ip: [192.0.2.1, a.org]\nice-server: ['stun:a.org']\nallow-origin: ['https://A.org']\npacket-by-packet: true\n"}.load(t)
	cfg, door := c.Engine(), c.Door()
	if l.Err() != nil || cfg.Loudest != -1 || len(cfg.PublicIPs) != 1 || cfg.ICEServers[0].URLs[0] != "stun:a.org" || !cfg.PacketByPacket ||
		cfg.UDPPort != 7882 || cfg.MaxRooms != 1000 || !slices.Equal(door.AllowedOrigins, []string{"https://a.org"}) {
		t.Errorf("%v %+v %+v", l.Err(), cfg, door)
	}
}
