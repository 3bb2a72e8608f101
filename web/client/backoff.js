/**
 * How long to wait before the next attempt to reach the server.
 *
 * @module
 */

const first = 300;
const longest = 5000;

/**
 * Doubles from 0.3 s to 5 s. Up to a quarter is taken off at random, so that
 * the clients of a restarted server do not all knock at once.
 * @param {number} attempt from 0
 * @param {number} [random] from 0 to 1
 * @returns {number} milliseconds
 */
export function backoff(attempt, random = Math.random()) {
  const delay = Math.min(longest, first * 2 ** Math.min(attempt, 10));
  return Math.round(delay * (1 - random / 4));
}

/** A bound on how often something may be tried within a time. */
export class Budget {
  #limit;
  #window;
  /** @type {number[]} */
  #spent = [];

  /**
   * @param {number} limit
   * @param {number} window milliseconds
   */
  constructor(limit, window) {
    this.#limit = limit;
    this.#window = window;
  }

  /**
   * Reports whether one more is allowed at now, and takes it if so.
   * @param {number} now
   */
  take(now) {
    this.#spent = this.#spent.filter((t) => now - t < this.#window);
    if (this.#spent.length >= this.#limit) return false;
    this.#spent.push(now);
    return true;
  }
}
