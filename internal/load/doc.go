// Package load is the load generator behind cmd/sfuload: bots that join a
// server through its real door, send what browsers send, and count and verify
// what they are sent. It also has the smallest forwarder that pion allows, to
// compare with, and the scenarios of `make bench`. It is not part of the server;
// cmd/sfuload owns it.
package load
