package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// pseudoTerminal returns both ends of a new terminal: the one that a person sees,
// and the program's.
func pseudoTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

func TestTopFollowsUntilQ(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(person *os.File, cancel func()){
		"q":      func(person *os.File, _ func()) { _, _ = person.WriteString("q") },
		"Ctrl-C": func(_ *os.File, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			person, program := pseudoTerminal(t)
			in := launch(t)
			enter(t, in, "kitchen", "Ana") // who has no media and is gone after connectWithin
			fd := int(program.Fd())
			if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 10, Col: 30}); err != nil {
				t.Fatal(err)
			}
			before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			c := &topCommand{OpsURL: in.ops, Interval: topFastest}
			go func() { ended <- c.follow(ctx, program, program) }()
			seen := ""
			read := func(until string) {
				for buf := make([]byte, 4096); !strings.Contains(seen, until); {
					n, err := person.Read(buf)
					if seen += string(buf[:n]); err != nil {
						t.Fatalf("%v: %q", err, seen)
					}
				}
			}
			read("kitchen")
			seen = strings.Replace(seen, "kitchen", "", 1)
			read("kitchen") // and again
			leave(person, cancel)
			read(leaveScreen)
			select {
			case err = <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on")
			}
			after, errAfter := unix.IoctlGetTermios(fd, unix.TCGETS)
			if err != nil || errAfter != nil || *after != *before {
				t.Errorf("%v, %v: the terminal is %+v, and was %+v", err, errAfter, after, before)
			}
			if !strings.HasPrefix(seen, enterScreen) || strings.Contains(seen, "participant, and") {
				t.Errorf("%q", seen)
			}
			for line := range strings.SplitSeq(seen, "\r\n") {
				if i := strings.Index(line, "ROOM"); i >= 0 && utf8.RuneCountInString(strings.TrimRight(line[i:], "\x1b[K\r")) > 30 {
					t.Errorf("a line is wider than the terminal: %q", line)
				}
			}
		})
	}
}
