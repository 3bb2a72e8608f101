// Package dependency reads the Dependency Descriptor, the RTP header extension
// by which an encoder tells a relay that cannot look into its frames what they
// are good for (RTP Payload Format For AV1, appendix A), and writes it anew
// with the numbers of one subscriber. It decides nothing: which frames somebody
// gets is the forwarder's. A Parser belongs to whoever owns the encoding.
package dependency
