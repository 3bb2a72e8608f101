// Package udp is the media socket under pion's ICE mux: many packets a system
// call, in and out.
//
// What a packet costs is what the kernel does for each buffer that it sends or
// takes in, hardly the system call itself (docs/adr/0010). So a Batch
// joins the packets that one subscriber gets in a turn of a media loop into
// trains, which pass the kernel as one buffer (UDP_SEGMENT), and sends the
// trains of all subscribers in one call (sendmmsg). Received trains are taken
// in as one buffer too (UDP_GRO, recvmmsg).
//
// A Conn is read by one goroutine, the mux's, and written by any number: each
// media loop has its own Batch for each Conn, and they meet at no lock, for a
// Batch passes by that of Go's descriptor. STUN, DTLS and RTCP, which pion
// writes, go out at once. The engine owns Conns, media loops own Batches.
//
// It is not a mux and knows no ICE, RTP session or key: a Batch takes packets
// that are encrypted already. Where there is no Linux or no kernel socket (the
// virtual network of tests), the same methods send packet by packet.
package udp
