import { backoff } from './backoff.js';
import { decode, encode, subprotocol } from './protocol.js';

/** @import { ClientMessage, ServerMessage } from './protocol.js' */

// A socket that neither opens nor fails within this time is given up.
const openTimeout = 10_000;

/**
 * @typedef {Object} LinkHooks
 * @property {() => void} opened the socket is there: introduce yourself
 * @property {(message: ServerMessage) => void} received
 * @property {(reason: string) => void} lost the socket is gone, another one is on
 *   its way; reason is the server's, '' when the network took it
 */

/**
 * Link is the way to the server: one WebSocket at a time, and another one when
 * it is lost. It does not know what the messages mean.
 */
export class Link {
  #url;
  #hooks;
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #attempt = 0;
  #closed = false;

  /**
   * @param {string} url
   * @param {LinkHooks} hooks
   */
  constructor(url, hooks) {
    this.#url = url;
    this.#hooks = hooks;
  }

  /** Opens a socket now, unless there is one already. */
  open() {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url, subprotocol);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.drop(), openTimeout);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#hooks.opened();
    };
    socket.onmessage = (event) => {
      const message = decode(event.data);
      if (message) this.#hooks.received(message);
    };
    // An error is always followed by a close.
    socket.onclose = ({ reason }) => this.#forget(reason);
  }

  /** The server has let us in: the next loss starts again with a short wait. */
  settled() {
    this.#attempt = 0;
  }

  /**
   * Sends a message if there is an open socket. What is lost with a socket is
   * said again after the next one opened; nothing is kept here.
   * @param {ClientMessage} message
   */
  send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(encode(message));
  }

  /** Gives up this socket, which may be dead without knowing it, for another. */
  drop() {
    if (!this.#socket) return;
    this.#socket.close();
    this.#forget('');
  }

  /** Says a last word and ends for good. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.send({ type: 'leave' });
    this.#socket?.close(1000);
    this.#silence();
  }

  /** @param {string} reason */
  #forget(reason) {
    this.#silence();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), backoff(this.#attempt++));
    this.#hooks.lost(reason);
  }

  // What an old socket still has to say is not for us.
  #silence() {
    if (this.#socket) this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket = null;
  }
}

/** `/ws` of the server that this page came from. */
export function defaultURL() {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}
