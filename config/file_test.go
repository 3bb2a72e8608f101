package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"an empty file", "", ""},
		{"only comments", "# nothing\n\n#listen: :80\n", ""},
		{"only a document's beginning", "---\n", ""},
		{"one value and a list", "listen: :80\ndomain: [a, b]\n", "listen@1 :80@1; domain@2 a@2 b@2"},
		{"a list over lines", "domain:\n  - a\n  # why b\n  - 'b'\n", "domain@1 a@2 b@4"},
		{"quotes and numbers are texts", "udp-port: \"443\"\nloudest: 007\n", "udp-port@1 443@1; loudest@2 007@2"},
		{"twice", "listen: a\n\nlisten: b\n", "listen@1 a@1 | f:3: listen: is set on line 1 already"},
		{"no value", "email:\nlisten: a\n", "listen@2 a@2 | f:1: email: has no value: write one, or remove the line"},
		{"no value in a list", "domain: [a, ~]", "| f:1: domain: has no value: write one, or remove the line"},
		{"a value that is a mapping", "tls:\n  mode: auto\n", "| f:1: tls: write one value, or a list of values"},
		{"an alias", "a: &x b\nc: *x\n", "a@1 b@1 | f:2: c: write the value itself instead of an alias"},
		{"a key that is a list", "[a]: b\n", "| f:1: not the name of a setting"},
		{"a list at the top", "- listen\n", "| f:1: not a list of settings: write name: value, one on a line"},
		{"a sentence", "\nhello\n", "| f:2: not a list of settings: write name: value, one on a line"},
		{"two documents", "a: b\n---\nc: d\n", "| f: has a second document: remove the line ---"},
		{"no YAML", "a: b\n c: [\n", "| f:2: mapping values are not allowed in this context"},
		{"no text", "a: \x01\n", "| f: control characters are not allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			settings, problems := scan("f", []byte(tc.text))
			var got []string
			for _, w := range settings {
				s := at(w.name, w.line)
				for _, i := range w.items {
					s += " " + at(i.text, i.line)
				}
				got = append(got, strings.ReplaceAll(s, ":", "@"))
			}
			text := strings.Join(got, "; ")
			if problems != nil {
				text = strings.TrimSpace(text + " | " + problems.Error())
			}
			if want := tc.want; text != want && text != strings.ReplaceAll(want, ":80", "@80") {
				t.Errorf("%q\ngot  %s\nwant %s", tc.text, text, want)
			}
		})
	}
}

var seeds = []string{
	"", "listen: :80\n", "domain: [a, b]\nemail: you@example.org\n", "a: &x [*x]", "<<: {a: b}", "a: b\n---\nc: d", "? [a]\n: b",
	"domain:\n- a\n- b,c\n", "a: |\n  b\n  c\n", "%YAML 1.1\n---\nturn: on\n", "turn-secret: 0123456789abcdef", Example(nil),
}

func FuzzScan(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, problems := scan("f", []byte(text))
		seen := make(map[string]bool)
		for _, w := range settings {
			if w.name == "" || w.line < 1 || seen[w.name] {
				t.Errorf("a setting without name or line, or twice: %+v", w)
			}
			seen[w.name] = true
		}
		for _, p := range problems {
			if p.Where == "" || p.Text == "" {
				t.Errorf("a problem without place or words: %+v", problems)
			}
		}
	})
}

// FuzzCheck is slower, for it builds the grammar each time.
func FuzzCheck(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range Check(text, nil) {
			if p.Where == "" || p.Text == "" {
				t.Errorf("a problem without place or words: %+v", p)
			}
		}
	})
}

func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	for size, ok := range map[int]bool{maxSecret: true, maxSecret + 1: false} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readFile(path, maxSecret); (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, _, err := readFile(t.TempDir(), maxSecret); err == nil {
		t.Error("a folder was read")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	_, names := settings(new(Config))
	for name, want := range map[string]string{
		"publicip": "public-ip", "public_ip": "public-ip", "publicIP": "public-ip", "domian": "domain", "domains": "domain",
		"udpport": "udp-port", "mail": "email", "turn-secret-fil": "turn-secret-file", "redis": "", "x": "", "": "",
		strings.Repeat("x", 1000): "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("%.30q: %q, want %q", name, got, want)
		}
	}
}
