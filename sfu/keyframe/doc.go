// Package keyframe decides when a keyframe request may go to a publisher. It
// does not know why one is asked for, and sends nothing; the media loop owns a
// Throttle for each encoding and a Requester for each slot.
package keyframe
