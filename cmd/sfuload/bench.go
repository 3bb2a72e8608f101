package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"sfu/internal/load"
)

// benchCommand is the whole comparison.
type benchCommand struct {
	Server   string        `default:"bin/sfu" placeholder:"FILE" help:"Our server's binary (${default})."`
	Room     string        `default:"bin/sfu.test" placeholder:"FILE" help:"Test binary of package sfu, for what two cores are worth where there is no third for the bots (${default})."`
	Duration time.Duration `default:"4s" placeholder:"TIME" help:"How long to count in each run (${default})."`
	Only     string        `placeholder:"REGEXP" help:"Only the scenarios with such a name; then there is no verdict."`
	JSON     string        `name:"json" placeholder:"FILE" help:"Write every report here."`
	Verbose  bool          `help:"Show what the servers and the bots say."`
}

func (c *benchCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bench := load.Bench{Server: c.Server, Self: self, Room: c.Room, Duration: c.Duration, Out: stdout, Log: io.Discard}
	if c.Verbose {
		bench.Log = stderr
	}
	if c.Only != "" {
		if bench.Only, err = regexp.Compile(c.Only); err != nil {
			return err
		}
	}
	results, err := bench.Run(ctx)
	if c.JSON != "" {
		raw, marshalErr := json.MarshalIndent(results, "", "  ")
		if marshalErr != nil {
			return marshalErr
		}
		if writeErr := os.WriteFile(c.JSON, raw, 0o644); writeErr != nil {
			return writeErr
		}
	}
	if err != nil {
		return err
	}
	cores2 := 0.0
	if c.Only == "" && !load.SpareCore() {
		if cores2, err = bench.TwoCores(ctx); err != nil {
			return err
		}
	}
	line, missed := load.Ratios(results, cores2)
	_, _ = fmt.Fprintln(stdout, line)
	if len(missed) > 0 && c.Only == "" {
		return fmt.Errorf("targets missed: %s", strings.Join(missed, ", "))
	}
	return nil
}
