package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// command is a grammar like cmd/sfu's.
type command struct {
	File string `name:"config"`
	Config
}

// situation is what a test's server starts in.
type situation struct {
	file string // the text of the named file
	env  map[string]string
	args []string
}

func (s situation) load(t *testing.T) (*Config, *Loaded) {
	t.Helper()
	args := s.args
	if s.file != "" {
		args = append([]string{"--config=" + keep(t, "sfu.yaml", s.file, 0o640)}, args...)
	}
	return load(t, Input{Args: args, Env: environment(s.env)})
}

func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func load(t *testing.T, in Input) (*Config, *Loaded) {
	t.Helper()
	var g command
	l, err := Load(&g, &g.Config, in, kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return &g.Config, l
}

// keep writes a file for the test.
func keep(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsBeatVariablesBeatTheFile(t *testing.T) {
	t.Parallel()
	file := "loudest: 1\npublic-ip: [192.0.2.1, 192.0.2.2]\npacket-by-packet: true\nlog-level: warn\nresume-time: 1m\n"
	env := map[string]string{"SFU_LOUDEST": "2", "SFU_PUBLIC_IP": "198.51.100.1,sfu.example.org", "SFU_LOG_LEVEL": "debug"}
	args := []string{"--loudest=3", "--public-ip=203.0.113.1", "--public-ip=2001:db8::1"}
	for _, tc := range []struct {
		name string
		in   situation
		want string
	}{
		{"the defaults", situation{}, "5 [] false INFO 30s"},
		{"the file", situation{file: file}, "1 [192.0.2.1 192.0.2.2] true WARN 1m0s"},
		{"variables over it", situation{file: file, env: env}, "2 [198.51.100.1 sfu.example.org] true DEBUG 1m0s"},
		{"flags over both", situation{file, env, args}, "3 [203.0.113.1 2001:db8::1] true DEBUG 1m0s"},
		{"a flag takes back what the file has", situation{file: file, args: []string{"--packet-by-packet=false"}}, "1 [192.0.2.1 192.0.2.2] false WARN 1m0s"},
		{"a variable alone", situation{env: env}, "2 [198.51.100.1 sfu.example.org] false DEBUG 30s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, l := tc.in.load(t)
			if err := l.Err(); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(c.Loudest, c.PublicIP, c.PacketByPacket, c.LogLevel, c.ResumeTime); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestWhichFileIsRead(t *testing.T) {
	t.Parallel()
	one, two, three := keep(t, "1", "loudest: 1", 0o640), keep(t, "2", "loudest: 2", 0o640), keep(t, "3", "loudest: 3", 0o640)
	none := filepath.Join(t.TempDir(), "none")
	named := environment(map[string]string{"SFU_CONFIG": two})
	for _, tc := range []struct {
		name    string
		in      Input
		loudest int
		file    string
		problem string
	}{
		{"none", Input{}, 5, "", ""},
		{"the usual one", Input{DefaultFile: one}, 1, one, ""},
		{"the usual one is not there", Input{DefaultFile: none}, 5, "", ""},
		{"a variable names one", Input{DefaultFile: one, Env: named}, 2, two, ""},
		{"a flag names one", Input{DefaultFile: one, Env: named, Args: []string{"--config", three}}, 3, three, ""},
		{"the named one is not there", Input{Args: []string{"--config", none}}, 5, none, "no such file"},
		{"a folder", Input{Args: []string{"--config", filepath.Dir(one)}}, 5, filepath.Dir(one), "is a directory"},
		{"flags only", Input{FlagsOnly: true, Env: named, Args: []string{"--config", three}}, 5, three, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, l := load(t, tc.in)
			if c.Loudest != tc.loudest || l.File != tc.file {
				t.Errorf("loudest %d of %q, want %d of %q", c.Loudest, l.File, tc.loudest, tc.file)
			}
			if got := l.Problems.Error(); (got == "") != (tc.problem == "") || !strings.Contains(got, tc.problem) {
				t.Errorf("problems %q, want %q", got, tc.problem)
			}
		})
	}
}

func TestSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		in   situation
		want []string
	}{
		{"an unknown name", situation{file: "# x\npublicip: 192.0.2.1\n"}, []string{"FILE:2: publicip: is no setting; did you mean public-ip?"}},
		{"one like no other", situation{file: "redis: yes\n"}, []string{"FILE:1: redis: is no setting (see sfu --help)"}},
		{"everything at once", situation{
			file: "udp-port: 70000\nturn: maybe\nmax-rooms: many\nresume-time: 5\nlog-level: loud\ntls: on\nlog-format: xml\nlisten: [a, b]\n",
			env:  map[string]string{"SFU_LOUDEST": "x", "SFU_MAX_PARTICIPANTS": "0"},
		}, []string{
			`FILE:1: udp-port: "70000" is not a port: a number from 0 to 65535`,
			`FILE:2: turn: "maybe" is neither true nor false`,
			`FILE:3: max-rooms: "many" is not a whole number`,
			`FILE:4: resume-time: "5" is not a time: write 30s, 5m or 1h`,
			`FILE:5: log-level: "loud" is none of debug, info, warn, error`,
			`FILE:6: tls: "on" is none of off, auto, self-signed, files`,
			`FILE:7: log-format: "xml" is neither text nor json`,
			`FILE:8: listen: takes one value, not a list`,
			`SFU_LOUDEST: "x" is not a whole number`,
			`SFU_MAX_PARTICIPANTS: 0 is too few: at least 1`,
		}},
		{"the item's own line", situation{file: "domain:\n- meet.example.org\n- https://x\n"}, []string{
			`FILE:3: domain: "https://x" is no host: write a name like meet.example.org or an IP address, without https:// and port`}},
		{"a comma is no second item", situation{file: "domain: ['a.org,b.org']\n"}, []string{
			`FILE:1: domain: "a.org,b.org" is no host: write a name like meet.example.org or an IP address, without https:// and port`}},
		{"out of range", situation{file: "\nmax-rooms: -1\n"}, []string{"FILE:2: max-rooms: -1 is too few: at least 1"}},
		{"out of range on the command line", situation{args: []string{"--max-rooms=0"}}, []string{"--max-rooms: 0 is too few: at least 1"}},
		{"a contradiction", situation{file: "email: a@example.org\ntls: auto\n", env: map[string]string{"HOME": "/home/ana"}}, []string{
			"FILE:2: tls: auto needs a domain: set domain to this server's name or public IP address"}},
		{"no contradictions of what is wrong anyhow", situation{file: "tls: auto\ndomain: a b\n"}, []string{
			`FILE:2: domain: "a b" is no host: write a name like meet.example.org or an IP address, without https:// and port`}},
		{"a wrong flag, and a wrong file", situation{file: "x: y\n", args: []string{"--loudest=x"}}, []string{
			"FILE:1: x: is no setting (see sfu --help)", `--loudest: expected a valid 64 bit int but got "x" (see --help)`}},
		{"a file of ours that is not there", situation{file: "tls: files\ncert-file: /none/c\nkey-file: /none/k\n"}, []string{
			"FILE:2: cert-file: stat /none/c: no such file or directory", "FILE:3: key-file: stat /none/k: no such file or directory"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, l := tc.in.load(t)
			text := l.Problems.Error()
			if l.File != "" {
				text = strings.ReplaceAll(text, l.File+":", "FILE:")
			}
			got := strings.Split(text, "\n")
			if l.Err() == nil || !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	private, open := keep(t, "private", secret+"\n", 0o640), keep(t, "open", secret, 0o644)
	empty, large := keep(t, "empty", "\n", 0o640), keep(t, "large", strings.Repeat("x", maxSecret+1), 0o640)
	for _, tc := range []struct {
		name             string
		args             []string
		problem, warning string
	}{
		{"from a file", []string{"--turn-secret-file", private}, "", ""},
		{"by itself", []string{"--turn-secret", secret}, "", ""},
		{"both", []string{"--turn-secret-file", private, "--turn-secret", secret}, "--turn-secret-file: turn-secret is set too: keep one of the two", ""},
		{"others may read it", []string{"--turn-secret-file", open}, "", "chmod o-r " + open},
		{"empty", []string{"--turn-secret-file", empty}, "is empty", ""},
		{"too large", []string{"--turn-secret-file", large}, "is larger than 4096 bytes", ""},
		{"not there", []string{"--turn-secret-file", "/none/s"}, "--turn-secret-file: open /none/s", ""},
		{"too short", []string{"--turn-secret", "guess"}, "--turn-secret: has 5 characters: at least 16", ""},
		{"another from a file", []string{"--turn-secret", secret, "--public-metrics-token-file", private}, "", ""},
		{"another, which is too short", []string{"--public-metrics-token", "guess"}, "--public-metrics-token: has 5 characters: at least 16", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, l := load(t, Input{Args: tc.args})
			for what, pair := range map[string][2]string{"problem": {l.Problems.Error(), tc.problem}, "warning": {l.Warnings.Error(), tc.warning}} {
				if got, want := pair[0], pair[1]; (got == "") != (want == "") || !strings.Contains(got, want) {
					t.Errorf("%s %q, want %q", what, got, want)
				}
			}
			if l.Err() == nil && string(c.TURNSecret) != secret {
				t.Errorf("the secret is %q", string(c.TURNSecret))
			}
			if strings.HasPrefix(tc.name, "another") && l.Err() == nil && string(c.PublicMetricsToken) != secret {
				t.Errorf("the token is %q", string(c.PublicMetricsToken))
			}
		})
	}
}

func TestAnOpenSettingsFileWithASecret(t *testing.T) {
	t.Parallel()
	const secret = "turn-secret: 0123456789abcdef\n"
	for _, tc := range []struct {
		text   string
		mode   os.FileMode
		warned bool
	}{{secret, 0o644, true}, {secret, 0o640, false}, {"loudest: 3\n", 0o644, false}} {
		_, l := load(t, Input{Args: []string{"--config", keep(t, "f", tc.text, tc.mode)}})
		if (len(l.Warnings) == 1) != tc.warned {
			t.Errorf("%q, mode %v: %v", tc.text, tc.mode, l.Warnings)
		}
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	c, l := situation{file: "turn-secret: " + secret + "\n"}.load(t)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", c.TURNSecret)
	shown := fmt.Sprintf("%v %+v %#v %q %s", c, c, c, c.TURNSecret, c.TURNSecret) + log.String() + l.Effective()
	if strings.Contains(shown, secret) {
		t.Error(shown)
	}
	if want := "turn-secret: (hidden) # " + l.File + ":1\n"; !strings.Contains(l.Effective(), want) {
		t.Errorf("no %q in\n%s", want, l.Effective())
	}
}
