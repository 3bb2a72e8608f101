// Package codec reads what a forwarder must know out of a video payload, and
// writes back what it must change. It neither decodes nor remembers: each
// packet is judged alone, by the media loop that owns it.
package codec
