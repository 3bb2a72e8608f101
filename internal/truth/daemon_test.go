//go:build dashboards

package truth

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

const (
	startWithin = 20 * time.Second
	stopWithin  = 10 * time.Second
)

// start runs a program until the test is over, and returns what the log lines say that
// the patterns are for, in their order: where it listens. None of its ports are fixed.
func start(t *testing.T, patterns []string, name string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(name, args...)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(stopWithin, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	found := make(chan []string, 1)
	go func() { // ends with the program
		found <- scan(read, patterns, t.Output())
		_, _ = io.Copy(io.Discard, read)
		_ = read.Close()
	}()
	select {
	case words := <-found:
		if len(words) == len(patterns) {
			return words
		}
		t.Fatalf("%s ended before it said %q", name, patterns[len(words)])
	case <-time.After(startWithin):
		t.Fatalf("%s did not say %q within %v", name, patterns, startWithin)
	}
	return nil
}

// scan copies lines to the log until it has what it looks for.
func scan(from io.Reader, patterns []string, log io.Writer) (words []string) {
	lines := bufio.NewScanner(from)
	for len(words) < len(patterns) && lines.Scan() {
		_, _ = log.Write(append(lines.Bytes(), '\n'))
		if m := regexp.MustCompile(patterns[len(words)]).FindStringSubmatch(lines.Text()); m != nil {
			words = append(words, m[1])
		}
	}
	return words
}
