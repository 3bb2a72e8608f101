//go:build !linux || (!amd64 && !arm64)

package load

import (
	"sync"
	"time"
)

// poller reads each socket from a goroutine of its own, one datagram a time.
type poller struct{ done sync.WaitGroup }

func newPoller() (*poller, error) { return new(poller), nil }

// add begins to read a socket, until it is closed.
func (p *poller) add(s *socket) error {
	p.done.Go(func() {
		var b [datagramSize]byte
		for {
			n, from, err := s.ReadFromUDPAddrPort(b[:])
			if err != nil {
				return
			}
			s.receive(b[:n], from, time.Now().UnixNano())
		}
	})
	return nil
}

// remove does nothing: closing the socket ends its goroutine.
func (*poller) remove(*socket) {}

func (p *poller) close() { p.done.Wait() }
