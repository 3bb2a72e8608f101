// Package wire is the signalling protocol's messages and their JSON form. It
// knows neither sockets nor rooms: signaling carries what it encodes, and sfu
// does what it decodes. docs/signaling.md is the same protocol in prose, and
// the tests here read its examples.
package wire
