/**
 * How connections are told of: not at all while they are good, and in a few
 * calm words when they are not.
 *
 * @module
 */

/** @import { Quality } from '../client/protocol.js' */

/** @typedef {'good'|'weak'|'bad'} Connection */

/**
 * @param {number} score from 1 to 5
 * @returns {Connection}
 */
export function connectionOf(score) {
  if (score >= 4) return 'good';
  return score === 3 ? 'weak' : 'bad';
}

/**
 * What a weak connection is called.
 * @param {Connection} connection
 * @param {string} name of whose it is, '' for oneself
 */
export function weakness(connection, name) {
  const whose = name ? `${name}’s` : 'Your';
  return `${whose} connection is ${connection === 'bad' ? 'very weak' : 'weak'}`;
}

/**
 * What one notices of one's own weak connection. The worst comes first: late is
 * better than broken up, and small is better than late.
 * @param {Quality} quality
 */
export function weaknessFelt({ loss = 0, rtt = 0 }) {
  if (loss >= 0.05) return 'Your connection is losing data. Sound and pictures may break up for now.';
  if (rtt >= 400) return 'Your connection is slow to answer. Others hear you late for now.';
  return 'Your connection is slow. Pictures are smaller or paused for now.';
}

/**
 * The figures of a connection, as people read them.
 * @param {Quality} quality
 */
export function figures({ score, bitrate = 0, loss = 0, rtt = 0 }) {
  const known = (/** @type {number} */ n, /** @type {string} */ text) => (n > 0 ? text : 'Not known yet');
  return {
    state: { good: 'Good', weak: 'Weak', bad: 'Very weak' }[connectionOf(score)],
    carries: known(bitrate, bitRate(bitrate)),
    lost: `${Math.round(loss * 1000) / 10}%`,
    trip: known(rtt, `${Math.round(rtt)} ms`),
  };
}

/** @param {number} bits a second */
export function bitRate(bits) {
  if (bits < 999_500) return `${Math.round(bits / 1000)} kbit/s`;
  return `${(bits / 1e6).toFixed(1)} Mbit/s`;
}

// A connection that is good for less than this is still the weak one of before.
const mended = 60_000;

/**
 * Patience says once that one's connection is weak, and then leaves one alone
 * until it was good for a while.
 */
export class Patience {
  #said = false;
  #goodSince = 0;

  /**
   * @param {Connection} connection
   * @param {number} now milliseconds
   * @returns {boolean} whether to say it now
   */
  hear(connection, now) {
    if (connection === 'good') {
      this.#goodSince ||= now;
      return false;
    }
    const again = this.#goodSince > 0 && now - this.#goodSince >= mended;
    const say = !this.#said || again;
    this.#said = true;
    this.#goodSince = 0;
    return say;
  }
}
