// Package web is the browser client and the handler that serves it: the page
// (app/) and the library under it (client/), plain ES modules that are embedded
// as they are. It knows nothing of rooms and opens no WebSocket; the page talks
// to package signaling, which cmd/sfu mounts beside this handler.
package web
