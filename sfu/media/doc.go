// Package media holds the words that every other package of the relay speaks:
// kinds, sources, codecs, identities, the packet and the reasons why a packet
// was not forwarded. It has no behaviour beyond naming and recycling packets,
// and it imports nothing of the house.
package media
