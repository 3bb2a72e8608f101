//go:build !linux

package udp

import "net"

func listen(conn *net.UDPConn, cfg Config) (*Conn, error) {
	c := Over(conn, cfg)
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	return c, nil
}

// outbox is the kernel's view of an arena, which only Linux has.
type outbox struct{}

func (*outbox) init() {}
