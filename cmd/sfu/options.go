package main

import (
	"context"
	"io"
	"io/fs"
	"os"

	"sfu/config"
	"sfu/sfu"
	"sfu/signaling"
)

// options is what the operator chose, and how it was found.
type options struct {
	*config.Config
	loaded *config.Loaded
}

// parse reads the options. It returns nil without an error when something else
// than serving was all that was asked for, and is done.
func parse(ctx context.Context, args []string, stdout, stderr io.Writer) (*options, error) {
	return execute(ctx, args, terminal{
		env: os.LookupEnv, environ: os.Environ(), file: config.DefaultFile,
		interactive: isTerminal(os.Stdin), stdin: os.Stdin, stdout: stdout, stderr: stderr,
	})
}

// isTerminal reports whether a person may be at the other end: /dev/null is a
// character device too.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, errNull := os.Stat(os.DevNull)
	return err == nil && errNull == nil && info.Mode()&fs.ModeCharDevice != 0 && !os.SameFile(info, null)
}

// engine returns the engine's part of the options.
func (o *options) engine() sfu.Config { return o.Engine() }

// door returns signalling's part of the options.
func (o *options) door() signaling.Config { return o.Door() }

// public returns the addresses and names that the operator says people reach us at.
func (o *options) public() (list []string) {
	for _, h := range o.PublicIP {
		list = append(list, string(h))
	}
	return list
}
