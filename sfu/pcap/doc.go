// Package pcap writes packets down as tcpdump and Wireshark read them: the
// classic format of libpcap, with times in nanoseconds. It knows UDP over IPv4
// and nothing of where packets come from; who records owns the bytes.
package pcap
