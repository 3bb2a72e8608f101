// Package header writes the headers of RTP packets (RFC 3550, 5.1) with their
// extensions (RFC 8285) into the place where a packet is built, and makes what
// is known last, the number and the time of sending, overwritable there. It
// keeps no state and knows no codec; the engine's stamps own what it writes.
package header
