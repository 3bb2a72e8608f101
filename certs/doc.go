// Package certs is where the server's TLS certificate comes from: files that
// somebody else renews, a certificate authority that speaks ACME, or, for
// tests and a local network, nobody.
//
// It opens no port: who serves mounts what a certificate authority asks for. A
// Source owns its files and the goroutines that renew it.
package certs
