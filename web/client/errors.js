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

/**
 * What a fatal error of the server means for a session that was working:
 * `rebuild` (join anew, with a new PeerConnection), `retry` (the participant is
 * still there: come back to it) or `end`.
 * @param {string} code
 * @returns {'rebuild'|'retry'|'end'}
 */
export function remedy(code) {
  switch (code) {
    case 'not_found': // the resume time is over
    case 'negotiation_failed':
    case 'internal':
      return 'rebuild';
    case 'slow_consumer':
    case 'rate_limited':
    case 'draining':
      return 'retry';
    default:
      return 'end';
  }
}
