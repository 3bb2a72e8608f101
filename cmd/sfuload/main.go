package main

import (
	"context"
	"io"

	"sfu/internal/process"
)

func main() { process.Main("sfuload", run) }

// run is the whole program but for its signals.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	command, err := parse(args, stdout, stderr)
	if command == nil || err != nil {
		return err
	}
	return command.run(ctx, stdout, stderr)
}
