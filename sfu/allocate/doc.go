// Package allocate turns wishes into targets: which of the pictures that a
// publisher encodes a subscriber is to be sent. A Chooser finds the one that
// fills a tile, a Planner what of all that the subscriber's bandwidth allows.
// It neither switches nor forwards, nor does it estimate the bandwidth. The
// media loop owns one Chooser for each video down track, one Planner for each
// subscriber, and one Pulse and one Rates for each encoding.
package allocate
