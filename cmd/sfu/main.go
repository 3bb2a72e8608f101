package main

import (
	"context"
	"io"

	"sfu/internal/process"
)

func main() {
	process.Main("sfu", func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return run(ctx, process.Hangups(), args, stdout, stderr)
	})
}
