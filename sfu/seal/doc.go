// Package seal encrypts the RTP of one connection by AES-GCM (RFC 7714), in place
// and without looking at more of a packet than it needs. Every packet of every
// subscriber passes here.
package seal
