package main

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"sfu/internal/top"
)

// keys takes single keys from a terminal until ctx ends: q stops. Signals stay what
// they are, so Ctrl-C ends ctx. restore waits for that, and gives the terminal back.
func keys(ctx context.Context, in *os.File, stop func()) (restore func(), err error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	single := *before
	single.Lflag &^= unix.ICANON | unix.ECHO
	// A read ends after a tenth of a second, with a key or without: nothing else
	// would end one that waits.
	single.Cc[unix.VMIN], single.Cc[unix.VTIME] = 0, 1
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &single); err != nil {
		return nil, err
	}
	var reads sync.WaitGroup
	reads.Go(func() {
		key := make([]byte, 1)
		for ctx.Err() == nil {
			if n, _ := unix.Read(fd, key); n == 1 && (key[0] == 'q' || key[0] == 'Q') {
				stop()
			}
		}
	})
	return func() {
		stop()
		reads.Wait()
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before)
	}, nil
}

// sizeOf is a terminal's, or what they once all had.
func sizeOf(out *os.File) top.Screen {
	size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 || size.Row == 0 {
		return top.Screen{Width: 80, Height: 24}
	}
	return top.Screen{Width: int(size.Col), Height: int(size.Row)}
}
