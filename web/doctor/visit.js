import { subprotocol } from '../client/protocol.js';
import { keep, reachable } from './ways.js';

/** @import { Way } from './ways.js' */
/** @import { ServerMessage } from '../client/protocol.js' */

const patience = 10_000;

/** How a way turned out: `none` when the server does not offer it. */
/** @typedef {{outcome: 'ok'|'failed'|'none', took: number, servers: RTCIceServer[]}} Visit */

/**
 * Joins a room of its own by one way alone, and leaves when it is there.
 * @param {Way} way
 * @param {string} url of the WebSocket
 * @returns {Promise<Visit>} rejects when the server does not answer at all
 */
export async function visit(way, url) {
  const began = performance.now();
  const socket = new WebSocket(url, subprotocol);
  /** @type {RTCPeerConnection|null} */
  let pc = null;
  /** @type {RTCIceServer[]} */
  let servers = [];
  const send = (/** @type {object} */ message) => socket.send(JSON.stringify(message));
  try {
    const outcome = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => (pc ? resolve('failed') : reject(new Error('no answer'))), patience);
      const settle = (/** @type {unknown} */ value) => {
        clearTimeout(timer);
        resolve(value);
      };
      socket.onclose = socket.onerror = () => {
        clearTimeout(timer);
        reject(new Error('the server does not answer'));
      };
      socket.onopen = () => send({ type: 'join_room', room: `doctor-${crypto.randomUUID()}`, name: 'doctor' });
      socket.onmessage = async ({ data }) => {
        /** @type {ServerMessage} */
        const message = JSON.parse(data);
        if (message.type === 'welcome') {
          servers = message.ice_servers ?? [];
          const fresh = servers.find((s) => [s.urls].flat().includes(String(way.relay?.urls)));
          const relay = way.relay && { ...way.relay, username: fresh?.username, credential: fresh?.credential };
          pc = new RTCPeerConnection(relay ? { iceServers: [relay], iceTransportPolicy: 'relay' } : {});
          pc.createDataChannel('', { negotiated: true, id: 1000 });
          pc.onicecandidate = ({ candidate }) => {
            if (candidate?.candidate && (!way.only || candidate.protocol === way.only)) send({ type: 'ice', candidate });
          };
          pc.onconnectionstatechange = () => {
            if (pc?.connectionState === 'connected') settle('ok');
            if (pc?.connectionState === 'failed') settle('failed');
          };
          await pc.setLocalDescription();
          send({ type: 'offer', id: 1, sdp: pc.localDescription?.sdp ?? '', tracks: [] });
        } else if (message.type === 'answer') {
          const sdp = way.only ? keep(message.sdp, way.only) : message.sdp;
          if (!reachable(sdp)) return settle('none');
          await pc?.setRemoteDescription({ type: 'answer', sdp });
        }
      };
    });
    return { outcome: /** @type {Visit['outcome']} */ (outcome), took: performance.now() - began, servers };
  } finally {
    socket.onclose = socket.onerror = null;
    if (socket.readyState === WebSocket.OPEN) send({ type: 'leave' });
    socket.close();
    /** @type {RTCPeerConnection|null} */ (pc)?.close();
  }
}
