// Package speaker tells who is speaking from the audio levels that clients put
// into their packets (RFC 6464): by how loudly, who dominates, and who is heard
// where not everyone can be. It is not a voice detector, it never sees sound;
// each room's media loop owns one Detector and one Audible.
package speaker
