// Package sfu is the engine: the server, its rooms, participants and tracks. It
// owns the goroutines and pion's objects, asks the logic packages below what
// to do, and does it. It is the only package that imports pion/webrtc, and it
// knows neither HTTP nor WebSocket.
package sfu
