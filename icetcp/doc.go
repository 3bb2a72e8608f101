// Package icetcp is the door for ICE over TCP (RFC 6544): it carries the frames of
// a TCP connection as datagrams between a UDP socket of its own and the engine's
// media socket, both on loopback. It knows neither sessions nor keys: who may talk
// is ICE's to say, in the engine. Whoever listens owns the listeners it serves.
package icetcp
