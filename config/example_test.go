package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what docs/configuration.md has of the code")

// Whoever takes a # away must get a file that works, for each line of it.
func TestEveryLineOfTheExampleWorks(t *testing.T) {
	t.Parallel()
	flags, _ := settings(new(Config))
	home := environment(map[string]string{"HOME": "/home/ana"})
	alone := map[string]string{ // files are not there, and these want tls: files
		"cert-file": "set tls to files", "key-file": "set tls to files", "acme-root": "no such file", "turn-secret-file": "no such file", "public-metrics-token-file": "no such file",
	}
	lines := 0
	for l := range strings.Lines(Example(nil)) {
		text, off := strings.CutPrefix(l, "#")
		name, _, _ := strings.Cut(text, ":")
		if !off || flags[name] == nil {
			continue
		}
		lines++
		if name != "domain" {
			text += "domain: a.org\n"
		}
		if got, want := Check(text, home).Error(), alone[name]; (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if lines != len(flags) {
		t.Errorf("%d lines for %d settings", lines, len(flags))
	}
}

func TestTheExampleKeepsWhatIsSet(t *testing.T) {
	t.Parallel()
	set := map[string][]string{
		"domain": {"meet.example.org", "203.0.114.7"}, "listen": {"[::1]:8443"}, "http-listen": {""}, "state-dir": {"/var/lib/my sfu # 1"},
		"loudest": {"0"}, "turn": {"false"}, "ice-server": {"stun:a.org:3478"}, "turn-secret": {"- {0123456789abcdef}: *"},
	}
	c, l := situation{file: Example(set)}.load(t)
	if err := l.Err(); err != nil {
		t.Fatal(err)
	}
	flags, names := settings(c)
	for _, name := range names {
		want, ok := set[name]
		if _, found := l.sources[name]; found != ok {
			t.Errorf("%s: set is %v", name, found)
		}
		if ok && name != "turn-secret" && fmt.Sprint(texts(flags[name])) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, texts(flags[name]), want)
		}
	}
	if string(c.TURNSecret) != set["turn-secret"][0] {
		t.Errorf("the secret is %q", string(c.TURNSecret))
	}
}

// TestTheManual holds docs/configuration.md against the code: what is between
// its marks is written by this test with -update.
func TestTheManual(t *testing.T) {
	t.Parallel()
	const path = "../docs/configuration.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	manual := string(text)
	for mark, want := range map[string]string{
		"table":   table(),
		"example": "```yaml\n" + Example(map[string][]string{"domain": {"meet.example.org"}, "email": {"you@example.org"}}) + "```\n",
	} {
		begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
		before, rest, ok := strings.Cut(manual, begin)
		is, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no %s … %s", path, begin, end)
		}
		if is != want && !*update {
			t.Errorf("the %s in %s is not the code's: go test ./config -update writes it", mark, path)
		}
		manual = before + begin + want + end + after
	}
	if *update {
		if err := os.WriteFile(path, []byte(manual), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// table is every setting in Markdown.
func table() string {
	var b strings.Builder
	flags, names := settings(new(Config))
	group := ""
	for _, name := range names {
		f := flags[name]
		if f.Group.Key != group {
			group = f.Group.Key
			fmt.Fprintf(&b, "\n### %s\n\n| flag | default | meaning | live |\n|---|---|---|---|\n", group)
		}
		value := "none"
		switch {
		case f.Tag.Has("usual"):
			value = f.Tag.Get("usual")
		case f.IsBool():
			value = "off"
		case f.Default != "":
			value = "`" + f.Default + "`"
		}
		live := ""
		if f.Tag.Has("live") {
			live = "yes"
		}
		fmt.Fprintf(&b, "| `--%s` | %s | %s | %s |\n", name, value, f.Help, live)
	}
	return b.String() + "\n"
}
