package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listen opens the address that the operator gave with flag. "localhost" is
// both loopback addresses: browsers try [::1] first, and would find whatever
// other program is there.
func listen(flag, addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, refused(flag, addr, err)
		}
		return []net.Listener{l}, nil
	}
	v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, refused(flag, addr, err)
	}
	_, port, _ = net.SplitHostPort(v4.Addr().String()) // port 0 is a number now
	v6, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		_ = v4.Close()
		return nil, refused(flag, addr, err)
	default: // a machine without IPv6
		return []net.Listener{v4}, nil
	}
}

// refused says what to do when an address cannot be had.
func refused(flag, addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken by another program; choose another address with %s (%w)", addr, flag, err)
	}
	return fmt.Errorf("%s %s: %w", flag, addr, err)
}

// reached is where listeners are reached from this machine.
func reached(listeners []net.Listener, configured string) string {
	bound := listeners[0].Addr().(*net.TCPAddr)
	host, port := bound.IP.String(), fmt.Sprint(bound.Port)
	if name, _, _ := net.SplitHostPort(configured); name == "localhost" || bound.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
