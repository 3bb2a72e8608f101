/**
 * When a connection that carries no media is to be mended, and how.
 *
 * @module
 */

const patience = { new: 20_000, connecting: 20_000, disconnected: 3_000, failed: 0, closed: Infinity };
const between = 8_000;
const restarts = 3;

/**
 * Recovery watches one PeerConnection. Trouble that does not pass by itself is
 * answered by an ICE restart, and after three of them by a new connection.
 * It reads no clock: now is an argument, in milliseconds.
 */
export class Recovery {
  #due = Infinity;
  #last = -Infinity;
  #count = 0;

  /** When due has to be asked; Infinity while all is well. */
  get next() {
    return this.#due;
  }

  /** Whether media is known to be stuck, not only for a moment. */
  get troubled() {
    return this.#count > 0;
  }

  /**
   * @param {Exclude<RTCPeerConnectionState, 'connected'>|'connected'} state
   * @param {number} now
   */
  observe(state, now) {
    if (state === 'connected') {
      this.#due = Infinity;
      this.#count = 0;
      return;
    }
    this.#due = Math.min(this.#due, Math.max(now + patience[state], this.#last + between));
  }

  /**
   * What to do now.
   * @param {number} now
   * @returns {'restart'|'rebuild'|null}
   */
  due(now) {
    if (now < this.#due) return null;
    if (this.#count === restarts) return 'rebuild';
    this.#count++;
    this.#last = now;
    this.#due = now + between;
    return 'restart';
  }
}
