/**
 * How a track is encoded: in how many sizes at once, with what bit rates, and
 * what to give up when the network or the processor cannot keep up.
 *
 * @module
 */

/** @import { Source } from './protocol.js' */

/**
 * What a caller may choose for a track that it publishes.
 * @typedef {Object} PublishOptions
 * @property {string} [codec] `video/VP8` (the default), `video/VP9`, `video/AV1` or `video/H264`
 * @property {boolean} [simulcast] several sizes at once; of a camera, true by default
 * @property {string} [scalabilityMode] such as `L3T3_KEY`: layers within one encoding
 *   (VP9 and AV1) in place of simulcast
 * @property {boolean} [red] each packet of a microphone carries the one before once more; true by default
 * @property {number} [maxBitrate] bits a second, of the largest size
 * @property {number} [maxFramerate]
 */

/** @typedef {{width: number, height: number}} Size */

/** A quarter, half and full, low to high; a section without simulcast has none. */
export const rids = ['q', 'h', 'f'];

const hd = { pixels: 1280 * 720, bitrate: 1_700_000 };
const lowest = 150_000;
const highest = 4_000_000;
const screenRate = 15; // frames a second; text wants its bits for sharp edges

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
 * In how many sizes a picture can be sent. Chromium is silent on the highest
 * ones of a small picture, full size first, and says nothing about it: so they
 * are not offered.
 * @param {Size} size
 */
export function sizes({ width, height }) {
  const pixels = width * height;
  if (pixels >= 960 * 540) return 3;
  return pixels >= 480 * 270 ? 2 : 1;
}

/**
 * The encodings of a new section.
 * @param {Source} source
 * @param {MediaStreamTrack|null} track
 * @param {PublishOptions} options
 * @param {() => boolean} scalable whether the browser knows scalability modes
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodings(source, track, options, scalable) {
  const count = simulcast(source, options, scalable) ? sizes(sizeOf(track)) : 1;
  const scalabilityMode = mode(source, options);
  return settings(source, track, count, options).map((each, i) => ({
    ...(count > 1 && { rid: rids[i] }),
    ...each,
    ...(scalabilityMode && { scalabilityMode }),
  }));
}

/**
 * What a section's encodings, low to high, are set to for a track. Their number
 * is fixed when the section is made, the track is not: of a larger one the
 * highest encoding is still the whole picture and the lowest a small one, of a
 * smaller one the highest are inactive.
 * @param {Source} source
 * @param {MediaStreamTrack|null} track
 * @param {number} count of encodings
 * @param {PublishOptions} options
 * @returns {RTCRtpEncodingParameters[]}
 */
export function settings(source, track, count, options) {
  if (!isVideo(source)) return Array.from({ length: count }, () => ({ active: true, ...limits(options) }));
  const size = sizeOf(track);
  const full = bitrate(size.width, size.height);
  const steps = count > 1 ? sizes(size) : 1;
  const maxFramerate = options.maxFramerate ?? (source === 'screen' ? screenRate : undefined);
  return Array.from({ length: count }, (_, i) => {
    const step = i === count - 1 ? Math.max(i, steps - 1) : i;
    const scale = 2 ** Math.max(0, steps - 1 - step);
    const rate = bitrate(size.width / scale, size.height / scale);
    return {
      active: step < steps,
      scaleResolutionDownBy: scale,
      maxBitrate: options.maxBitrate ? Math.round((options.maxBitrate * rate) / full) : rate,
      ...(maxFramerate && { maxFramerate }),
    };
  });
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
 * A screen is not worth a second encoder: whoever has no room for it wants it
 * slower, not smaller, and its temporal layers give that.
 * @param {Source} source
 * @param {PublishOptions} options
 * @param {() => boolean} scalable
 */
function simulcast(source, options, scalable) {
  if (source !== 'camera' || options.simulcast === false || options.scalabilityMode) return false;
  // Without a mode of their own, several encodings of these are taken for
  // spatial layers of one (Chromium), or are not sent at all (Firefox).
  const needsMode = /^video\/(vp9|av1)$/i.test(options.codec ?? '');
  return !needsMode || scalable();
}

/**
 * Three temporal layers cost little and let the server halve the frames for
 * those with little room. Not for H264: its packets do not tell their layer,
 * and few hardware encoders have any.
 * @param {Source} source
 * @param {PublishOptions} options
 */
function mode(source, options) {
  if (!isVideo(source)) return undefined;
  if (options.scalabilityMode) return options.scalabilityMode;
  return /^video\/h264$/i.test(options.codec ?? '') ? undefined : 'L1T3';
}

/** @param {PublishOptions} options */
function limits({ maxBitrate, maxFramerate }) {
  return { ...(maxBitrate && { maxBitrate }), ...(maxFramerate && { maxFramerate }) };
}

/** @param {Source} source */
function isVideo(source) {
  return source === 'camera' || source === 'screen';
}

/**
 * @param {MediaStreamTrack|null} track
 * @returns {Size}
 */
function sizeOf(track) {
  const { width = 1280, height = 720 } = track?.getSettings() ?? {};
  return { width, height };
}
