package icetcp

import "net"

// tune makes a connection fit for what is late soon.
func tune(c net.Conn) {
	for {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetNoDelay(true)
			limitUnsent(tcp)
			return
		}
		wrapped, ok := c.(interface{ NetConn() net.Conn }) // as crypto/tls has it
		if !ok {
			return
		}
		c = wrapped.NetConn()
	}
}
