//go:build !linux

package main

import (
	"context"
	"os"

	"sfu/internal/top"
)

// keys takes none here: Ctrl-C ends ctx.
func keys(context.Context, *os.File, func()) (restore func(), err error) { return func() {}, nil }

// sizeOf is what terminals once all had.
func sizeOf(*os.File) top.Screen { return top.Screen{Width: 80, Height: 24} }
