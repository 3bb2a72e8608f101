// Package doctor finds out why people do not reach a server: it looks at the machine
// it runs on and goes the ways that a browser would go, one by one. Each finding says
// what to do.
package doctor
