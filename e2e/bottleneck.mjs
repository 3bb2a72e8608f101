// A UDP path to the server with a narrow place in it, and a queue before that:
// a link that others use too, or a room far from the Wi-Fi.
//
// It runs in a thread of its own: what keeps a test busy for a moment is not to
// look like a path that stands still.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Each way, with nothing in the queue. */
const delay = 20; // ms
/** What waits longer than this for the narrow place is lost. */
const longestQueue = 300; // ms

/**
 * One direction of the path.
 */
class Lane {
  /** Bits a second. */
  rate = Infinity;

  /** When the narrow place has let everything through. */
  #free = 0;
  /** @type {{due: number, packet: Buffer, deliver: (packet: Buffer) => void}[]} */
  #under = []; // way, first in first out
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {Buffer} packet
   * @param {(packet: Buffer) => void} deliver
   */
  take(packet, deliver) {
    const now = performance.now();
    const through = Math.max(now, this.#free) + (packet.length * 8000) / this.rate;
    if (through - now > longestQueue) return;
    this.#free = through;
    this.#under.push({ due: through + delay, packet, deliver });
    this.#timer ??= setTimeout(this.#arrive, delay);
  }

  #arrive = () => {
    const now = performance.now();
    for (; this.#under.length > 0 && this.#under[0].due <= now; this.#under.shift()) {
      const { packet, deliver } = this.#under[0];
      deliver(packet);
    }
    this.#timer = this.#under.length > 0 ? setTimeout(this.#arrive, this.#under[0].due - now) : undefined;
  };
}

/**
 * Sends a page's media to a port of this machine, whatever the server says;
 * runs in the page. The server does not find a way around: Chromium tells it
 * only names that it does not look up.
 * @param {number} port
 */
function detour(port) {
  /** @type {(description: RTCSessionDescriptionInit) => Promise<void>} */
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  const local = (/** @type {string} */ line) => (line.includes(' 127.0.0.1 ') ? line.replace(/ 127\.0\.0\.1 \d+ /, ` 127.0.0.1 ${port} `) : '');
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp = '' }) {
    return apply.call(this, { type, sdp: sdp.replace(/^a=candidate:.*\r\n/gm, local) });
  };
}

/**
 * The path itself: from a port of its own to the server's, and back.
 * @param {number} to
 * @param {import('node:worker_threads').MessagePort} test which hears the port, and says how many bits a second come down
 */
function relay(to, test) {
  const [down, up] = [new Lane(), new Lane()];
  /** By the browser's port: where the server sends what is for it. */
  /** @type {Map<number, import('node:dgram').Socket>} */
  const clients = new Map();
  const near = createSocket('udp4');
  const client = (/** @type {number} */ port) => {
    const far = createSocket('udp4');
    far.on('message', (packet) => down.take(packet, (packet) => near.send(packet, port, '127.0.0.1')));
    clients.set(port, far);
    return far;
  };
  near.on('message', (packet, { port }) => {
    const far = clients.get(port) ?? client(port);
    up.take(packet, (packet) => far.send(packet, to, '127.0.0.1'));
  });
  near.bind(0, '127.0.0.1', () => test.postMessage(near.address().port));
  test.on('message', (rate) => (down.rate = rate));
}

if (!isMainThread && parentPort) relay(workerData, parentPort);

/**
 * Opens the path; as wide as anything until somebody narrows it.
 * @param {number} to the server's UDP port
 */
export async function bottleneck(to) {
  const thread = new Worker(new URL(import.meta.url), { workerData: to });
  const [port] = await once(thread, 'message');
  return {
    /** For whose media takes this path, to run before the page. */
    script: `(${detour})(${port});`,
    /** Lets so many bits a second through to the browser. */
    narrow: (/** @type {number} */ rate) => thread.postMessage(rate),
    close: () => thread.terminate(),
  };
}
