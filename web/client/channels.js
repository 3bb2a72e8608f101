/**
 * How data channels are addressed. The server relays every channel that a
 * participant opens to all others, with the same label and reliability; the
 * channel's `protocol` says to whom it goes and from whom it comes.
 *
 * @module
 */

/**
 * @typedef {Object} ChannelOptions
 * @property {boolean} [ordered] true by default
 * @property {number} [maxRetransmits] reliable by default
 * @property {number} [maxPacketLifeTime] milliseconds
 * @property {string} [to] the id of the only participant who gets it
 */

/**
 * @param {RTCPeerConnection} pc
 * @param {string} label
 * @param {ChannelOptions} [options]
 * @returns {RTCDataChannel}
 */
export function openChannel(pc, label, { to, ...init } = {}) {
  const channel = pc.createDataChannel(label, { ...init, protocol: to ? `to=${to}` : '' });
  channel.binaryType = 'arraybuffer';
  return channel;
}

/**
 * The participant who opened a channel that came from the server.
 * @param {string} protocol
 * @returns {string} an id, or '' when it names nobody
 */
export function senderOf(protocol) {
  return protocol.startsWith('from=') ? protocol.slice('from='.length) : '';
}
