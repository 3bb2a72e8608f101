package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sfu/config"
)

// fileMode lets the operator's group read the settings, and nobody else: there
// may be a secret in them.
const fileMode = 0o640

// initConfig writes a settings file of what the command line has, and of the
// answers to what it leaves out.
func initConfig(l *config.Loaded, path string, force bool, t terminal) error {
	if err := l.Err(); err != nil {
		return err
	}
	if path == "" {
		return errors.New("no file to write: name one with --config")
	}
	if _, err := os.Lstat(path); err == nil && !force {
		if !setsNothing(path) {
			return exists(path)
		}
		force = true // as the package installs it: nothing is lost
	}
	set := l.Flags()
	if err := ask(set, t); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("%w; name another file with --config", err)
	}
	if err := write(path, config.Example(set), force); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.stdout, "wrote %s; next: sfu check-config --config %s\n", path, path)
	return err
}

// question is one that init asks about a setting.
type question struct {
	setting, text string
	list          bool
}

var questions = []question{
	{"domain", "Domain name or public IP address of this server (empty: no https here)", true},
	{"email", "Your e-mail address, for the certificate authority (empty: none)", false},
	{"state-dir", "Where to keep certificates (empty: the default)", false},
}

// ask puts the questions that no flag answers to whoever is at the terminal.
func ask(set map[string][]string, t terminal) error {
	scripted := false
	for _, q := range questions {
		scripted = scripted || len(set[q.setting]) > 0
	}
	if scripted && !t.interactive {
		return nil // it has said what it wanted to
	}
	if !t.interactive {
		return errors.New("there is no terminal to ask on: give --domain, --email and --state-dir")
	}
	lines := bufio.NewScanner(t.stdin)
	for _, q := range questions {
		if _, answered := set[q.setting]; answered {
			continue
		}
		if err := q.put(set, lines, t); err != nil {
			return err
		}
	}
	return nil
}

func (q question) put(set map[string][]string, lines *bufio.Scanner, t terminal) error {
	for {
		fmt.Fprintf(t.stdout, "%s: ", q.text)
		if !lines.Scan() {
			return errors.Join(fmt.Errorf("no answer: give --%s", q.setting), lines.Err())
		}
		answer := strings.TrimSpace(lines.Text())
		if answer == "" {
			return nil
		}
		values := []string{answer}
		if q.list {
			values = strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' })
		}
		set[q.setting] = values
		problems := config.Check(config.Example(set), t.env)
		if problems == nil {
			return nil
		}
		for _, p := range problems {
			fmt.Fprintln(t.stdout, p.Text)
		}
		delete(set, q.setting)
	}
}

func exists(path string) error {
	return fmt.Errorf("%s exists: overwrite it with --force, or name another file with --config", path)
}

// setsNothing reports whether a settings file is comments and nothing else.
func setsNothing(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// write creates the file; with force it takes the place of an old one at once
// and whole.
func write(path, text string, force bool) error {
	target := path
	if force {
		target = path + ".new"
	}
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return exists(target)
	}
	if err != nil {
		return fmt.Errorf("%w; name another file with --config", err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(fileMode), f.Close()) // whatever the umask is
	if err == nil && force {
		err = os.Rename(target, path)
	}
	if err != nil {
		_ = os.Remove(target)
	}
	return err
}
