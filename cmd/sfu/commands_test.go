package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shell is where a test's command runs.
type shell struct {
	env   map[string]string
	file  string
	typed string // answers on a terminal; none is no terminal
}

func (s shell) environ() (list []string) {
	for name, value := range s.env {
		list = append(list, name+"="+value)
	}
	return list
}

// run returns everything that the command printed, and its error.
func (s shell) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	env := func(name string) (string, bool) {
		if name == "HOME" {
			return "/home/ana", true
		}
		v, ok := s.env[name]
		return v, ok
	}
	o, err := execute(t.Context(), args, terminal{
		env: env, environ: s.environ(), file: s.file, interactive: s.typed != "", stdin: strings.NewReader(s.typed), stdout: &out, stderr: &out,
	})
	if o != nil {
		t.Errorf("%v serves", args)
	}
	return out.String(), err
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "domain: meet.example.org\nturn-secret: 0123456789abcdef\n", 0o640)
	open := file("open", "turn-secret: 0123456789abcdef\n", 0o644)
	bad := file("bad", "publicip: 192.0.2.1\nmax-rooms: 0\n", 0o640)
	for _, tc := range []struct {
		name string
		args []string
		err  string
		want []string
	}{
		{"good", []string{"--config", good}, "", []string{"the settings are fine\n"}},
		{"printed", []string{"--config", good, "--print"}, "", []string{
			"domain: [meet.example.org] # " + good + ":1\n", "tls: auto # default\n", "listen: :443 # default\n", "turn-secret: (hidden) # ",
		}},
		{"a secret for everyone", []string{"--config", open}, "", []string{"warning: " + open + ":1: turn-secret: ", "the settings are fine\n"}},
		{"bad", []string{"--config", bad}, "2 problems", []string{bad + ":1: publicip: is no setting; did you mean public-ip?\n", bad + ":2: max-rooms: 0 is too few"}},
		{"a bad flag", []string{"--max-rooms=0"}, "1 problem", []string{"--max-rooms: 0 is too few"}},
		{"no such file", []string{"--config", filepath.Join(dir, "none")}, "1 problem", []string{"no such file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := shell{}.run(t, append([]string{"check-config"}, tc.args...)...)
			if got := strings.TrimPrefix(fmt.Sprint(err), "<nil>"); got != tc.err {
				t.Errorf("%q, want %q", got, tc.err)
			}
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(out, "0123456789abcdef") {
				t.Error("the secret is shown")
			}
		})
	}
}

