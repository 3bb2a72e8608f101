package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestDefaultsThatDependOnOthers(t *testing.T) {
	t.Parallel()
	home := map[string]string{"HOME": "/home/ana"}
	for _, tc := range []struct{ name, text, want string }{
		{"nothing set", "", "off localhost:8080 - 7882 false"},
		{"a domain", "domain: meet.example.org", "auto :443 :80 443 true"},
		{"a public address", "domain: 203.0.114.7", "auto :443 :80 443 true"},
		{"a domain behind a proxy", "domain: meet.example.org\ntls: off", "off localhost:8080 - 7882 false"},
		{"self-signed", "tls: self-signed", "self-signed :443 - 443 true"},
		{"everything chosen", "domain: meet.example.org\nlisten: :8443\nhttp-listen: ''\nudp-port: 7882\nturn: false", "auto :8443 - 7882 false"},
		{"another http port", "domain: meet.example.org\nhttp-listen: :8080", "auto :443 :8080 443 true"},
		{"the same as the default is chosen too", "domain: meet.example.org\nlisten: localhost:8080", "auto localhost:8080 :80 443 true"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, l := situation{file: tc.text + "\n", env: home}.load(t)
			if err := l.Err(); err != nil {
				t.Fatal(err)
			}
			http := c.HTTPListen
			if http == "" {
				http = "-"
			}
			if got := fmt.Sprint(c.TLS, " ", c.Listen, " ", http, " ", c.UDPPort, " ", c.TURN); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if c.Secure() != (c.TLS != TLSOff) {
				t.Errorf("Secure() is %v", c.Secure())
			}
		})
	}
}

// Profiles and captures are for whoever reaches that address.
func TestAnOperationsAddressThatOthersReach(t *testing.T) {
	t.Parallel()
	for addr, warned := range map[string]bool{
		"127.0.0.1:9464": false, "[::1]:9464": false, "localhost:9464": false, "127.1.2.3:1": false,
		":9464": true, "0.0.0.0:9464": true, "[::]:9464": true, "10.0.0.2:9464": true, "inner.example.org:9464": true,
	} {
		_, l := load(t, Input{Args: []string{"--ops-listen", addr}})
		if got := l.Warnings.Error(); l.Err() != nil || strings.HasPrefix(got, "--ops-listen: whoever reaches "+addr) != warned || (got != "") != warned {
			t.Errorf("%s: %v, %q", addr, l.Err(), got)
		}
	}
}

func TestStateDir(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		env  map[string]string
		want string
	}{
		{nil, nil, ""},
		{nil, map[string]string{"HOME": "/home/ana"}, "/home/ana/.local/state/sfu"},
		{nil, map[string]string{"HOME": "/home/ana", "STATE_DIRECTORY": "/var/lib/sfu:/var/lib/other"}, "/var/lib/sfu"},
		{[]string{"--state-dir=/srv"}, map[string]string{"HOME": "/home/ana", "STATE_DIRECTORY": "/var/lib/sfu"}, "/srv"},
	} {
		c, l := load(t, Input{Args: tc.args, Env: environment(tc.env)})
		if c.StateDir != tc.want || l.Err() != nil {
			t.Errorf("%v %v: %q, want %q (%v)", tc.args, tc.env, c.StateDir, tc.want, l.Err())
		}
	}
}

func TestRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"listen: '8080'":            "listen: \"8080\" is no address",
		"listen: ''":                "listen: \"\" is no address",
		"listen: localhost:http":    "listen: ",
		"ops-listen: :70000":        "ops-listen: ",
		"http-listen: x":            "http-listen: ",
		"loudest: -1":               "at least 0",
		"resume-time: 500ms":        "at least 1s",
		"drain-timeout: -1s":        "at least 0s",
		"email: you":                "write you@example.org",
		"email: Ana <a@b.org>":      "write you@example.org",
		"acme-directory: http://x":  "no https URL",
		"moved-to: example.org":     "write https://host",
		"moved-to: ftp://x":         "write https://host",
		"stun-server: stuns:x:1":    "write stun:host:port",
		"ice-server: turn:x":        "write stun:host:port",
		"public-ip: 1.2.3.256":      "is no host",
		"public-ip: fe80::1%eth0":   "is no host",
		"domain: '*.example.org'":   "is no host",
		"domain: a..b":              "is no host",
		"domain: -a.org":            "is no host",
		"behind-proxy: 10.0.0.0":    "",
		"behind-proxy: 10.0.0.1/8":  "",
		"behind-proxy: 10.0.0.0/33": "is no network",
		"behind-proxy: proxy":       "is no network",
		"allow-origin: '*'":         "is not an origin",

		"tls: files":                               "needs both cert-file and key-file",
		"tls: files\ncert-file: /":                 "needs both cert-file and key-file",
		"tls: auto":                                "needs a domain",
		"cert-file: /\nkey-file: /":                "cert-file: is not used with tls off: set tls to files",
		"domain: a.org\nkey-file: /":               "key-file: is not used with tls auto: set tls to files",
		"tls: self-signed":                         "state-dir: there is no home directory",
		"http-listen: :80":                         "sends everyone to https, which is off",
		"domain: localhost\nstate-dir: /s":         "localhost is no public name",
		"domain: 192.168.1.2\nstate-dir: /s":       "192.168.1.2 is no public address",
		"listen: :9464\nops-listen: :9464":         "ops-listen: :9464 is taken by listen",
		"domain: a.org\nlisten: :80\nstate-dir: /": "http-listen: :80 is taken by listen",

		"domain: localhost\nstate-dir: /s\nacme-directory: https://localhost:14000/dir": "",
		"listen: localhost:0\nops-listen: localhost:0":                                  "",
		"tls: files\ncert-file: /\nkey-file: /":                                         "",
		"allow-origin: https://Example.org:8443\nmoved-to: https://b.org/x":             "",
		"stun-server: stun:stun.example.org\nice-server: stuns:stun.example.org":        "",
	} {
		problems := Check(text, nil)
		if got := problems.Error(); (problems == nil) != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestLetsEncryptIsTheDefault(t *testing.T) {
	t.Parallel()
	if c, _ := (situation{}).load(t); c.ACMEDirectory != letsEncrypt {
		t.Errorf("the default is %s, what is checked for it asks for %s", c.ACMEDirectory, letsEncrypt)
	}
}

func TestSTUNHostPort(t *testing.T) {
	t.Parallel()
	for u, want := range map[STUNURL]string{
		"stun:a.org": "a.org:3478", "stun:a.org:1": "a.org:1", "stun:[2001:db8::1]": "[2001:db8::1]:3478", "stun:[2001:db8::1]:1": "[2001:db8::1]:1",
	} {
		if got := u.HostPort(); got != want {
			t.Errorf("%s: %s, want %s", u, got, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	c, l := situation{file: "behind-proxy: [10.1.2.3/8, 127.0.0.1, '::1']\n"}.load(t)
	if got := fmt.Sprint(l.Err(), c.BehindProxy); got != "<nil> [10.0.0.0/8 127.0.0.1/32 ::1/128]" {
		t.Error(got)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	c, l := situation{file: "public-ip: [192.0.2.1, Sfu.Example.org., '2001:db8:0::1', '::ffff:192.0.2.2']\n"}.load(t)
	if got := fmt.Sprint(l.Err(), c.PublicAddrs(), c.PublicNames()); got != "<nil> [192.0.2.1 2001:db8::1 192.0.2.2] [sfu.example.org]" {
		t.Error(got)
	}
}
