// Package quality puts a number on a participant's connection, from 1 to 5, and
// says when that is news. It does not measure: round trip, losses and estimate
// are told to it. It changes nothing either: what is sent is for estimate and
// allocate to decide. Each participant's engine owns one Meter.
package quality
