/**
 * Why something did not work, and what a client does about it.
 *
 * @module
 */

/** A refusal by the server, or a failure on the way to it. */
export class RoomError extends Error {
  /**
   * @param {string} code one of the protocol's codes, or `unreachable` when
   *   there was nobody to answer
   * @param {string} [message]
   */
  constructor(code, message = '') {
    super(message || code);
    this.name = 'RoomError';
    this.code = code;
  }
}

/** @typedef {'rebuild'|'retry'|'end'} Remedy */

/** @type {Map<string, Remedy>} */
const remedies = new Map([
  ['not_found', 'rebuild'], // the resume time is over
  ['negotiation_failed', 'rebuild'],
  ['no_media', 'rebuild'],
  ['internal', 'rebuild'],
  ['slow_consumer', 'retry'],
  ['rate_limited', 'retry'],
  ['draining', 'retry'],
  ['bad_message', 'end'],
  ['unexpected', 'end'],
  ['too_large', 'end'],
  ['unauthorized', 'end'],
  ['forbidden', 'end'],
  ['room_full', 'end'],
  ['room_locked', 'end'],
  ['unsupported', 'end'],
  ['removed', 'end'],
  ['replaced', 'end'],
]);

/**
 * What a fatal error of the server means for a session that was working:
 * `rebuild` (join anew, with a new PeerConnection), `retry` (the participant is
 * still there: come back to it) or `end`.
 * @param {string} code
 * @returns {Remedy}
 */
export function remedy(code) {
  return remedies.get(code) ?? 'end';
}

/**
 * Whether a word is one of the server's codes: a socket may also be closed by
 * something between us, with a reason of its own.
 * @param {string} word
 */
export function isCode(word) {
  return remedies.has(word);
}
