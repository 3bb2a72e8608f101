/**
 * How a track is encoded: bit rate by size, and what to give up when the
 * network or the processor cannot keep up.
 *
 * @module
 */

/** @import { Source } from './protocol.js' */

/**
 * What a caller may choose for a track that it publishes.
 * @typedef {Object} PublishOptions
 * @property {string} [codec] a MIME type to prefer, `video/VP8` by default
 * @property {number} [maxBitrate] bits a second
 * @property {number} [maxFramerate]
 */

const hd = { pixels: 1280 * 720, bitrate: 1_700_000 };
const lowest = 150_000;
const highest = 4_000_000;

/**
 * The bit rate that a picture of this size is worth. A picture with twice the
 * pixels needs less than twice the bits: 1.7 Mbit/s at 720p are 0.6 at 360p.
 * @param {number} width
 * @param {number} height
 * @returns {number} bits a second
 */
export function bitrate(width, height) {
  const wanted = hd.bitrate * ((width * height) / hd.pixels) ** 0.75;
  return Math.round(Math.min(highest, Math.max(lowest, wanted)));
}

/**
 * The one encoding of a track.
 * @param {Source} source
 * @param {MediaStreamTrack|null} track
 * @param {PublishOptions} options
 * @returns {RTCRtpEncodingParameters}
 */
export function encoding(source, track, options) {
  /** @type {RTCRtpEncodingParameters} */
  const out = {};
  if (source === 'camera' || source === 'screen') {
    const { width = 1280, height = 720 } = track?.getSettings() ?? {};
    out.maxBitrate = options.maxBitrate ?? bitrate(width, height);
  } else if (options.maxBitrate) {
    out.maxBitrate = options.maxBitrate;
  }
  if (options.maxFramerate) out.maxFramerate = options.maxFramerate;
  return out;
}

/**
 * What suffers first when there is too little of everything: text must stay
 * readable, a face must keep moving.
 * @param {Source} source
 * @returns {RTCDegradationPreference}
 */
export function degradation(source) {
  return source === 'screen' ? 'maintain-resolution' : 'maintain-framerate';
}

/**
 * Puts the preferred codec first and leaves the rest (retransmission among
 * them) as the browser has it.
 * @template {{mimeType: string}} C
 * @param {C[]} codecs
 * @param {string} mimeType
 * @returns {C[]}
 */
export function prefer(codecs, mimeType) {
  const wanted = mimeType.toLowerCase();
  const first = codecs.filter((c) => c.mimeType.toLowerCase() === wanted);
  return [...first, ...codecs.filter((c) => !first.includes(c))];
}
