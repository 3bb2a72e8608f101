// Package forward decides which packets of one track one subscriber gets, and
// under which numbers. It neither copies nor sends a packet and never reads a
// clock; the room's media loop owns every Forwarder, the publisher's ring owns
// the packets.
package forward
