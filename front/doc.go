// Package front is the one TCP port: it looks at the first bytes of each
// connection and hands it to the listener of what it speaks.
//
// It carries HTTPS, plain HTTP, TURN over TLS and over TCP, and ICE over TCP.
// It speaks none of them: apart from the TLS handshake it answers nothing.
// docs/ports.md has the table of first bytes. A Front owns its listener and the
// connections that have not said yet what they are; whoever accepts a
// connection from one of its listeners owns that one.
package front
