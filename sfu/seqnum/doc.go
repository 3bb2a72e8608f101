// Package seqnum is arithmetic on numbers that wrap: RTP sequence numbers and
// VP8 picture ids, compared as RFC 1982 does. It keeps no state; who counts
// owns the count.
package seqnum
