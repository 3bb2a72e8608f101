package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"sfu/internal/load"
)

func (c *runCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	report, err := load.Run(ctx, c.config(), stderr)
	if err != nil {
		return err
	}
	report.Print(stdout)
	if c.JSON != "" {
		if err := report.Write(c.JSON); err != nil {
			return err
		}
	}
	return report.Err()
}

// referenceCommand is the reference as a program.
type referenceCommand struct {
	Listen netip.AddrPort `default:"127.0.0.1:8081" placeholder:"ADDR" help:"Serve the WebSocket here, and media at the same address (${default})."`
}

func (c *referenceCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	listener, err := net.Listen("tcp", c.Listen.String())
	if err != nil {
		return err
	}
	reference, err := load.NewReference(c.Listen.Addr())
	if err != nil {
		_ = listener.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", reference)
	server := &http.Server{Handler: mux}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	_, _ = fmt.Fprintf(stdout, "reference at ws://%s/ws\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return reference.Close()
}
