// Package red reads RED payloads (RFC 2198) as browsers send them: Opus in
// audio/red, each packet with copies of the ones before it. It makes none of its
// own and knows no payload type; the room's media loop calls it.
package red
