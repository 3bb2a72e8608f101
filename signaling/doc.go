// Package signaling is the WebSocket door: it carries the protocol of
// signaling/wire between browsers and the engine, with keepalive, limits and
// back-pressure. It knows neither rooms nor media, which are the engine's, and
// cmd/sfu owns the listener that it is mounted on.
package signaling
