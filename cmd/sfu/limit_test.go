package main

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
)

func TestAListenerHoldsSoManyConnections(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var full atomic.Int32
	l := limit(raw, 2, func() { full.Add(1) })
	accepted := make(chan net.Conn)
	failed := make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				failed <- err
				return
			}
			accepted <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first, second := <-accepted, <-accepted
	if n := len(l.(*limitListener).places); n != 2 {
		t.Errorf("%d places are taken", n)
	}
	select {
	case <-accepted:
		t.Fatal("a third is let in")
	default:
	}
	_ = first.Close()
	_ = first.Close() // gives one place free, not two
	third := <-accepted
	if n := full.Load(); n == 0 {
		t.Error("nobody was told that it is full")
	}
	for _, c := range []net.Conn{second, third} {
		if _, ok := c.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn); !ok {
			t.Errorf("below %T there is no TCP connection: icetcp cannot tune it", c)
		}
	}
	_ = l.Close() // while Accept waits for a place
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	_, _ = second.Close(), third.Close()
}
