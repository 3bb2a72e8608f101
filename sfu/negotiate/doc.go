// Package negotiate is the offer/answer state of one participant, seen from the
// server: the impolite side of what W3C WebRTC 1.0 calls perfect negotiation.
// It is not the negotiation itself: the participant's loop owns one State,
// holds the PeerConnection and the socket, and does what Due says.
package negotiate
