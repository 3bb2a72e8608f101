// Package allocate turns wishes into targets: which of the pictures that a
// publisher encodes a subscriber is to be sent. It neither switches nor
// forwards, and it knows of no bandwidth: a budget will lower what
// Chooser.Want says before Chooser.Choose looks for what lives. The media loop
// owns one Chooser for each video down track, and one Pulse for each encoding.
package allocate
