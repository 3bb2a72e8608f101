//go:build !linux

package icetcp

import "net"

func limitUnsent(tcp *net.TCPConn) { _ = tcp.SetWriteBuffer(4 * maxUnsent) }
