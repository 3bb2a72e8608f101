// Package relay is TURN (RFC 8656) inside the server: the way to the media
// sockets for browsers whose network lets nothing out but TLS on port 443.
//
// A relay reaches the server's own media sockets and nothing else, whatever its
// client asks for. The permission handler knows their addresses; permissions
// know no ports (RFC 8656, 9), so the relay's own socket drops what goes to, or
// comes from, any other port of this machine.
//
// pion/turn speaks the protocol, but bounds little and waits for nothing. This
// package gives it only connections and sockets that do: a stream hands over
// whole messages of a bounded length and ends when it idles, a socket counts for
// its user and ends when it has too many channels, and Close waits for whoever
// reads from one of them. Main owns the Server; what ends TLS, and who owns the
// media port, is none of its concern.
package relay
