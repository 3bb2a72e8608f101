// Package keyframe decides when a keyframe request may go to a publisher. It
// does not know who asks or why, and sends nothing; the media loop owns one
// Throttle for each encoding.
package keyframe
