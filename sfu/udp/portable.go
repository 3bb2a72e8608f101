//go:build !linux

package udp

import "net"

func listen(conn *net.UDPConn, cfg Config) (*Conn, error) { return single(conn, cfg), nil }

// outbox is the kernel's view of an arena, which only Linux has.
type outbox struct{}

func (*outbox) init() {}
