package front

import (
	"crypto/tls"
	"net"
)

// rewound is a connection whose first bytes were read, and are read again. Like
// every connection here it has one reader at a time.
type rewound struct {
	net.Conn
	head []byte
}

// Read returns the first bytes, and then what the connection has.
func (c *rewound) Read(b []byte) (int, error) {
	if len(c.head) > 0 && len(b) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// NetConn returns the connection below, as tls.Conn's does.
func (c *rewound) NetConn() net.Conn { return c.Conn }

// rewoundTLS is the same with TLS. net/http takes the state from it for
// Request.TLS; HTTP/2 needs a *tls.Conn, but does not come here without ALPN.
type rewoundTLS struct {
	rewound
	tls *tls.Conn
}

// ConnectionState is that of the TLS connection.
func (c *rewoundTLS) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// peek reads until it is clear what conn speaks, headSize bytes at most, and
// returns what it read.
func peek(conn net.Conn) (head []byte, what verdict, err error) {
	var buf [headSize]byte
	for n := 0; ; {
		m, err := conn.Read(buf[n:])
		n += m
		if what := classify(buf[:n]); what != undecided {
			return buf[:n], what, nil
		}
		if err != nil {
			return nil, undecided, err
		}
	}
}
