/**
 * What the page's address may ask for, for tests and experiments: see
 * ../README.md.
 *
 * @module
 */

/** @import { PublishOptions } from '../client/encodings.js' */

const codecs = new Map(['VP8', 'VP9', 'AV1', 'H264'].map((name) => [name.toLowerCase(), `video/${name}`]));
const modes = /^L[1-3]T[1-3](h|_KEY|_KEY_SHIFT)?$/; // W3C WebRTC-SVC, table 1

/**
 * How each source is sent.
 * @param {URL} url
 * @returns {{camera: PublishOptions, screen: PublishOptions, microphone: PublishOptions}}
 */
export function experiments({ searchParams: asked }) {
  const svc = modes.exec(asked.get('svc') ?? '')?.[0];
  // VP8 has no spatial layers.
  const codec = codecs.get(asked.get('codec')?.toLowerCase() ?? '') ?? (svc && 'video/VP9');
  /** @type {PublishOptions} */
  const video = codec ? { codec } : {};
  const sizes = asked.get('simulcast') === '0' ? { simulcast: false } : {};
  return {
    camera: { ...video, ...sizes, ...(svc && { scalabilityMode: svc }) },
    screen: video,
    microphone: asked.get('red') === '0' ? { red: false } : {},
  };
}
