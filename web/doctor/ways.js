/**
 * The ways from this browser to the server, and what to do when one is closed.
 * Nothing here touches the page.
 *
 * @module
 */

/**
 * @typedef {Object} Way
 * @property {string} name
 * @property {string} title
 * @property {'udp'|'tcp'} [only] candidates of the server that are tried
 * @property {RTCIceServer} [relay] the one way to go
 * @property {string} advice when it does not work
 */

/** @type {Way[]} */
export const straight = [
  { name: 'udp', title: 'Straight, over UDP', only: 'udp', advice: 'Your network, or the server’s firewall, lets no UDP through. Calls work over TCP too, but less smoothly on a bad line.' },
  { name: 'tcp', title: 'Straight, over TCP', only: 'tcp', advice: 'A firewall or proxy on the way does not let this connection pass.' },
];

/**
 * The relays that the server told us of, a way each.
 * @param {RTCIceServer[]} servers
 * @returns {Way[]}
 */
export function relays(servers) {
  const ways = [];
  for (const server of servers) {
    for (const url of [server.urls].flat()) {
      if (!/^turns?:/.test(url)) continue;
      const tls = url.startsWith('turns:');
      const kind = tls ? 'TLS' : url.endsWith('transport=tcp') ? 'TCP' : 'UDP';
      ways.push({
        name: `turn-${kind.toLowerCase()}`,
        title: `By the relay, over ${kind}`,
        relay: { ...server, urls: url },
        advice: tls ? 'Even what looks like ordinary https is stopped: a proxy on the way opens it, or the certificate does not fit.' : 'This way to the relay is closed on your network.',
      });
    }
  }
  return ways;
}

/**
 * A description with candidates of one protocol alone (RFC 8839, 5.1).
 * @param {string} sdp
 * @param {string} protocol
 */
export function keep(sdp, protocol) {
  const other = (/** @type {string} */ line) => line.startsWith('a=candidate:') && line.split(' ')[2]?.toLowerCase() !== protocol;
  return sdp.split('\r\n').filter((line) => !other(line)).join('\r\n');
}

/**
 * Whether a description has candidates.
 * @param {string} sdp
 */
export function reachable(sdp) {
  return /^a=candidate:/m.test(sdp);
}

/**
 * What all of it means.
 * @param {Map<string, 'ok'|'failed'|'none'>} outcomes by the ways' names
 */
export function verdict(outcomes) {
  const works = [...outcomes].filter(([, outcome]) => outcome === 'ok').map(([name]) => name);
  if (works.includes('udp')) return 'All is well: calls take the best way there is.';
  if (works.includes('tcp')) return 'Calls work, over TCP. On a bad line they would be smoother over UDP: ask for UDP to be let through to this server.';
  if (works.length > 0) return 'Calls work, by the relay. Ask for UDP to be let through to this server to make them smoother.';
  return 'No way to the server is open. Try another network, or ask who runs the server to look at “sfu doctor” there.';
}
