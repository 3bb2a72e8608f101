package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"sfu/internal/top"
	"sfu/sfu"
)

const (
	// maxReport bounds what is read of one answer: a room of hundreds has a few megabytes.
	maxReport   = 64 << 20
	topTimeout  = 3 * time.Second
	topFastest  = 100 * time.Millisecond
	plainScreen = 160 // the width of a table that goes to no terminal
)

// topCommand is what `sfu top` is told.
type topCommand struct {
	OpsURL   string        `name:"ops-url" default:"http://127.0.0.1:9464" placeholder:"URL" help:"The operations address of the server."`
	Room     string        `placeholder:"NAME" help:"Show the people of this room, instead of all rooms."`
	Interval time.Duration `default:"1s" placeholder:"TIME" help:"How often to look."`
	Once     bool          `help:"Print the table once, as where there is no terminal."`
}

// run draws the table until ctx ends or somebody types q.
func (c *topCommand) run(ctx context.Context, t terminal) error {
	if c.Interval < topFastest {
		return fmt.Errorf("--interval=%v: look every %v at most", c.Interval, topFastest)
	}
	in, out := os.Stdin, t.stdout
	screen, live := out.(*os.File)
	if c.Once || !live || !t.interactive || !isTerminal(screen) {
		lines, err := c.table(ctx, top.Screen{Width: plainScreen})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
		return err
	}
	return c.follow(ctx, in, screen)
}

// follow redraws the table on a terminal, and leaves that as it was.
func (c *topCommand) follow(ctx context.Context, in, out *os.File) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	restore, err := keys(ctx, in, stop)
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	defer restore()
	_, _ = io.WriteString(out, enterScreen)
	defer func() { _, _ = io.WriteString(out, leaveScreen) }()
	again := time.NewTicker(c.Interval)
	defer again.Stop()
	for ctx.Err() == nil {
		screen := sizeOf(out)
		lines, err := c.table(ctx, screen)
		if err != nil {
			lines = []string{err.Error(), "", "q leaves; this goes on trying"}
		}
		if _, err := io.WriteString(out, frame(lines)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
	return nil
}

// What a terminal is told (ECMA-48, and xterm's private modes): to show another
// screen without a cursor, and to go back.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
)

// frame draws over the last one, line by line, and clears only what is left of each:
// a screen that was cleared first would flicker.
func frame(lines []string) string {
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	return b.String()
}

// table asks the server, and draws the answer.
func (c *topCommand) table(ctx context.Context, s top.Screen) ([]string, error) {
	if c.Room == "" {
		var list struct {
			Rooms []sfu.RoomSummary `json:"rooms"`
		}
		err := c.ask(ctx, "/api/v1/rooms", &list)
		return top.Rooms(list.Rooms, s), err
	}
	var report sfu.RoomReport
	err := c.ask(ctx, "/api/v1/rooms/"+url.PathEscape(c.Room), &report)
	return top.Room(report, s), err
}

func (c *topCommand) ask(ctx context.Context, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, topTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.OpsURL, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("--ops-url: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("is the server there? %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotFound && c.Room != "":
		return fmt.Errorf("there is no room %q now", c.Room)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", c.OpsURL, res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReport)).Decode(answer); err != nil {
		return fmt.Errorf("%s does not answer as an operations address does: %w", c.OpsURL, err)
	}
	return nil
}