func TestAMistypedVariableIsWarnedOf(t *testing.T) {
	t.Parallel()
	out, err := shell{env: map[string]string{"SFU_DOMIAN": "meet.example.org"}}.run(t, "check-config")
	if err != nil || !strings.Contains(out, "warning: SFU_DOMIAN: is no setting; did you mean SFU_DOMAIN?\n") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestServingIsRefusedWithEveryProblem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("x: y\nmax-rooms: 0\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := shell{file: path}.run(t)
	if err == nil || !strings.Contains(err.Error(), path+":1: ") || !strings.Contains(err.Error(), path+":2: ") {
		t.Error(err)
	}
}

func TestInitWritesAFileThatWorks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, typed string
		args        []string
		want, said  []string
	}{
		{"three answers", "meet.example.org\nyou@example.org\n/srv/sfu\n", nil,
			[]string{"\ndomain: [meet.example.org]\n", "\nemail: you@example.org\n", "\nstate-dir: /srv/sfu\n"}, nil},
		{"no answers", "\n\n\n", nil, []string{"\n#domain:", "\n#email:", "\n#state-dir:"}, nil},
		{"mistakes", "https://x\nmeet.example.org, 203.0.114.7\nyou\n\n\n", nil,
			[]string{"\ndomain: [meet.example.org, 203.0.114.7]\n", "\n#email:"}, []string{"is no host", "is no e-mail address"}},
		{"flags", "", []string{"--domain=meet.example.org", "--email=you@example.org", "--max-rooms=7"},
			[]string{"\ndomain: [meet.example.org]\n", "\nemail: you@example.org\n", "\nmax-rooms: 7\n", "\n#state-dir:"}, nil},
		{"a flag and answers", "you@example.org\n\n", []string{"--domain=meet.example.org"},
			[]string{"\ndomain: [meet.example.org]\n", "\nemail: you@example.org\n"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "etc", "sfu.yaml")
			// The environment is the server's business, not the file's.
			out, err := shell{typed: tc.typed, env: map[string]string{"SFU_LOUDEST": "x", "SFU_CONFIG": path}}.run(t, append([]string{"init"}, tc.args...)...)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range tc.said {
				if !strings.Contains(out, want) {
					t.Errorf("did not say %q:\n%s", want, out)
				}
			}
			text := page(t, path)
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if out, err := (shell{}).run(t, "check-config", "--config", path); err != nil {
				t.Errorf("check-config: %v\n%s", err, out)
			}
		})
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, typed, want string
		args              []string
	}{
		{"nobody to ask", "", "give --domain", nil},
		{"nobody answers", "meet.example.org\n", "no answer: give --email", nil},
		{"a wrong flag", "", "is no host", []string{"--domain=a b"}},
		{"a contradiction", "", "is no public address", []string{"--domain=10.0.0.1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "sfu.yaml")
			_, err := shell{typed: tc.typed, file: path}.run(t, append([]string{"init", "--config", path}, tc.args...)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("it wrote the file")
			}
		})
	}
}

func TestInitNeedsAFileToWrite(t *testing.T) {
	t.Parallel()
	if _, err := (shell{}).run(t, "init", "--domain=a.org"); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Error(err)
	}
}

func TestInitNeverOverwritesUnasked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sfu.yaml")
	const old = "not: [yaml"
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"init", "--config", path, "--domain=meet.example.org"}
	if _, err := (shell{}).run(t, args...); err == nil || !strings.Contains(err.Error(), "--force") || page(t, path) != old {
		t.Errorf("%v; the file is %q", err, page(t, path))
	}
	if _, err := (shell{file: path}).run(t, "init"); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("it would have asked first: %v", err)
	}
	if out, err := (shell{}).run(t, append(args, "--force")...); err != nil || !strings.Contains(page(t, path), "\ndomain: [meet.example.org]\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// The package installs such a file, so that there is one to edit.
func TestInitTakesThePlaceOfAFileThatSetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sfu.yaml")
	if err := os.WriteFile(path, []byte("# domain: a.org\n\n  # the end"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := shell{}.run(t, "init", "--config", path, "--domain=meet.example.org")
	if err != nil || !strings.Contains(page(t, path), "\ndomain: [meet.example.org]\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestVersionCommand(t *testing.T) {
	t.Parallel()
	out, err := shell{}.run(t, "version")
	if err != nil || !strings.HasPrefix(out, "sfu ") || !strings.Contains(out, "commit ") || !strings.Contains(out, " go1.") {
		t.Errorf("%q, %v", out, err)
	}
}

// The help of a server with a broken file must still be readable.
func TestHelpNeedsNoSettings(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"--version"}, {"version"}, {"init", "--help"}, {"serve", "--help"}} {
		if out, err := (shell{env: map[string]string{"SFU_CONFIG": "/none", "SFU_LOUDEST": "x"}}).run(t, args...); err != nil || out == "" {
			t.Errorf("%v: %v, %q", args, err, out)
		}
	}
	out, _ := shell{}.run(t, "--help")
	for _, group := range []string{"Serving", "TLS", "Media", "TURN", "Limits", "Logging", "Commands:"} {
		if !strings.Contains(out, "\n"+group+"\n") {
			t.Errorf("no group %s in\n%s", group, out)
		}
	}
}
