import { look } from './stats.js';

/** @import { Look } from './stats.js' */

// Often enough to see a picture stand still, and seldom enough to cost nothing.
const period = 1000;

/**
 * Observer looks at a room's connection once a second, while somebody wants to
 * know. A look comes with the one before it on the same connection.
 */
export class Observer {
  #room;
  #looked;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;
  /** @type {RTCPeerConnection|null} */
  #pc = null;
  /** @type {Look|null} */
  #before = null;
  #busy = false;

  /**
   * @param {{pc: RTCPeerConnection|null}} room
   * @param {(before: Look, now: Look) => void} looked
   */
  constructor(room, looked) {
    this.#room = room;
    this.#looked = looked;
  }

  /** @param {boolean} on */
  run(on) {
    if (on === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#look(), period) : undefined;
    this.#pc = this.#before = null;
  }

  async #look() {
    const { pc } = this.#room;
    if (!pc || this.#busy) return;
    this.#busy = true;
    const report = await pc.getStats().catch(() => null);
    this.#busy = false;
    if (!report || this.#timer === undefined || pc !== this.#room.pc) return;
    const before = pc === this.#pc ? this.#before : null;
    const now = look(report);
    this.#pc = pc;
    this.#before = now;
    if (before) this.#looked(before, now);
  }
}
